"""What a network computes changes its fingerprint; how and where it runs does not."""

import copy
import io
import sys
from functools import partial

import pytest
import torch
import torch.distributed.fsdp
from helpers.kinds_of_networks import (
    Held,
    Packaged,
    Scripted,
    ScriptedOtherwise,
    Told,
    Tuned,
    doubled,
    gaining,
    halved,
    hooked,
    last_bit,
    overridden,
    parametrized,
    plain,
    quantized,
    scripted,
    traced,
    variants_of_forward,
)
from helpers.own_networks import Scaled, seeded, twice
from helpers.sharded import with_sharded_parameters
from torch import nn
from torch.nn.utils import parametrizations

from kstar_gpu.networks.fingerprints import attributes_of, model_fingerprint, unwrapped


def of(model):
    return model_fingerprint(model).sha256


DIFFERENT = {
    "a class": (lambda: seeded(plain), lambda: seeded(plain, nn.Tanh)),
    "extra_repr": (lambda: seeded(plain), lambda: seeded(plain, eps=1e-3)),
    "extra_repr alone": (Told, partial(Told, power=2)),
    "order": (
        lambda: nn.Sequential(nn.ReLU(), nn.Tanh()),
        lambda: nn.Sequential(nn.Tanh(), nn.ReLU()),
    ),
    "names": (
        lambda: nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()}),
        lambda: nn.ModuleDict({"a": nn.ReLU(), "c": nn.Tanh()}),
    ),
    "nesting": (
        lambda: nn.Sequential(nn.Sequential(nn.ReLU(), nn.Tanh()), nn.ReLU()),
        lambda: nn.Sequential(nn.Sequential(nn.ReLU()), nn.Tanh(), nn.ReLU()),
    ),
    "a parameter": (lambda: seeded(nn.Linear, 3, 2), lambda: nn.Linear(3, 2)),
    "a type": (lambda: seeded(plain), lambda: seeded(plain).double()),
    "a buffer": (Held, partial(Held, buffer=2.0)),
    "what is not registered": (Held, partial(Held, module=nn.Tanh())),
    "extra state": (Held, partial(Held, state="b")),
    "a number": (lambda: seeded(), lambda: seeded(scale=3.0)),
    "the last bit of a number": (lambda: seeded(), lambda: seeded(scale=last_bit(2.0))),
    "a list": (lambda: seeded(), lambda: seeded(steps=(2, 1, 0))),
    "a tuple of a package's": (Packaged, lambda: Packaged((2, 4))),
    "a function": (lambda: seeded(), lambda: seeded(activation=torch.relu)),
    "an own function": (lambda: seeded(activation=twice), lambda: seeded(activation=lambda x: x)),
    "a tensor": (lambda: seeded(), lambda: seeded(mean=torch.ones(2))),
    "a function of torch's layer": (
        lambda: seeded(nn.TransformerEncoderLayer, 4, 2, activation=torch.relu),
        lambda: seeded(nn.TransformerEncoderLayer, 4, 2, activation=torch.tanh),
    ),
    "a scripted function": (
        lambda: seeded(activation=torch.jit.script(doubled)),
        lambda: seeded(activation=torch.jit.script(halved)),
    ),
    "an operator": (
        lambda: seeded(activation=torch.ops.aten.relu),
        lambda: seeded(activation=torch.ops.aten.tanh),
    ),
    "a hook": (
        lambda: seeded(hooked, lambda module, args, output: output),
        lambda: seeded(hooked, lambda module, args, output: output * 2),
    ),
    "a parametrization": (
        lambda: seeded(parametrized, nn.Tanh),
        lambda: seeded(parametrized, nn.Sigmoid),
    ),
    "packed weights": (lambda: quantized(2), lambda: quantized(4)),
    "packed weights of an LSTM": (lambda: quantized(3), lambda: quantized(5)),
    "a forward pass of its own": (lambda: overridden(2), lambda: overridden(3)),
    "what that names": (lambda: gaining(2), lambda: gaining(3)),
    "an attribute of a script": (scripted, partial(scripted, scale=last_bit(2.0))),
    "a tensor of a script": (scripted, partial(scripted, number=2.0)),
    "a constant of a trace": (traced, partial(traced, scale=last_bit(2.0))),
    "a tensor of a trace": (traced, partial(traced, number=2.0)),
}


@pytest.mark.filterwarnings("ignore")  # quantize_dynamic is about to move
@pytest.mark.parametrize("case", DIFFERENT)
def test_another_network(case):
    one, other = DIFFERENT[case]
    if case != "a parameter":  # of which the second is another each time
        assert of(other()) == of(other())
    assert of(one()) == of(one())
    assert of(one()) != of(other())


