"""Which class ends the runs of which."""

import numpy as np
import pytest
import torch

from kstar_gpu import foreign_confusion, kstar


def test_who_ends_the_runs(near, labels):
    result = kstar(near, labels, return_foreign=True)
    counts, classes = foreign_confusion(labels, result.index)
    assert [*classes] == [0, 1, 2]
    assert (np.diag(counts) == 0).all()
    np.testing.assert_array_equal(counts.sum(1), [100, 100, 100])
    assert counts[0, 1] > counts[0, 2]  # the class between the two others is met first
    named, names = foreign_confusion(np.array(["a", "b", "c"])[labels], torch.tensor(result.index))
    np.testing.assert_array_equal(named, counts)
    assert [*names] == ["a", "b", "c"]


def test_who_ends_the_runs_among_references():
    counts, classes = foreign_confusion([0, 1], [2, 0], [0, 1, 5])
    assert [*classes] == [0, 1, 5]
    assert counts.tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 0]]
    with pytest.raises(ValueError, match="index: rows from 0 to 2 are wanted, got 0 to 3"):
        foreign_confusion([0, 1], [0, 3], [0, 1, 5])
    with pytest.raises(ValueError, match=r"index: one row per label is wanted \(2\)"):
        foreign_confusion([0, 1], [0])


def test_confusion_takes_what_kstar_gives_for_a_frame(near, labels):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(near, index=np.arange(300) + 7)
    index = kstar(frame, labels, return_foreign=True).index
    counts, _ = foreign_confusion(labels, index)
    wanted, _ = foreign_confusion(labels, kstar(near, labels, return_foreign=True).index)
    np.testing.assert_array_equal(counts, wanted)
    with pytest.raises(ValueError, match=r"index: integers, .* are wanted, got 0\.5"):
        foreign_confusion(labels, np.zeros(300) + 0.5)

    class Elsewhere:
        """As a cupy array: no conversion unless it is asked for."""

        def __init__(self, tensor):
            self.__dlpack__ = tensor.__dlpack__
            self.__dlpack_device__ = tensor.__dlpack_device__

        def __array__(self, *_):
            raise TypeError("implicit conversion")

    counts, _ = foreign_confusion(labels, Elsewhere(torch.from_numpy(np.array(index))))
    np.testing.assert_array_equal(counts, wanted)
