"""Networks as on other machines: the last bit of a rounded sum depends on the size of the batch.

Who multiplies for torch (MKL, oneDNN) picks a kernel by processor, threads and shape, and each adds
up in an order of its own. Batches of 8 and of 40 may give equal bits on one machine and others on
the next, so in these tests they never do: features are compared of the same batches, or of sums
that are exact in whatever order, as those of small integers are.
"""

from functools import wraps

import torch
from torch import Tensor, nn
from torch.nn import functional

LAYERS = ("linear", "conv1d", "conv2d")  # of torch.nn.functional, where modules look them up


def otherwise_rounded(layer):
    """Return a layer with the same results where they are exact, and else with their neighbours."""

    @wraps(layer)
    def elsewhere(*operands, **options):
        result = layer(*operands, **options)
        # In training nothing is compared, and the sums below take long.
        if result.requires_grad or result.is_nested:
            return result
        wide = layer(*map(_widened, operands), **options)
        generator = torch.Generator("cpu").manual_seed(len(result))
        up = torch.rand(result.shape, generator=generator, device="cpu") < 0.5
        ends = torch.where(up, torch.inf, -torch.inf).to(result)
        return torch.where(wide == wide.to(result.dtype), result, torch.nextafter(result, ends))

    return elsewhere


def use_other_kernels(patch):
    """Replace the layers of torch.nn.functional, and so those of all modules."""
    for name in LAYERS:
        patch.setattr(functional, name, otherwise_rounded(getattr(functional, name)))


def of_integers(model: nn.Module, largest: int = 3) -> nn.Module:
    """Make all parameters small integers; of integers, then, sums are exact in float32."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randint(-largest, largest + 1, parameter.shape))
    return model


def _widened(operand):
    return operand.double() if isinstance(operand, Tensor) else operand
