"""What results depend on is asked of a model only where they are kept."""

import pytest
import torch
from helpers.kinds_of_networks import plain
from helpers.own_networks import seeded
from helpers.small_sweep import INPUTS, LABELS, loader, network, same
from torch import nn

from kstar_gpu import sweep
from kstar_gpu.networks.sweep_settings import check_options, check_what_is_kept, settings_of

RUNNING = {"pool": "auto", "dtype": None, "device": None, "amp": False}


def test_what_results_depend_on():
    found = settings_of(seeded(plain), RUNNING, {"metric": "cosine"})
    assert {**found, "model_sha256": ""} == {
        "bytecode": "any",
        "model_sha256": "",
        "pool": "auto",
        "inputs": None,
        "labels": None,
        "dtype": "None",
        "amp": False,
        "metric": "cosine",
        "skewness": "plain",
        "threshold": 0.5,
    }
    assert settings_of(seeded(plain), RUNNING, {})["model_sha256"] == found["model_sha256"]
    assert settings_of(seeded(), RUNNING, {})["bytecode"] != "any"
    assert settings_of(network(), {**RUNNING, "amp": True}, {})["amp"] == "torch.bfloat16"


def test_what_is_refused():
    with pytest.raises(ValueError, match="out: a directory is wanted where spill=True"):
        check_what_is_kept(None, True, "auto")
    with pytest.raises(ValueError, match="pool: a name is wanted where results are kept"):
        check_what_is_kept("somewhere", False, torch.relu)
    with pytest.raises(ValueError, match="pool: a name is wanted where results are kept"):
        check_what_is_kept("somewhere", False, {"0": torch.relu})
    with pytest.raises(ValueError, match="mask: None is wanted where results are kept"):
        check_what_is_kept("somewhere", False, "auto", torch.relu)
    with pytest.raises(TypeError, match="sweep: options are "):
        check_options({"metrics": "cosine"})


def test_names_of_what_is_kept_are_texts(tmp_path):
    assert len(sweep({1: network()}, {None: loader()}, ["0"])) == 1
    for models, loaders in (({1: network()}, loader()), (network(), {1: loader()})):
        with pytest.raises(TypeError, match=r"models, loaders: texts are wanted as names .* 1$"):
            sweep(models, loaders, ["0"], out=tmp_path)


@pytest.mark.parametrize(
    ("models", "loaders", "pool", "error", "message"),
    [
        (None, [], "auto", TypeError, r"models: a torch\.nn\.Module is wanted, got NoneType"),
        ({}, [], "auto", ValueError, "models: at least one is wanted, got none"),
        ({"a": network(), "b": 3}, [], "auto", TypeError, r"models\['b'\]: a torch\.nn"),
        (network(), None, "auto", TypeError, "loaders: an iterable of batches is wanted, got None"),
        (network(), {}, "auto", ValueError, "loaders: at least one is wanted, got none"),
        (network(), {"a": [], "b": 3}, "auto", TypeError, r"loaders\['b'\]: an iterable"),
        (network(), [], {"0.*": "mean"}, ValueError, r"pool: there is no layer '0\.\*'"),
        (network(), [], {"0": "median"}, ValueError, "or a function is wanted, got 'median'"),
    ],
)
def test_models_loaders_and_pools_that_are_none(models, loaders, pool, error, message):
    with pytest.raises(error, match=message):
        sweep(models, loaders, ["0"], pool=pool)


def test_a_pool_for_each_layer_goes_on_where_it_stopped(tmp_path):
    maps = torch.randn(60, 3, 4, 4)
    batches = [*zip(maps.split(16), LABELS.split(16), strict=True)]
    torch.manual_seed(0)
    models = {
        "maps": nn.Sequential(nn.Conv2d(3, 4, 1), nn.Flatten()),
        "rows": nn.Sequential(nn.Linear(4, 4), nn.Identity()),
    }
    pool = {"0": "channels_last", "?": "flatten"}
    first = sweep(models, batches, ["0"], out=tmp_path, pool=pool)
    both = sweep(models, batches, ["0", "1"], out=tmp_path, pool=pool)
    again = sweep(models, batches, ["0", "1"], pool=pool)
    for key, result in again.results.items():
        assert same(both[key], result)
        if key in first.results:
            assert same(first[key], result)
    for other in ("channels_last", {"0": "channels_last"}, {**pool, "0": "mean"}):
        with pytest.raises(ValueError, match="was made with pool"):
            sweep(models, batches, ["0", "1"], out=tmp_path, pool=other)


def test_entries_of_batches(tmp_path):
    batches = [{"x": x, "y": y, "other": y.flip(0)} for x, y in loader()]
    keys = {"inputs": "x", "labels": "y"}
    found = sweep(network(), batches, ["0"], out=tmp_path, **keys)
    wanted = sweep(network(), loader(), ["0"])
    assert same(found["Sequential", "data", "0"], wanted["Sequential", "data", "0"])
    with pytest.raises(ValueError, match="was made with labels 'y', now it is 'other'"):
        sweep(network(), batches, ["0"], out=tmp_path, inputs="x", labels="other")


class Marked(torch.Tensor):
    """A tensor with methods of its own."""


def sparse(scale=1.0):
    class Sparse(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter((torch.eye(5) * scale).to_sparse(), requires_grad=False)

        def forward(self, x):
            return torch.sparse.mm(self.weight, x.T).T

    return nn.Sequential(Sparse())


def held(tensor):
    class Holds(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("state", tensor)

        def forward(self, x):
            return x * 2

    return nn.Sequential(Holds())


STATES = {
    "sparse": sparse,
    "csr": lambda: held(torch.eye(3).to_sparse_csr()),
    "conjugate": lambda: held(torch.tensor([1 + 2j]).conj()),
    "negative": lambda: held(torch.tensor([1 + 2j]).conj().imag),
    "subclass": lambda: held(torch.ones(2).as_subclass(Marked)),
    "nested": lambda: held(torch.nested.nested_tensor([torch.ones(1), torch.ones(2)])),
    "quantized": lambda: held(torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)),
    "zero-dim": lambda: held(torch.tensor(1, dtype=torch.bfloat16)),
    "strided": lambda: held(torch.arange(6.0).reshape(2, 3).t()),
}


@pytest.mark.filterwarnings("ignore")  # of torch's: prototypes
@pytest.mark.parametrize("state", STATES)
def test_state_that_is_not_plain(state, tmp_path):
    key = ("Sequential", "data", "0")
    wanted = sweep(STATES[state](), loader(), ["0"])
    for _ in range(2):
        found = sweep(STATES[state](), loader(), ["0"], out=tmp_path)
        assert same(found[key], wanted[key])


def test_nothing_is_asked_of_a_model_whose_results_are_not_kept(tmp_path):
    lazy = held(torch.ones(2))
    lazy.append(nn.LazyLinear(2))
    with pytest.raises(ValueError, match=r"model: '1\.weight' is not initialised yet"):
        sweep(lazy, loader(), ["0"], out=tmp_path)
    assert len(sweep(lazy, loader(), ["0"])) == 1
    lost = held(torch.ones(2, device="meta"))
    with pytest.raises(ValueError, match=r"model: '0\.state' is on the device 'meta'.*out="):
        sweep(lost, loader(), ["0"], out=tmp_path / "lost")
    inputs = [(INPUTS.to_sparse_csr(), LABELS)]

    class Dense(nn.Module):
        def forward(self, x):
            return x.to_dense()

    assert len(sweep(Dense(), inputs, [""])) == 1
