"""The model of many ranks: every pair is met once, and time is lost where it has to be."""

from dataclasses import replace

import numpy as np
import pytest
from ranks_model import Machine, Work, simulate

WORK = Work(samples=12_000, features=100, classes=100, number_bytes=4)
MACHINE = Machine(search=1e9, count=1e9, ready=1e9, link=1e9, latency=0.0, choice=0.0)
ALL = 12_000**2 / 2 * 100 / 1e9  # seconds of all pairs on one rank


def test_one_rank_multiplies_all_pairs():
    run = simulate(WORK, MACHINE, np.ones(1))
    assert run.computing == pytest.approx(ALL + 12_000 * 100 / 1e9)
    assert run.total == pytest.approx(run.computing)
    assert run.exchanging == 0


def test_ranks_share_the_products():
    fast = replace(MACHINE, ready=1e15, link=1e15)
    run = simulate(WORK, fast, np.ones(5))
    assert run.total == pytest.approx(ALL / 5)
    assert len(run.rounds) == 1 + 5 // 2 + 1
    assert simulate(WORK, fast, np.ones(5), cores=1).total == pytest.approx(ALL)


def test_all_wait_for_a_straggler():
    pace = np.ones(5)
    pace[2] = 2
    fast = replace(MACHINE, ready=1e15, link=1e15)
    assert simulate(WORK, fast, pace).total == pytest.approx(2 * ALL / 5)


def test_rows_that_come_ahead_hide_behind_products():
    slow = replace(MACHINE, link=2e7)
    waits = simulate(WORK, slow, np.ones(5)).exchanging
    nothing_hides = replace(slow, search=np.inf, count=np.inf, ready=np.inf)
    idle = simulate(WORK, nothing_hides, np.ones(5)).exchanging
    rows = WORK.row_bytes(5) / 2e7
    assert idle == pytest.approx(WORK.received(5) / 2e7 + WORK.few_bytes() / 2e7)
    assert waits < idle - rows


def test_a_death_costs_the_round_that_was_begun():
    run = simulate(WORK, MACHINE, np.ones(5))
    middle = (run.rounds[2] + run.rounds[1]) / 2
    assert run.with_death(middle, 7.0) == pytest.approx(run.total + middle - run.rounds[1] + 7)


def test_bytes_that_a_rank_receives():
    """Of one rank ahead, and of half of the one opposite; and of three quarters of its classes."""
    row, answer = 100 * 4 + 32, 16
    searched, counted = 1.5 * 3000 * (row + answer), 0.75 * 3000 * (row + answer / 2)
    assert WORK.received(4) == pytest.approx(searched + counted)
    assert WORK.received(1) == 0


def test_classes_larger_than_a_share_are_counted_by_all():
    two = replace(WORK, classes=2)
    assert two.places(8) == (0, 1)
    assert WORK.places(4) == (0.25, 0)
    fast = replace(MACHINE, ready=1e15, link=1e15)
    run = simulate(two, fast, np.ones(5))
    assert run.total == pytest.approx(ALL / 5)
    assert len(run.rounds) == 2 * (1 + 5 // 2)
