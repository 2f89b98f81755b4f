"""Samples move, and answers about them come back to where they were."""

import numpy as np
import torch

from kstar_gpu.scale.ranks.moves import Moves


class Alone:
    """A group of one rank."""

    rank, size = 0, 1

    def gather(self, mine):
        return [mine]

    def swap(self, parts, counts):
        assert [len(part) for part in parts] == counts
        return parts


def test_those_of_no_interest_stay_and_have_no_answer():
    moves = Moves(Alone(), np.array([0, -1, 0]))
    values = torch.arange(6, dtype=torch.bfloat16).view(3, 2)
    rows, facts = moves.moved(values, np.array([[5, 6, 7], [8, 9, 10]]))
    assert rows.dtype == torch.bfloat16
    assert rows.tolist() == [[0, 1], [4, 5]]
    np.testing.assert_array_equal(facts, [[5, 7], [8, 10]])
    np.testing.assert_array_equal(moves.returned(facts + 1), [[6, 0, 8], [9, 0, 11]])


def test_none_at_all():
    moves = Moves(Alone(), np.array([-1]))
    rows, facts = moves.moved(torch.ones(1, 2), np.array([[5]]))
    assert rows.shape == (0, 2)
    assert facts.shape == (1, 0)
    np.testing.assert_array_equal(moves.returned(facts), [[0]])
