"""Weights in files: all of the model's and nothing else, from wherever a training loop put them."""

import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from kstar_gpu.networks.checkpoints import load_weights, other_classes, read_checkpoint


def network(seed=0, width=3):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width), nn.Linear(width, 2))


def load_checkpoint(model, path):
    load_weights(model, read_checkpoint(path), path)


STATE = network(1).state_dict()


def prefixed(*prefixes):
    return {".".join((*prefixes, name)): value for name, value in STATE.items()}


@pytest.mark.parametrize(
    "content",
    [
        STATE,
        {"state_dict": STATE, "epoch": 3},
        {"model": STATE, "optimizer": {"lr": 0.1}},
        {"model_state_dict": prefixed("module")},
        {"state_dict": prefixed("model"), "hyper_parameters": {"lr": 1}},
        prefixed("_orig_mod", "module"),
        {"state_dict": prefixed("net"), "pytorch-lightning_version": "2.6.4"},
    ],
)
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".bin"])
def test_where_the_weights_are(content, suffix, tmp_path):
    path = tmp_path / f"weights{suffix}"
    torch.save(content, path)
    model = network()
    load_checkpoint(model, path)
    for name, value in model.state_dict().items():
        assert torch.equal(value, STATE[name])


def test_safetensors(tmp_path):
    save_file(STATE, tmp_path / "w.safetensors")
    model = network()
    load_checkpoint(model, tmp_path / "w.safetensors")
    assert torch.equal(model[0].weight, STATE["0.weight"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"0.weight": STATE["0.weight"]}, "it lacks 0.bias, 1.weight, 1.bias and 5 more"),
        (STATE | {"fc.x": torch.ones(1)}, "the model lacks fc.x"),
        (network(0, 4).state_dict(), r"of another shape: 0.weight \(4, 2\) instead of \(3, 2\), "),
        (prefixed("net") | {"loss.x": torch.ones(1)}, "lacks 0.weight, .*; .* lacks net.0.weight"),
        ({"net.1": torch.ones(1)}, "lacks 0.weight, .*; .* lacks net.1; a function .*FILE.py:"),
        ({"epoch": 3}, "the weights of a model are wanted, got none in "),
        (torch.ones(3), "the weights of a model are wanted, got none in "),
    ],
)
def test_what_does_not_fit_changes_nothing(content, message, tmp_path):
    torch.save(content, tmp_path / "w.pt")
    model = network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(ValueError, match=message) as refused:
        load_checkpoint(model, tmp_path / "w.pt")
    assert "\n" not in str(refused.value)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


class Trap:
    """Unpickling it would be noticed."""

    def __reduce__(self):
        return pytest.fail, ("unpickled",)


def test_nothing_is_unpickled(tmp_path):
    torch.save({"state_dict": STATE, "trap": Trap()}, tmp_path / "w.pt")
    (tmp_path / "w.ckpt").write_bytes(pickle.dumps(Trap()))
    for name in ("w.pt", "w.ckpt"):
        told = "damaged, or it holds pickled objects.*; torch.save.model.state_dict"
        with pytest.raises(ValueError, match=told):
            load_checkpoint(network(), tmp_path / name)
    with pytest.raises(FileNotFoundError, match="checkpoint: there is no file "):
        load_checkpoint(network(), tmp_path / "none.pt")


def test_a_checkpoint_tells_its_number_of_classes():
    five, ten = ({"0.weight": torch.ones(n, 2), "0.bias": torch.ones(n)} for n in (5, 10))
    model = nn.Sequential(nn.Linear(2, 5))
    assert other_classes(five, model) is None  # nothing differs
    assert other_classes(ten, model) == 10
    assert other_classes({f"net.{name}": value for name, value in ten.items()}, model) == 10
    assert other_classes(five | {"0.bias": torch.ones(10)}, model) == 10  # refused afterwards


@pytest.mark.parametrize(
    "weights",
    [
        {"0.weight": torch.ones(10, 3), "0.bias": torch.ones(10)},
        {"0.weight": torch.ones(10, 2), "0.bias": torch.ones(9)},
        {"0.weight": torch.ones(10, 2), "1.bias": torch.ones(10)},
        {"0.weight": torch.ones(10, 2)},
        {"0.weight": torch.tensor(1.0), "0.bias": torch.tensor(1.0)},
    ],
)
def test_what_else_differs_is_no_number_of_classes(weights):
    assert other_classes(weights, nn.Sequential(nn.Linear(2, 5))) is None
