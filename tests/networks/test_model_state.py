"""A model runs in evaluation mode and where it is told to, and is left exactly as it was."""

import pytest
import torch
from helpers.other_kernels import of_integers
from helpers.small_models import INPUTS, LABELS, count_hooks
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from kstar_gpu import activations


def test_leaves_the_model_as_it_was(model, loader):
    model.train()
    model[3].eval()  # a mixture, such as a frozen layer in a network under training
    flags = [module.training for module in model.modules()]
    activations(model, loader, ["0", "3"])
    assert [module.training for module in model.modules()] == flags
    assert count_hooks(model) == 0
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_leaves_the_model_as_it_was_after_an_exception(model, error):
    def broken_loader():
        yield INPUTS, LABELS
        assert not model.training
        assert count_hooks(model) == 2
        raise error("stop")

    model.train()
    with pytest.raises(error, match="stop"):
        activations(model, broken_loader(), ["0", "3"])
    assert all(module.training for module in model.modules())
    assert count_hooks(model) == 0
    assert torch.is_grad_enabled()


def test_mixed_precision(model, loader):
    features = activations(model, loader, ["3"], amp=True).features["3"]
    assert features.dtype == torch.bfloat16
    assert not torch.is_autocast_enabled("cpu")


def test_half_precision_on_the_cpu_is_refused(model, loader):
    with pytest.raises(ValueError, match="on the CPU float32 or bfloat16 parameters are wanted"):
        activations(model.half(), loader, ["3"])
    assert count_hooks(model) == 0


def test_the_model_goes_to_a_device_and_comes_back(loader):
    """The meta device stands in for an accelerator, on the way out; nothing comes back from it."""
    model = nn.Sequential(nn.Linear(3, 2))
    seen = []
    model[0].register_forward_hook(lambda module, *_: seen.append(module.weight.device.type))
    with pytest.raises((NotImplementedError, RuntimeError), match="meta"):
        activations(model, loader, ["0"], device="meta")
    assert seen == ["meta"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"device": "nowhere"}, ValueError, "device: a torch device is wanted, got 'nowhere'"),
        ({"device": "cuda:99"}, ValueError, "device: torch sees .* CUDA devices? here"),
        ({"device": "xpu:99"}, ValueError, "device: torch sees no device of the type xpu"),
        ({"device": 1.5}, TypeError, "device: a torch device is wanted, got 1.5"),
        (
            {"dtype": "float32"},
            TypeError,
            r"dtype: a torch\.dtype or None is wanted, got 'float32'",
        ),
    ],
)
def test_devices_and_types_that_are_none(model, loader, options, error, message):
    for network in (model, nn.Sequential(nn.Identity())):
        with pytest.raises(error, match=message):
            activations(network, loader, ["0"], **options)


def test_the_model_goes_back_to_where_it_was(model, loader, monkeypatch):
    asked = []
    monkeypatch.setattr(model, "to", asked.append)
    activations(model, loader, ["0"], device="cpu")
    assert asked == ["cpu", torch.device("cpu")]
    asked.clear()
    activations(model, loader, ["0"])
    assert not asked


def test_inputs_go_to_the_models_device():
    """The meta device stands in for an accelerator: the module must get its input there."""
    arrived: list[torch.device] = []

    class Watcher(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("anywhere", torch.zeros(1, device="meta"))

        def forward(self, inputs: Tensor) -> Tensor:
            arrived.append(inputs.device)
            return torch.zeros(len(inputs), 1)

    activations(Watcher(), [(INPUTS, LABELS)], [""])
    assert arrived == [torch.device("meta")]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_inputs_go_to_the_models_device_and_features_come_back(model):
    loader = DataLoader(TensorDataset((9 * INPUTS).round(), LABELS), batch_size=3)
    expected = activations(of_integers(model), loader, ["3"])
    features, labels = activations(model.cuda(), loader, ["3"])
    assert features["3"].device == labels.device == torch.device("cpu")
    assert torch.equal(features["3"], expected.features["3"])
