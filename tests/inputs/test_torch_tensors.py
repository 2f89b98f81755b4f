"""Tensors: which of all that torch calls one are taken, and what the others are called."""

import numpy as np
import pytest
import torch
from helpers.five_samples import WANTED, X, Y, assert_refused
from torch._subclasses import FakeTensorMode
from torch.masked import masked_tensor

from kstar_gpu import kstar

TENSOR = torch.from_numpy(X)
LABELS = torch.from_numpy(Y)


class Hostile(torch.Tensor):
    """A class of tensors whose operations do something else."""

    @classmethod
    def __torch_function__(cls, *arguments, **keywords):
        raise RuntimeError("hostile")


def negated(values):
    """Return the same values as a view that has torch's negative bit."""
    view = torch.complex(values * 0, -values).conj().imag
    assert view.is_neg()
    return view


@pytest.mark.parametrize(
    "features",
    [
        torch.nn.Parameter(TENSOR),
        negated(TENSOR),
        TENSOR.as_subclass(Hostile),
        masked_tensor(TENSOR, torch.ones_like(TENSOR, dtype=torch.bool)),
        *((2 * TENSOR).long().to(getattr(torch, f"uint{bits}")) for bits in (16, 32, 64)),
    ],
)
def test_plain_numbers_in_any_clothes(features):
    result = kstar(features, Y)
    assert type(result) is torch.Tensor
    assert result.tolist() == WANTED.tolist()


@pytest.mark.parametrize(
    "labels",
    [
        negated(LABELS.double()),
        LABELS.as_subclass(Hostile),
        masked_tensor(LABELS, LABELS == LABELS),
        *(LABELS.to(getattr(torch, name)) for name in ("uint16", "uint32", "uint64", "bfloat16")),
        torch.from_numpy(Y.astype(np.uint64) + np.uint64(2**63)),
    ],
)
def test_labels_in_any_clothes(labels):
    np.testing.assert_array_equal(kstar(X, labels), WANTED)


with FakeTensorMode():
    FAKE = torch.ones(5, 2)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: torch.nested.nested_tensor([*TENSOR]),
            "a dense array is wanted, got a nested tensor",
        ),
        (lambda: torch.nested.nested_tensor([*TENSOR], layout=torch.jagged), "got a nested tensor"),
        (lambda: TENSOR.to_sparse(), "got layout torch.sparse_coo"),
        (lambda: TENSOR.to_sparse_csr(), "got layout torch.sparse_csr"),
        (lambda: TENSOR.to("meta"), "got a tensor on the device 'meta', which holds no numbers"),
        (lambda: FAKE, "got FakeTensor, which stands for other tensors: give the plain one"),
        (lambda: torch.nn.UninitializedParameter(), "whose shape is not known yet"),
        (lambda: torch.quantize_per_tensor(TENSOR.float(), 0.5, 0, torch.qint8), "got torch.qint8"),
        (lambda: torch.complex(TENSOR, TENSOR).conj(), "got torch.complex128"),
        (lambda: TENSOR.to(torch.float8_e4m3fn), "got torch.float8_e4m3fn"),
    ],
)
@pytest.mark.parametrize("name", ["features", "labels"])
@pytest.mark.filterwarnings("ignore")  # torch's, of what is in beta or on its way out
def test_what_is_no_plain_tensor(name, make, words):
    tensor = make()
    assert_refused({name: tensor}, TypeError, words)
    assert_refused({name: tensor}, TypeError, f"{name}: ")


def test_masked_ones_are_missing():
    assert_refused(
        dict(features=masked_tensor(TENSOR, TENSOR != 9)),
        ValueError,
        "features: no missing values are wanted, got one in row 3",
    )


def test_within_transformations_of_functions():
    def ask(features):
        with pytest.raises(TypeError, match=r"^features: .* got Tensor, which cannot be read"):
            kstar(features, Y)
        return features.sum()

    torch.func.grad(ask)(TENSOR)
    torch.func.vmap(ask)(TENSOR[None])


def test_a_tensor_that_torch_knows_to_be_zero():
    np.testing.assert_array_equal(kstar(torch._efficientzerotensor(5, 2), Y), np.ones(5))
