"""Modules that run unseen: run as they were written, or named with what to do."""

import warnings

import pytest
import torch
from helpers.small_models import INPUTS, LABELS
from torch import nn

from kstar_gpu import LayerError, activations

BATCHES = [(INPUTS, LABELS)]


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Sequential(nn.Linear(4, 2)))


def compiled_whole(model):
    return torch.compile(model, backend="eager")


def compiled_in_place(model):
    model.compile(backend="eager")
    return model


def compiled_part(model):
    model[2] = torch.compile(model[2], backend="eager")
    return model


def compiled_forward(model):
    model.forward = torch.compile(model.forward, backend="eager")
    return model


@pytest.mark.skipif(not hasattr(torch.compiler, "set_stance"), reason="torch < 2.6 has no stances")
@pytest.mark.parametrize(
    "compiled", [compiled_whole, compiled_in_place, compiled_part, compiled_forward]
)
@pytest.mark.parametrize("ran", [False, True])
def test_compiled_modules_run_as_they_were_written(compiled, ran):
    wanted = activations(network(), BATCHES, ["0", "2.0"]).features
    model = compiled(network())
    if ran:
        with torch.no_grad():
            model.eval()(INPUTS)
    for _ in range(2):
        found = activations(model, BATCHES, ["0", "2.0"]).features
        assert all(torch.equal(found[name], wanted[name]) for name in wanted)


def test_traced_and_scripted_modules():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = [
            torch.jit.trace(network().eval(), INPUTS, check_trace=False),
            torch.jit.script(nn.Sequential(nn.ReLU(), nn.Tanh())),
        ]
    for model in made:
        with pytest.raises(LayerError, match=r"layer '0' is part of the model, which torch.jit"):
            activations(model, BATCHES, ["0"])
        with pytest.raises(LayerError, match=r"layer '' is the model, which torch.jit"):
            activations(model, BATCHES, [""])
        with pytest.raises(LayerError, match=r"layer '0\.0' is part of '0', which torch.jit"):
            activations(nn.Sequential(model), BATCHES, ["0.0"])


def test_exported_modules():
    model = torch.export.export(network().eval(), (INPUTS,)).module()
    with pytest.raises(ValueError, match=r"GraphModule of torch\.export: give the module"):
        activations(model, BATCHES, ["0"])


def test_graphs_that_do_not_call_a_module():
    model = torch.fx.symbolic_trace(network())
    assert [*activations(model, BATCHES, ["0"]).features] == ["0"]
    model.graph.eliminate_dead_code()
    model.add_submodule("unused", nn.Linear(3, 3))
    with pytest.raises(
        LayerError, match=r"'unused' is part of the model, a torch\.fx\.GraphModule"
    ):
        activations(model, BATCHES, ["unused"])


def test_weights_that_their_parent_uses_itself():
    class Mixes(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(3, 1)

        def forward(self, tokens):
            return self.attention(tokens, tokens, tokens)[0]

    with pytest.raises(LayerError, match=r"did not run.*'attention', a MultiheadAttention"):
        activations(Mixes(), BATCHES, ["attention.out_proj"])
