"""A scout runs part of a batch, where nothing else tells, and once."""

import torch
from torch import nn

from kstar_gpu import activations


class Counts(nn.Module):
    """Notes the batches that it is given."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.sizes = []

    def forward(self, inputs):
        self.sizes.append(len(inputs))
        return self.inner(inputs)


def batches(inputs, size):
    labels = torch.arange(len(inputs)) % 2
    return [*zip(inputs.split(size), labels.split(size), strict=True)]


def test_what_is_clear_runs_once_per_batch():
    for inner, shape in (
        (nn.Conv2d(3, 6, 1), (12, 3, 4, 4)),
        (nn.Linear(4, 8), (12, 7, 4)),
        (nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), (12, 6, 4)),
        (nn.Linear(6, 6), (12, 6)),
    ):
        model = Counts(inner)
        activations(model, batches(torch.randn(*shape), 6), ["inner"])
        assert model.sizes == [6, 6]


def test_what_is_open_is_scouted_in_the_first_batch_alone():
    model = Counts(nn.Linear(4, 8))
    found = activations(model, batches(torch.randn(12, 6, 4), 6), ["inner"])
    assert model.sizes == [6, 3, 6, 6]
    assert found.features["inner"].shape == (12, 8)


def test_a_model_of_whole_batches_is_given_one():
    class Whole(nn.Linear):
        def forward(self, inputs):
            assert len(inputs) == 6
            return super().forward(inputs)

    inputs = torch.randn(12, 6, 4)
    model = Whole(4, 8)
    found = activations(model, batches(inputs, 6), [""]).features[""]
    with torch.no_grad():
        wanted = torch.cat([model(part) for part in inputs.split(6)]).mean(1)
    torch.testing.assert_close(found, wanted)


def test_hooks_are_gone_and_errors_of_the_model_are_its_own():
    class Breaks(nn.Linear):
        def forward(self, inputs):
            if len(inputs) < 6:
                raise KeyError("smaller")
            return super().forward(inputs)

    model = Breaks(4, 8)
    activations(model, batches(torch.randn(12, 6, 4), 6), [""])
    assert not model._forward_hooks


def test_a_model_that_works_in_place_on_its_inputs_gets_them_as_they_were():
    class Shifts(nn.Module):
        def forward(self, tokens):
            return tokens.add_(1)

    inputs = torch.randn(6, 6, 4)
    found = activations(Shifts(), batches(inputs.clone(), 6), [""]).features[""]
    torch.testing.assert_close(found, (inputs + 1).mean(1))
