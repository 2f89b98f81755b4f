"""What stands in for other machines moves rounded sums, by their last bit, and no others."""

import pytest
import torch
from torch import nn

from helpers.other_kernels import of_integers

SEEDED = torch.Generator().manual_seed(0)
CASES = [
    (nn.Linear, (7, 5), (40, 7)),
    (nn.Conv1d, (3, 4, 2), (40, 3, 6)),
    (nn.Conv2d, (3, 4, 2), (40, 3, 6, 6)),
]
EACH = pytest.mark.parametrize(
    ("kind", "sizes", "shape"), CASES, ids=[c[0].__name__ for c in CASES]
)


def in_batches(module, inputs):
    return torch.cat([module(batch) for batch in inputs.split(8)])


@EACH
@torch.no_grad()
def test_a_rounded_sum_depends_on_its_batch(kind, sizes, shape, monkeypatch):
    module, inputs = kind(*sizes), torch.randn(shape, generator=SEEDED)
    whole = module(inputs)
    assert torch.equal(whole, module(inputs))
    assert not torch.equal(whole, in_batches(module, inputs))
    name = kind.__name__.lower()
    monkeypatch.setattr(nn.functional, name, getattr(nn.functional, name).__wrapped__)
    plain = module(inputs)
    assert torch.equal(torch.nextafter(plain, whole), whole)
    assert (whole != plain).double().mean() > 0.9


@EACH
@torch.no_grad()
def test_an_exact_sum_does_not(kind, sizes, shape):
    module = of_integers(kind(*sizes))
    inputs = torch.randint(-9, 10, shape, generator=SEEDED).float()
    whole = module(inputs)
    assert whole.any()
    assert torch.equal(whole, in_batches(module, inputs))


def test_networks_that_learn_are_left_alone(monkeypatch):
    layer, inputs = nn.Linear(7, 5), torch.randn(40, 7, generator=SEEDED)
    found = layer(inputs)
    monkeypatch.setattr(nn.functional, "linear", nn.functional.linear.__wrapped__)
    assert torch.equal(found, layer(inputs))
