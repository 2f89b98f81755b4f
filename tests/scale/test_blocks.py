"""What tasks do with blocks; all of them together are tested in test_task_graph.py."""

import sys

import numpy as np
import pytest
import torch

from kstar_gpu.engines.duplicates import NO_ROW
from kstar_gpu.scale import blocks
from kstar_gpu.scale.blocks import Held, How

HOW = How("euclidean", "auto", "cpu")


def test_what_is_held_tells_its_memory(rng):
    shard = blocks.shard(HOW, "features", 0, rng.standard_normal((100, 50)), np.arange(100) % 3)
    assert sys.getsizeof(shard) > 100 * 50 * 8
    few = blocks.few(100, 40, shard)
    assert len(few.value) == 34  # every third one
    summary = blocks.summary(HOW, shard, blocks.centre([few]))
    agreed = blocks.agreed(HOW, [few], [[summary]])
    assert sys.getsizeof(agreed) > 50 * 8
    assert sys.getsizeof(blocks.ready(shard, agreed)) >= sys.getsizeof(shard)
    assert sys.getsizeof(Held([torch.ones(1000)])) > 4000


def test_labels_of_blocks_become_the_codes_of_all():
    parts = [np.array(["b", "a"]), np.array(["long", "b", "b"])]
    labels = blocks.all_labels([blocks.distinct_labels("labels", part) for part in parts])
    codes = [blocks.codes("labels", part, labels) for part in parts]
    assert [each.tolist() for each in codes] == [[1, 0], [2, 1, 1]]
    assert blocks.populations(True, codes, labels).tolist() == [1, 3, 1]
    assert blocks.populations(False, codes[1:], labels).tolist() == [0, 3, 2]


def test_labels_of_objects_are_of_one_kind_in_all_blocks():
    parts = [np.array([1, 2], dtype=object), np.array(["a"], dtype=object)]
    distinct = [blocks.distinct_labels("labels", part) for part in parts]
    with pytest.raises(TypeError, match=r"labels: .* all of one kind"):
        blocks.all_labels(distinct)


def test_integers_of_64_bits_stay_what_they_are():
    parts = [np.array([-1, 2**62 + 1], dtype=object), np.array([2**62], dtype=object)]
    labels = blocks.all_labels([blocks.distinct_labels("labels", part) for part in parts])
    assert labels.tolist() == [-1, 2**62, 2**62 + 1]
    ours, theirs = np.array([2**62 + 1], np.int64), np.array([2**62, 2**62 + 1], np.uint64)
    labels = blocks.all_labels([ours], [theirs])
    assert blocks.codes("labels", ours, labels).tolist() == [1]
    assert blocks.codes("reference_labels", theirs, labels).tolist() == [0, 1]


def test_the_nearest_of_several_pairs_is_the_one_of_the_lowest_id():
    known = np.array([4.0, np.inf, 1.0]), np.array([7, NO_ROW, 3])
    first = np.array([4.0, 2.0, 1.5]), np.array([5, 6, 0])
    second = np.array([4.0, 2.0, 9.0]), np.array([6, 4, 0])
    squared, ids = blocks.nearest([0, 1], known, [(first, None), (known, second)])
    assert squared.tolist() == [4, 2, 1]
    assert ids.tolist() == [5, 4, 3]
    assert known[1].tolist() == [7, NO_ROW, 3]


def test_errors_tell_the_block_and_its_row(rng):
    block = rng.standard_normal((20, 3))
    block[7, 1] = np.inf
    with pytest.raises(ValueError, match=r"features\[100:120\]: finite numbers .* in row 7"):
        blocks.shard(HOW, "features", 100, block, np.zeros(20, np.int64))
