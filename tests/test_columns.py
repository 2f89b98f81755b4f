"""Columns: the same of an array as of a tensor, which stays one."""

from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest
import torch

from kstar_gpu import columns
from kstar_gpu.columns import (
    all_differ,
    any_between,
    column_of,
    distinct_values,
    moved,
    on_host,
    put,
    rising_codes,
    sizes_of,
    square_root,
    stable_order,
)

KINDS = [np.asarray, torch.as_tensor]


@pytest.fixture(params=KINDS, ids=["array", "tensor"])
def kind(request):
    return request.param


@pytest.fixture(params=[True, False], ids=["cpu", "device"])
def there(request, monkeypatch):
    """Let tensors be on the CPU, or somewhere else."""
    monkeypatch.setattr("kstar_gpu.columns.on_cpu", lambda tensor: request.param)
    return np.ndarray if request.param else torch.Tensor


def test_a_tensor_on_the_cpu_is_an_array(there):
    assert isinstance(column_of(torch.arange(3)), there)


def test_a_column_goes_where_another_is(kind):
    for given in (np.arange(3.0), torch.arange(3.0)):
        column = moved(given, kind([0]))
        assert type(column) is type(kind([0]))
        np.testing.assert_array_equal(on_host(column), [0, 1, 2])


def test_roots_are_correctly_rounded(kind, rng):
    values = rng.uniform(0, 1e9, 100_000)
    roots = square_root(kind(values))
    assert type(roots) is type(kind(values))
    np.testing.assert_array_equal(on_host(roots), np.sqrt(values))


@pytest.mark.parametrize(("version", "devices"), [(None, ("cuda",)), ("6.4", ())])
def test_on_amds_devices_torchs_roots_are_not_relied_on(version, devices, monkeypatch):
    monkeypatch.setattr(torch.version, "hip", version)
    again = spec_from_file_location("kstar_gpu.columns_again", columns.__file__)
    module = module_from_spec(again)
    again.loader.exec_module(module)
    roots = module.EXACT_ROOTS
    assert roots == devices


@pytest.mark.parametrize("classes", [2, 300, 70_000])
def test_classes_rise_and_samples_of_each_keep_their_order(classes, kind, rng):
    codes = rng.integers(0, classes, 100_000)
    order = on_host(stable_order(kind(codes)))
    np.testing.assert_array_equal(order, np.argsort(codes, kind="stable"))
    rising = rising_codes(kind(codes))
    assert rising.dtype == np.int64
    np.testing.assert_array_equal(rising, codes[order])


def test_classes_have_64_bits_where_numpys_own_integers_have_32(narrow_integers):
    assert rising_codes(np.array([3, 1, 1])).dtype == np.int64


def test_classes_without_samples_have_none(kind):
    assert sizes_of(kind([3, 1, 1]), 6).tolist() == [0, 2, 0, 1, 0, 0]
    assert rising_codes(kind([3, 1, 1])).tolist() == [1, 1, 3]


@pytest.mark.parametrize("values", [[5, -3, 5, 7], [True, False, True, True]])
def test_which_of_the_different_values_each_is(values, kind):
    distinct, which = distinct_values(kind(values))
    assert type(which) is type(kind(values))
    assert distinct.tolist() == sorted(set(values))
    assert distinct[on_host(which)].tolist() == values


@pytest.mark.parametrize("dtype", [torch.float64, torch.int64])
def test_numbers_of_two_columns_that_are_there_twice(dtype, there):
    one = torch.tensor([1, 5, 3], dtype=dtype)
    assert all_differ([one])
    assert all_differ([one, one + 10])
    assert not all_differ([one, one.flip(0) + 2])
    assert not all_differ([torch.cat([one, one])])


@pytest.mark.parametrize(("values", "wanted"), [([0, 2, -9], False), ([0, -1, 9], True)])
def test_whether_a_magnitude_lies_between(values, wanted, kind):
    assert any_between(kind(np.array(values, dtype=np.float64)), 0.0, 2.0) is wanted


def test_each_value_is_put_at_its_position(there):
    placed = put(torch.tensor([1.5, 2.5, 3.5]), torch.tensor([2, 0, 1]))
    assert isinstance(placed, there)
    np.testing.assert_array_equal(on_host(placed), [2.5, 3.5, 1.5])
