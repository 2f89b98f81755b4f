"""The sides of a problem as the compiled engine takes them: distinct, and near ones together."""

import numpy as np
import pytest
from helpers.families import duplicates, gaussian, labels, problem_of

pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")

from kstar_gpu.engines.cpu import _cpu
from kstar_gpu.engines.cpu.balls import Crew
from kstar_gpu.engines.cpu.memory import Room
from kstar_gpu.engines.cpu.sides import make_sides

CREW = Crew(2, "")


@pytest.mark.parametrize("family", [gaussian, duplicates])
@pytest.mark.parametrize("d", [3, 100])
def test_distinct_samples_stay_in_class_order(family, d, rng):
    problem = problem_of(family(rng, 500, d), labels(rng, 500, 4))
    sides, distinct, order = make_sides(problem, Room(0, False), CREW)[:3]
    assert len(sides) == 1
    np.testing.assert_array_equal(np.sort(order), np.arange(len(distinct.positions)))
    codes = distinct.problem.samples.codes[order]
    np.testing.assert_array_equal(codes, np.sort(codes))


@pytest.mark.parametrize(("d", "arranged"), [(2, True), (_cpu.BOXED_WIDTH + 1, False)])
def test_near_samples_stand_together_where_boxes_are_looked_at(d, arranged, rng):
    x, y = rng.standard_normal((2000, d)), labels(rng, 2000, 3)
    problem = problem_of(x, y)
    _, distinct, order = make_sides(problem, Room(0, False), CREW)[:3]
    rows = distinct.problem.samples.rows(slice(None)).numpy()

    def step(rows):
        return np.linalg.norm(np.diff(rows, axis=0), axis=1).mean()

    assert (step(rows[order]) < step(rows) / 3) == arranged
    assert (order == np.arange(len(order))).all() != arranged