@pytest.mark.filterwarnings("ignore")
def test_another_forward_pass_under_the_same_name():
    first, second = variants_of_forward()
    assert of(seeded(first)) == of(seeded(first))
    assert of(seeded(first)) != of(seeded(second))
    scripts = [torch.jit.script(seeded(cls)) for cls in (Scripted, ScriptedOtherwise)]
    assert of(scripts[0]) != of(scripts[1])
    graphs = [torch.fx.symbolic_trace(seeded(cls)) for cls in (Scripted, ScriptedOtherwise)]
    assert of(graphs[0]) != of(graphs[1])
    assert of(graphs[0]) == of(torch.fx.symbolic_trace(seeded(Scripted)))


def test_what_is_not_of_the_forward_pass_does_not_count(monkeypatch):
    network = seeded()
    wanted = of(network)
    monkeypatch.setattr(Scaled, "training_step", lambda self, batch: 0)
    network.history = [1.0, 2.0]  # kept while it was trained
    network._trained_by = "a trainer"
    network(torch.zeros(1, 3))  # which counts its calls
    assert network.calls == 1
    assert of(network) == wanted
    assert "calls" not in dict(attributes_of(network))


@pytest.mark.parametrize("factory", [plain, Scaled])
def test_how_and_where_a_network_runs_does_not_count(factory):
    network = seeded(factory)
    wanted = of(network)
    assert of(network.train()) == of(network.eval()) == wanted
    assert of(nn.DataParallel(network)) == wanted
    assert of(torch.compile(network)) == of(nn.DataParallel(torch.compile(network))) == wanted
    network.compile(backend="eager")
    network.requires_grad_(False)
    network(torch.zeros(2, 3))
    assert of(network) == wanted
    changed = seeded(factory)
    next(changed.parameters()).sum().backward()
    changed.forward = torch.compile(changed.forward)
    assert of(changed) == wanted
    assert of(copy.deepcopy(network)) == wanted
    file = io.BytesIO()
    torch.save(seeded(factory), file)
    file.seek(0)
    assert of(torch.load(file, weights_only=False)) == wanted
    nested = nn.Sequential(seeded(factory))
    compiled = nn.Sequential(torch.compile(seeded(factory)))
    assert of(nested) == of(compiled)
    assert unwrapped(compiled[0]) is not compiled[0]
    assert [module.training for module in changed.train().modules()] == [True] * len(
        [*changed.modules()]
    )


def test_a_network_is_known_as_it_is_evaluated():
    assert of(Tuned().train()) == of(Tuned().eval())
    assert "gain" in dict(attributes_of(Tuned()))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "normalized", [nn.utils.weight_norm, parametrizations.weight_norm, nn.utils.spectral_norm]
)
def test_weights_that_are_computed_anew_for_each_call(normalized):
    network = seeded(lambda: normalized(nn.Linear(3, 2))).eval()
    wanted = of(network)
    with torch.no_grad():
        network(torch.zeros(1, 3))
        if "weight" in vars(network):
            network.weight *= 1 + 2**-20  # as another machine computes it
    assert of(network) == wanted
    other = seeded(lambda: normalized(nn.Linear(3, 2))).eval()
    next(other.parameters()).data.mul_(2)
    assert of(other) != wanted


def test_traces_of_other_batches_are_the_same():
    assert of(traced(1)) == of(traced(2))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("factory", [plain, Scaled])
def test_a_network_that_was_moved(factory):
    network = seeded(factory)
    wanted = of(network)
    assert of(network.cuda()) == wanted


def test_whether_bytecode_is_part_of_it():
    assert model_fingerprint(seeded(plain)).code_of == "any"
    assert model_fingerprint(seeded()).code_of == sys.implementation.cache_tag


def test_modules_and_values_in_circles_have_an_end():
    network = seeded(plain)
    network.steps = [network]
    network[0].forward_of = network.forward
    assert of(network) == of(network)


def test_what_has_no_numbers_is_refused_by_name():
    network = nn.Sequential(nn.ReLU(), nn.LazyLinear(3))
    with pytest.raises(ValueError, match=r"model: '1\.weight' is not initialised yet"):
        of(network)
    network(torch.zeros(1, 2))
    of(network)
    with pytest.raises(ValueError, match=r"model: '0\.weight' is on the device 'meta'"):
        of(nn.Sequential(nn.Linear(2, 2, device="meta")))

    class FullyShardedDataParallel(nn.Module):  # as torch's is called
        pass

    with pytest.raises(ValueError, match="model: 'inner' is sharded by FullyShardedDataParallel"):
        of(nn.ModuleDict({"inner": FullyShardedDataParallel()}))


@pytest.mark.skipif(not hasattr(torch.distributed.fsdp, "fully_shard"), reason="before torch 2.6")
def test_parameters_in_several_processes(tmp_path):
    torch.multiprocessing.spawn(with_sharded_parameters, (str(tmp_path),), nprocs=2)
