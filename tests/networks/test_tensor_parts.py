"""Every kind of tensor: its numbers tell it from others, and nothing else does."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.masked import masked_tensor
from torch.testing._internal.two_tensor import TwoTensor

from kstar_gpu.networks.tensor_parts import is_plain, parts_of, plain_bytes
from kstar_gpu.networks.value_hashes import ValueHash

EYE = torch.eye(4)


class Marked(torch.Tensor):
    """A subclass with numbers and attributes of its own."""


def nested(layout, last):
    return torch.nested.nested_tensor([EYE[:2], EYE[:last]], layout=layout)


def marked(numbers, mark):
    tensor = numbers.as_subclass(Marked)
    tensor.mark = mark
    return tensor


def quantized(scale, by_channel=False, axis=0):
    """Return a tensor of the same integers for any scale."""
    if not by_channel:
        return torch.quantize_per_tensor(EYE * scale, scale, 0, torch.qint8)
    scales, zeros = torch.full((4,), float(scale)), torch.zeros(4, dtype=torch.long)
    return torch.quantize_per_channel(EYE * scale, scales, zeros, axis, torch.qint8)


OTHERS = {  # a function of k that gives others for other k, and the same for the same
    "complex": lambda k: torch.tensor([1 + 2j, 3j]) * k,
    "conjugate": lambda k: (torch.tensor([1 + 2j, 3j]) * k).conj(),
    "negative": lambda k: (torch.tensor([1 + 2j, 3j]) * k).conj().imag,
    "one negative": lambda k: torch.tensor([1 + 2j * k]).conj().imag,  # of stride 2
    "bfloat16": lambda k: torch.full((2,), k, dtype=torch.bfloat16),
    "float8": lambda k: torch.full((2,), k).to(torch.float8_e5m2),
    "uint64": lambda k: torch.full((2,), int(k), dtype=torch.uint64),
    "bool": lambda k: torch.tensor([True, k > 1]),
    "zero-dim": torch.tensor,
    "strided": lambda k: (torch.arange(12.0).reshape(3, 4) * k).t()[::2],
    "expanded": lambda k: torch.tensor([float(k)]).expand(5),
    "coo": lambda k: (EYE * k).to_sparse(),
    "csr": lambda k: (EYE * k).to_sparse_csr(),
    "csc": lambda k: (EYE * k).to_sparse_csc(),
    "bsr": lambda k: (EYE * k).to_sparse_bsr((2, 2)),
    "bsc": lambda k: (EYE * k).to_sparse_bsc((2, 2)),
    "nested": lambda k: nested(torch.strided, k),
    "jagged": lambda k: nested(torch.jagged, k),
    "quantized": lambda k: quantized(k),
    "quantized by channel": lambda k: quantized(k, by_channel=True),
    "quantized along an axis": lambda k: quantized(1, by_channel=True, axis=k - 1),
    "subclass": lambda k: marked(EYE * k, "a"),
    "attribute of a subclass": lambda k: marked(EYE, k),
    "pair": lambda k: TwoTensor(EYE, EYE * k),
    "masked": lambda k: masked_tensor(EYE, k == EYE),
}


@pytest.mark.filterwarnings("ignore")  # of torch's: prototypes
@pytest.mark.parametrize("kind", OTHERS)
def test_numbers_tell_tensors_apart(kind):
    made = OTHERS[kind]
    assert ValueHash().of(made(1)) == ValueHash().of(made(1))
    assert ValueHash().of(made(1)) != ValueHash().of(made(2))


def test_how_numbers_are_stored_does_not_count():
    maps = torch.arange(36.0).reshape(1, 4, 3, 3)
    kept_otherwise = maps.to(memory_format=torch.channels_last)
    assert plain_bytes(kept_otherwise) == plain_bytes(maps)
    mirrored = torch.tensor([1 - 2j, complex(-1, -3)])
    assert plain_bytes(torch.tensor([1 + 2j, -1 + 3j]).conj()) == plain_bytes(mirrored)
    places = torch.tensor([[0, 0, 1]])
    thrice = torch.sparse_coo_tensor(places, torch.tensor([1.0, 2.0, 5.0]), (2,))
    assert ValueHash().of(thrice) == ValueHash().of(torch.tensor([3.0, 5.0]).to_sparse())
    assert not is_plain(thrice)


def test_an_integer_and_a_float_of_the_same_bits_are_two():
    ones = torch.ones(3)
    assert ValueHash().of(ones) != ValueHash().of(ones.view(torch.int32))
    assert ValueHash().of(ones) != ValueHash().of(ones[:, None])


def test_what_has_no_numbers_says_so():
    with pytest.raises(ValueError, match="is not initialised yet"):
        parts_of(torch.nn.LazyLinear(3).weight)
    with pytest.raises(ValueError, match="is on the device 'meta'"):
        parts_of(torch.zeros(2, device="meta"))
    with FakeTensorMode():
        fake = torch.zeros(2)
    with pytest.raises(ValueError, match="is a FakeTensor, whose numbers cannot be read"):
        parts_of(fake)
