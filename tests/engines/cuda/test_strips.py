"""The order in which the CUDA engine's blocks meet: every tile once, each in its round."""

import numpy as np
import pytest

from kstar_gpu.engines.cuda.strips import Blocks, count_rounds, rectangle, search_rounds, tiles

SHAPES = [(1, 1), (1, 40), (40, 1), (17, 33), (70, 70), (130, 50)]


def met(strips):
    """Return the (row, column) of each tile of strips, in the order of their numbers."""
    pairs, numbers = [], []
    for start, row, column, stride, height, width in strips.tolist():
        numbers.append(start)
        assert numbers[-1] == len(pairs)
        assert height > 0
        assert width > 0
        for j in range(width):
            pairs += [(row + stride * i, column + stride * j) for i in range(height)]
    assert len(pairs) == tiles(strips)
    return pairs


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("steps", [1, 2, 16, 64])
@pytest.mark.parametrize("same", [False, True])
def test_every_tile_is_met_in_one_round(shape, steps, same):
    rows, columns = shape if not same else (shape[0], shape[0])
    rounds = [met(strips) for strips in search_rounds(rows, columns, same, steps)]
    assert len(rounds) == steps.bit_length()
    everyone = [pair for pairs in rounds for pair in pairs]
    assert len(set(everyone)) == len(everyone)
    wanted = {(r, c) for r in range(rows) for c in range(r if same else 0, columns)}
    found = set(everyone)
    assert wanted <= found
    if same:  # beside the diagonal some tiles are below it: the kernel passes them by
        assert all(r - c < 16 * steps for r, c in found - wanted)
    else:
        assert found == wanted


def test_rounds_double_what_was_met():
    sizes = [tiles(strips) for strips in search_rounds(256, 256, False, 64)]
    assert sizes == [1024, 1024, 2048, 4096, 8192, 16384, 32768]
    for pairs in map(met, search_rounds(256, 256, False, 64)[:2]):
        columns = np.array(sorted(c for r, c in pairs if r == 100))
        assert (np.diff(columns) == 64).all()  # from all classes alike


@pytest.mark.parametrize("same", [False, True])
def test_blocks_that_share_a_class_are_counted(same, rng):
    codes, others = (np.sort(rng.integers(0, 30, n)) for n in (1000, 700))
    rows = Blocks.of(codes, 8)
    columns = rows if same else Blocks.of(others, 8)
    assert len(rows) == 125
    (strips,) = count_rounds(rows, columns, same)
    found = met(strips)
    assert len(set(found)) == len(found)
    share = (rows.first[:, None] <= columns.last) & (columns.first <= rows.last[:, None])
    wanted = {(r, c) for r, c in zip(*np.nonzero(share), strict=True) if not same or c >= r}
    assert wanted <= set(found)
    assert len(found) < 0.6 * len(rows) * len(columns)


def test_classes_that_one_side_lacks():
    rows, columns = Blocks.of(np.array([0, 0, 5, 5]), 2), Blocks.of(np.array([1, 1, 2, 2]), 2)
    assert [len(strips) for strips in count_rounds(rows, columns, False)] == [1]  # 0 to 5 has both
    assert [len(strips) for strips in count_rounds(rows, Blocks.of(np.array([7]), 2), False)] == [0]


def test_a_rectangle():
    assert sorted(met(rectangle(20, 3))) == [(r, c) for r in range(20) for c in range(3)]
