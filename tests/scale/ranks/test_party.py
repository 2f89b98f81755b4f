"""What samples know, told to others and learnt from them."""

import numpy as np
import torch

from kstar_gpu.engines.shards import Nearest
from kstar_gpu.scale import shards
from kstar_gpu.scale.ranks.party import Count, Party, Search


def party():
    values = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
    codes, ids = np.array([1, 0, 1, 0]), np.array([2, 4, 6, 8])
    shard = shards.make_shard(values, codes, ids, "euclidean", torch.device("cpu"))
    known = Nearest(np.array([1.0, 4.0, 1.0, 9.0]), np.array([2, 2, 4, 4]))
    return Party(shard, known, np.array([1, 2, 3, 4]))


def test_who_is_told_knows_the_same_and_has_counted_nothing():
    one = party()
    codes, ids, *known = one.facts().numpy()
    np.testing.assert_array_equal(codes, [1, 0, 1, 0])
    np.testing.assert_array_equal(ids, [2, 4, 6, 8])
    other = Party.told(one.shard, one.facts())
    np.testing.assert_array_equal(other.known.squared, one.known.squared)
    np.testing.assert_array_equal(other.known.ids, known[1])
    np.testing.assert_array_equal(other.counts, 0)


def test_some_of_them_learn_what_is_nearer():
    one = party()
    told = np.stack([np.array([4.0, 1.0]).view(np.int64), [1, 9]])
    Search().learn(one, slice(1, None, 2), told)
    np.testing.assert_array_equal(one.known.squared, [1, 4, 1, 1])
    np.testing.assert_array_equal(one.known.ids, [2, 1, 4, 9])
    np.testing.assert_array_equal(Search().answers(one)[1], one.known.ids)


def test_some_of_them_add_counts():
    one = party()
    Count().learn(one, np.array([0, 3]), np.array([[10, 20]]))
    np.testing.assert_array_equal(one.counts, [11, 2, 3, 24])
    np.testing.assert_array_equal(Count().answers(one), [[11, 2, 3, 24]])
