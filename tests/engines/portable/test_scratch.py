"""Memory that tiles use again: one piece for each use and type, rows on cache lines."""

import pytest
import torch

from kstar_gpu.engines.portable.scratch import Scratch

SIDE = 40


@pytest.fixture
def scratch():
    return Scratch(SIDE, torch.device("cpu"))


def test_a_tile_is_the_same_memory_each_time(scratch):
    first = scratch.tile("product", (SIDE, SIDE), torch.float32)
    assert scratch.tile("product", (7, 9), torch.float32).data_ptr() == first.data_ptr()


def test_other_uses_and_types_do_not_meet(scratch):
    tiles = [
        scratch.tile(use, (SIDE, SIDE), dtype).fill_(number)
        for number, (use, dtype) in enumerate(
            [("product", torch.float32), ("inside", torch.float32), ("product", torch.float64)]
        )
    ]
    assert [tile.unique().tolist() for tile in tiles] == [[0], [1], [2]]


@pytest.mark.parametrize("shape", [(1, 1), (3, 17), (SIDE, SIDE), (SIDE, 1)])
def test_rows_begin_on_cache_lines(shape, scratch):
    tile = scratch.tile("product", shape, torch.float32)
    assert tile.shape == shape
    assert tile.stride(0) * tile.element_size() % 64 == 0


def test_rows_of_a_room_follow_each_other(scratch):
    assert scratch.room("sums", (3, 17), torch.int32).is_contiguous()
