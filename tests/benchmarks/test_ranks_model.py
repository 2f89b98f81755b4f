"""The model of many ranks: every pair is met once, and time is lost where it has to be."""

from dataclasses import replace

import numpy as np
import pytest
from ranks_model import Machine, Work, simulate

from kstar_gpu.scale.meeting import partners

WORK = Work(samples=12_000, features=100, classes=4, number_bytes=4)
MACHINE = Machine(search=1e9, count=1e9, ready=1e9, link=1e9, latency=0.0, choice=0.0)
ALL = 12_000**2 / 2 * 100 / 1e9  # seconds of all pairs on one rank


@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 5, 8])
def test_every_pair_of_ranks_meets_once(ranks):
    met = []
    for step in range(1, ranks // 2 + 1):
        for rank in range(ranks):
            own = partners(rank, ranks, step)
            assert own.computes == partners(own.ahead, ranks, step).is_computed
            met += [{rank, own.ahead}] * own.computes
    pairs = [{one, other} for one in range(ranks) for other in range(one)]
    assert sorted(map(sorted, met)) == sorted(map(sorted, pairs))


def test_one_rank_multiplies_all_pairs():
    run = simulate(WORK, MACHINE, np.ones(1))
    assert run.computing == pytest.approx(ALL + 12_000 * 100 / 1e9)
    assert run.total == pytest.approx(run.computing)
    assert run.exchanging == 0


def test_ranks_share_the_products():
    fast = replace(MACHINE, ready=1e15, link=1e15)
    run = simulate(WORK, fast, np.ones(5))
    assert run.total == pytest.approx(ALL / 5)
    assert len(run.rounds) == 2 * (1 + 5 // 2)
    assert simulate(WORK, fast, np.ones(5), cores=1).total == pytest.approx(ALL)


def test_all_wait_for_a_straggler():
    pace = np.ones(5)
    pace[2] = 2
    fast = replace(MACHINE, ready=1e15, link=1e15)
    assert simulate(WORK, fast, pace).total == pytest.approx(2 * ALL / 5)


def test_rows_that_come_ahead_hide_behind_products():
    slow = replace(MACHINE, link=2e7)
    waiting, ahead = (simulate(WORK, slow, np.ones(5), prefetch) for prefetch in (False, True))
    few = WORK.few_bytes() / 2e7
    assert ahead.exchanging - few < (waiting.exchanging - few) / 1.5
    assert ahead.computing == waiting.computing


def test_a_death_costs_the_round_that_was_begun():
    run = simulate(WORK, MACHINE, np.ones(5))
    middle = (run.rounds[2] + run.rounds[1]) / 2
    assert run.with_death(middle, 7.0) == pytest.approx(run.total + middle - run.rounds[1] + 7)


def test_bytes_that_a_rank_receives():
    row, answer = 100 * 4 + 32, 16
    assert WORK.received(4) == 2 * 2 * 3000 * (row + answer)
    assert WORK.received(1) == 0
