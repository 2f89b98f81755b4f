"""Classes: codes for the labels of both sides, and how large k* can get in each."""

import numpy as np
import pytest
import torch

from kstar_gpu.columns import on_host
from kstar_gpu.inputs.classes import make_classes, normalized

LABELS = [7, -2, 7, 300]


def test_labels_need_not_be_the_codes():
    classes = make_classes(["b", "a", "c"], ["c", "a", "z"])
    assert classes.codes.tolist() == [1, 0, 2]
    assert classes.reference_codes.tolist() == [2, 0, 3]
    assert classes.population().tolist() == [2, 0, 2, 2]  # of a b c z
    np.testing.assert_array_equal(classes.normalized(np.array([1, 2, 1])), [np.nan, 1, 0.5])


@pytest.fixture
def on_a_device(monkeypatch):
    """Let the CPU be a device on which labels stay."""
    monkeypatch.setattr("kstar_gpu.inputs.labels.COUNTING_DEVICES", ("cpu",))


@pytest.mark.parametrize("dtype", [torch.int16, torch.int32, torch.int64])
def test_integers_on_a_device_are_encoded_there(dtype, on_a_device):
    classes = make_classes(torch.tensor(LABELS, dtype=dtype), None)
    assert isinstance(classes.codes, torch.Tensor)
    assert classes.codes.tolist() == [1, 0, 1, 2]
    assert classes.reference_codes is classes.codes
    assert classes.labels.tolist() == [-2, 7, 300]
    assert classes.population().tolist() == [1, 2, 1]


@pytest.mark.parametrize(
    ("dtype", "other"), [(torch.int16, torch.int64), (torch.bool, torch.uint8)]
)
def test_labels_of_both_sides_have_one_code_there(dtype, other, on_a_device):
    ours, theirs = torch.tensor([0, 1, 1]).to(dtype), torch.tensor([1, 0, 3]).to(other)
    classes = make_classes(ours, theirs)
    assert isinstance(classes.reference_codes, torch.Tensor)
    assert classes.codes.tolist() == [0, 1, 1]
    assert classes.reference_codes.tolist() == [1, 0, 2]
    assert classes.labels.tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    "other", [LABELS, np.array(LABELS), torch.tensor(LABELS).double(), torch.tensor(LABELS).half()]
)
def test_beside_labels_on_the_host_they_come_there(other, on_a_device):
    classes = make_classes(torch.tensor(LABELS), other)
    assert on_host(classes.codes).tolist() == on_host(classes.reference_codes).tolist()
    assert on_host(classes.codes).tolist() == [1, 0, 1, 2]


def test_integers_on_a_device_beside_strings_are_refused(on_a_device):
    with pytest.raises(TypeError, match="reference_labels: the same kind as labels is wanted"):
        make_classes(torch.tensor(LABELS), ["7", "-2"])


@pytest.mark.parametrize("wrong", [[5, 5, 5], []])
def test_one_class_on_a_device_is_refused(wrong, on_a_device):
    count = len(set(wrong))
    with pytest.raises(ValueError, match=f"labels: at least two classes are wanted, got {count}"):
        make_classes(torch.tensor(wrong, dtype=torch.int64), None)


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_what_k_can_get_divides_it_where_it_is(kind):
    shares = normalized(kind([1, 2, 3]), kind([0, 1, 2]), np.array([2, 0, 7]))
    assert type(shares) is type(kind([1]))
    np.testing.assert_array_equal(on_host(shares), np.array([1 / 2, np.nan, 3 / 7]))
