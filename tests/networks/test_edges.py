"""Whatever models, loaders, layers and pools come: the right features, or an error naming one."""

import re
import warnings

import numpy as np
import pytest
import torch
from helpers.other_kernels import of_integers
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from kstar_gpu import activations, definition, sweep

ARGUMENT = r"(model|models|loader|loaders|layers|layer|pool)\b"
STEPS = 2  # of sequences, and sides of maps: their means are exact


class Recurrent(nn.Module):
    """A recurrent layer of integers, which takes batches or steps first."""

    def __init__(self, batch_first):
        super().__init__()
        self.inner = nn.RNN(3, 4, nonlinearity="relu", batch_first=batch_first)

    def forward(self, x):
        out = self.inner(x if self.inner.batch_first else x.transpose(0, 1))[0]
        return out if self.inner.batch_first else out.transpose(0, 1)


class ChannelsLast(nn.Module):
    """Channels come last within, as a linear layer beside it tells."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 4), nn.ReLU())

    def forward(self, x):
        return self.inner(x.permute(0, 2, 3, 1)).flatten(1)


# A model, the shape of a sample, the layer asked for, and what it gives, from all samples.
NETWORKS = {
    "vectors": (lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU()), (3,), "0", lambda m, x: m[0](x)),
    "maps": (
        lambda: nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU()),
        (3, STEPS, STEPS),
        "1",
        lambda m, x: m(x).mean((2, 3)),
    ),
    "channels last": (
        ChannelsLast,
        (3, STEPS, STEPS),
        "inner",
        lambda m, x: m.inner(x.permute(0, 2, 3, 1)).mean((1, 2)),
    ),
    "batches first": (lambda: Recurrent(True), (STEPS, 3), "inner", lambda m, x: m(x).mean(1)),
    "steps first": (lambda: Recurrent(False), (STEPS, 3), "inner", lambda m, x: m(x).mean(1)),
}
NO_LAYERS = [[], [0], "0", ["there.is.none"], ["", 3.5]]
NO_POOLS = ["bogus", 5, {"*": "bogus"}, {"inner": 3}, ["auto"]]
NO_MODELS = [None, 3, "resnet18", [nn.Linear(3, 3)]]


def no_loaders(x, y):
    """Loaders that are none, of these inputs and labels."""
    return [None, 3, [], [x], [(x, y[1:])], [(x, None)], [(x, y), "text"]]


@st.composite
def asked(draw):
    """Draw a model, a loader, layers and a pool; and the features, or None where one is none."""
    make, shape, layer, features = NETWORKS[draw(st.sampled_from([*NETWORKS]), "network")]
    torch.manual_seed(draw(st.integers(0, 99), "seed"))
    model = of_integers(make()).eval()
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3), "sizes of batches")
    x = torch.randint(-2, 3, (sum(sizes), *shape)).float()
    y = torch.arange(len(x)) % 2
    with torch.no_grad():
        right = features(model, x)
    batches = [[*pair] for pair in zip(x.split(sizes), y.split(sizes), strict=True)]
    given = {"model": model, "loader": batches, "layers": [layer], "pool": "auto"}
    wrong = draw(st.sampled_from([None, None, *given]), "what is none")
    if wrong is not None:
        none = {
            "model": NO_MODELS,
            "loader": no_loaders(x, y),
            "layers": NO_LAYERS,
            "pool": NO_POOLS,
        }[wrong]
        given[wrong] = draw(st.sampled_from(none), f"{wrong} that is none")
    return given, layer, right if wrong is None else None, y


@settings(max_examples=60, deadline=None)
@given(drawn=asked())
@pytest.mark.filterwarnings("ignore:.*")  # of torch's, about what is refused
def test_the_right_features_or_an_error_that_names_an_argument(drawn):
    given, layer, right, y = drawn
    try:
        found = activations(given["model"], given["loader"], given["layers"], pool=given["pool"])
    except (ValueError, TypeError) as error:
        assert right is None, error  # noqa: PT017  # a value would do as well
        assert re.match(ARGUMENT, str(error)), error  # noqa: PT017
    else:
        assert right is not None
        assert torch.equal(found.features[layer], right)
        assert torch.equal(found.labels, y)


@settings(max_examples=30, deadline=None)
@given(drawn=asked())
def test_a_sweep_gives_the_right_kstar_or_says_what_is_wrong(drawn):
    given, _, right, y = drawn
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what fails is in the errors, too
        try:
            found = sweep(given["model"], given["loader"], given["layers"], pool=given["pool"])
        except (ValueError, TypeError) as error:
            assert right is None, error  # noqa: PT017  # a value would do as well
            assert re.match(ARGUMENT, str(error)), error  # noqa: PT017
            return
    if right is None or len(y) < 2:
        assert not found.results
        assert found.errors
        return
    (result,) = found.results.values()
    np.testing.assert_array_equal(result.kstar, definition.kstar(right.double().numpy(), y.numpy()))
