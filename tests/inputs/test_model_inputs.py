"""What a model takes, in files: one input, several by their names, and padding that is marked."""

import numpy as np
import pytest
import torch

from kstar_gpu.inputs.model_inputs import check_padding, read_inputs

IDS = np.array([[3, 4, 0], [5, 0, 0], [6, 7, 8]])
GIVEN = {"input_ids": IDS, "attention_mask": (IDS > 0).astype(int), "labels": [0, 1, 1]}
TAKES = ["input_ids", "attention_mask", "token_type_ids", "labels"]


@pytest.fixture
def file(tmp_path):
    def write(**entries):
        np.savez(tmp_path / "data.npz", **entries)
        return str(tmp_path / "data.npz")

    return write


def test_one_input_for_each_label(file):
    inputs, labels, names = read_inputs(file(inputs=IDS, labels=[0, 1, 1], class_names=["a", "b"]))
    assert torch.equal(inputs, torch.from_numpy(IDS))
    assert labels.tolist() == [0, 1, 1]
    assert names == ["a", "b"]


def test_several_by_the_names_that_the_model_has(file):
    inputs, labels, _ = read_inputs(file(**GIVEN, ids=np.arange(3)), TAKES)
    assert [*inputs] == ["input_ids", "attention_mask"]
    assert all(torch.equal(value, torch.from_numpy(GIVEN[name])) for name, value in inputs.items())
    assert labels.tolist() == [0, 1, 1]


@pytest.mark.parametrize("takes", [(), ["x"]])
def test_without_inputs_it_is_said_what_there_is(file, takes):
    with pytest.raises(ValueError, match="no entry 'inputs'; entries: input_ids, labels"):
        read_inputs(file(input_ids=IDS, labels=[0, 1, 1]), takes)


def test_a_mask_is_not_left_out(file):
    path = file(inputs=IDS, attention_mask=IDS > 0, labels=[0, 1, 1])
    for takes in ((), TAKES):
        with pytest.raises(
            ValueError, match=r"beside attention_mask .* such as input_ids; entries"
        ):
            read_inputs(path, takes)


@pytest.mark.parametrize("entry", ["input_ids", "attention_mask"])
def test_each_has_a_label_per_sample(file, entry):
    with pytest.raises(ValueError, match=r"one label per input is wanted \(2\), got 3"):
        read_inputs(file(**GIVEN | {entry: IDS[:2]}), TAKES)


def test_padding_wants_a_mask():
    ids = torch.from_numpy(IDS)
    for inputs in (ids, {"input_ids": ids}):
        with pytest.raises(
            ValueError, match=r"f\.npz: input.* padding \(token 0\), and no attention"
        ):
            check_padding(inputs, 0, "f.npz")
        check_padding(inputs, None, "f.npz")
        check_padding(inputs, 9, "f.npz")
    check_padding({"input_ids": ids, "attention_mask": ids}, 0, "f.npz")
    check_padding(ids.float(), 0, "f.npz")  # numbers, no tokens
    check_padding({"token_type_ids": ids, "input_ids": ids + 1}, 0, "f.npz")
