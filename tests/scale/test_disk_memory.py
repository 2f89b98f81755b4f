"""How many samples a shard has, and when features are walked over at all."""

import numpy as np
import pytest

from kstar_gpu.engines.pairs import Memory
from kstar_gpu.scale.disk_memory import FEW_BYTES, FEW_KEPT, RESULT_BYTES, limit_of_walk, plan_of
from kstar_gpu.scale.stored import Stored

MEMORY = Memory(whole=100, shard=300, besides=10_000)
WIDTH = 16


class Known:
    """What an engine says of its memory."""

    def __init__(self, memory):
        self.given = memory

    def memory(self, dimensions):
        return self.given


def taken(plan, count, copied):
    """Return what a walk takes: its results, the few samples, and two shards or the only one."""
    shards = 1 if plan.shard >= count else 2
    ready = shards * min(plan.shard, count) * (MEMORY.shard + copied)
    return MEMORY.besides + RESULT_BYTES * count + plan.few * FEW_KEPT * WIDTH + ready


@pytest.mark.parametrize("copied", [0, 64])
@pytest.mark.parametrize("limit", [500_000, 1_000_000, 10_000_000])
def test_two_shards_and_all_that_is_found_fit(limit, copied):
    plan = plan_of(1000, WIDTH, copied, MEMORY, limit)
    assert taken(plan, 1000, copied) <= limit
    assert plan.few * FEW_BYTES * WIDTH <= (limit - MEMORY.besides) // 2
    assert taken(plan._replace(shard=plan.shard + 1), 1000, copied) > limit or plan.shard >= 1000


def test_what_does_not_do_is_refused_with_the_least():
    with pytest.raises(ValueError, match="memory_limit: at least") as refused:
        plan_of(1000, WIDTH, 0, MEMORY, 1)
    least = int(str(refused.value).split("at least ")[1].split()[0])
    plan_of(1000, WIDTH, 0, MEMORY, least)
    with pytest.raises(ValueError, match="memory_limit: at least"):
        plan_of(1000, WIDTH, 0, MEMORY, least - 1)


@pytest.fixture
def side():
    rows = np.zeros((1000, WIDTH), dtype=np.float32)
    return Stored(rows.shape, lambda start, stop: rows[start:stop], copies=False)


@pytest.mark.parametrize(
    ("memory_limit", "must", "wanted"),
    [
        (None, False, None),  # nobody limits it
        (110_000, False, None),  # the whole fits
        (109_999, False, 109_999),
        (110_000, True, 110_000),  # there is no other way
    ],
)
def test_a_walk_is_taken_where_the_whole_does_not_fit(memory_limit, must, wanted, side):
    assert limit_of_walk([side], Known(MEMORY), memory_limit, must) == wanted


def test_where_it_must_be_half_of_the_memory_may_be_taken(side, monkeypatch):
    monkeypatch.setattr("os.sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 100}.get)
    assert limit_of_walk([side], Known(MEMORY), None, True) == 4096 * 50


def test_engines_that_do_not_know_take_none(side):
    assert limit_of_walk([side], Known(None), 1, False) is None
    with pytest.raises(ValueError, match="features: arrays are wanted where the CPU engine"):
        limit_of_walk([side], Known(None), 1, True)
