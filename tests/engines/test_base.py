"""What all engines that look at balls have in common: they are asked of distinct samples alone."""

import numpy as np
import pytest
import torch
from helpers.families import duplicates, labels, problem_of, vanishing_differences

from kstar_gpu import definition
from kstar_gpu.engines.base import BallEngine
from kstar_gpu.engines.duplicates import NO_ROW, fingerprint_weights, without_duplicates
from kstar_gpu.inputs.classes import make_classes
from kstar_gpu.inputs.problem import make_problem

CPU = torch.device("cpu")


class Plain(BallEngine):
    """The least that an engine can be: it measures all pairs of distinct samples."""

    def __init__(self, problem):
        super().__init__(problem, CPU, None, False)
        weights = fingerprint_weights(problem.samples.values.shape[1])
        prints = [(side.rows(slice(None)).numpy() * weights).sum(1) for side in problem.sides]
        self.distinct = without_duplicates(problem, [torch.from_numpy(each) for each in prints])
        sides = self.problem.samples, self.problem.references
        samples, references = (side.rows(slice(None)).numpy() for side in sides)
        self.squared = np.stack([definition.squared_distances(x, references) for x in samples])
        codes = self.problem.samples.codes[:, None], self.problem.references.codes
        self.foreign = codes[0] != codes[1]
        self.own = ~self.foreign
        if self.problem.self_form:
            np.fill_diagonal(self.own, False)

    def _search(self, squared, rows):
        self.known = squared.clone(), rows.clone()
        distances = np.where(self.foreign, self.squared, np.inf)
        order = self.problem.references.order.numpy()
        nearest = distances.min(1)
        found = np.where(distances == nearest[:, None], order, NO_ROW).min(1)
        settled = squared.numpy() == 0
        found = torch.from_numpy(np.where(settled, rows, found))
        return torch.from_numpy(np.where(settled, 0.0, nearest)), found

    def _count(self, squared):
        within = (self.squared < squared.numpy()[:, None]) & self.own
        return torch.from_numpy(within @ self.distinct.weights)


@pytest.fixture(params=[duplicates, vanishing_differences])
def family(request):
    return request.param


@pytest.mark.parametrize("self_form", [True, False])
def test_what_is_found_of_distinct_samples_is_true_of_all(self_form, family, rng):
    x, y = family(rng, 200, 5), labels(rng, 200, 4)
    if self_form:
        problem, wanted = problem_of(x, y), definition.table(x, y)
    else:
        classes = make_classes(y[:80], y[80:])
        sides = torch.from_numpy(x[:80]), torch.from_numpy(x[80:])
        problem = make_problem(*sides, classes, "euclidean", CPU)
        wanted = definition.table(x[:80], y[:80], x[80:], y[80:])
    engine = Plain(problem)
    squared, rows = engine.nearest_foreign()
    counts = engine.count_within(squared)
    np.testing.assert_array_equal(problem.in_input_order(squared), wanted.squared_distance)
    np.testing.assert_array_equal(problem.in_input_order(rows), wanted.row)
    np.testing.assert_array_equal(problem.in_input_order(1 + counts), wanted.kstar)


def test_a_search_is_told_what_is_settled(rng):
    engine = Plain(problem_of(duplicates(rng, 200, 5), labels(rng, 200, 4)))
    engine.nearest_foreign()
    squared, rows = engine.known
    assert len(squared) == len(engine.problem.samples) < 200
    settled = rows != NO_ROW
    assert settled.any()
    assert (squared[settled] == 0).all()
    assert torch.isinf(squared[~settled]).all()


def test_within_nothing_there_is_nothing():
    engine = Plain(problem_of(np.array([[0.0], [0.0], [0.0], [1.0]]), np.array([0, 0, 1, 1])))
    assert engine.count_within(torch.zeros(4, dtype=torch.float64)).tolist() == [0, 0, 0, 0]
    assert engine.count_within(torch.full((4,), 0.5, dtype=torch.float64)).tolist() == [1, 1, 0, 0]
