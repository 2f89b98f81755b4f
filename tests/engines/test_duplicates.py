"""Equal samples of a class are one, with a weight; what two classes share is settled."""

import numpy as np
import pytest
import torch
from helpers.exact import assert_exact
from helpers.families import duplicates, gaussian, labels, problem_of

from kstar_gpu.engines.duplicates import NO_ROW, fingerprint_weights, without_duplicates
from kstar_gpu.engines.registry import choose_engine
from kstar_gpu.inputs.classes import make_classes
from kstar_gpu.inputs.problem import make_problem

CPU = torch.device("cpu")


def rows_of(side):
    return side.rows(slice(None)).numpy()


def placed(x, y, references, reference_labels):
    x, references = map(torch.from_numpy, (x, references))
    return make_problem(x, references, make_classes(y, reference_labels), "euclidean", CPU)


def join(problem, blind=False):
    """Join duplicates by true fingerprints, or by those of somebody to whom all rows look alike."""
    weights = 0 if blind else fingerprint_weights(problem.samples.values.shape[1])
    prints = [torch.from_numpy((rows_of(s) * weights).sum(1)) for s in problem.sides]
    return without_duplicates(problem, prints)


@pytest.fixture(params=["self form", "query form"])
def problem(request, rng):
    x, y = duplicates(rng, 200, 6), labels(rng, 200, 4)
    if request.param == "self form":
        return problem_of(x, y)
    return placed(x[:80], y[:80], x[80:], y[80:])


def equal_pairs(rows, others):
    return (rows[:, None] == others).all(2)


def test_equal_references_of_a_class_are_one(problem):
    distinct, references = join(problem), problem.references
    kept = distinct.reference_positions
    assert len(kept) < len(references)
    left = distinct.problem.references
    np.testing.assert_array_equal(rows_of(left), rows_of(references)[kept])
    np.testing.assert_array_equal(left.codes, references.codes[kept])
    equal = equal_pairs(rows_of(left), rows_of(references))
    equal &= left.codes[:, None] == references.codes
    assert (equal.sum(0) == 1).all()  # each has one that stands for it, and none is there twice
    np.testing.assert_array_equal(distinct.weights, equal.sum(1))
    np.testing.assert_array_equal(kept, equal.argmax(1))  # the first, whose row is the lowest


def test_every_sample_finds_the_one_that_stands_for_it(problem):
    distinct, samples = join(problem), problem.samples
    first = distinct.positions[distinct.kind]
    np.testing.assert_array_equal(rows_of(samples)[first], rows_of(samples))
    np.testing.assert_array_equal(samples.codes[first], samples.codes)
    others = distinct.weights - 1 if problem.self_form else 0 * distinct.positions
    np.testing.assert_array_equal(distinct.own_weights, others)


def test_samples_that_another_class_has_too_are_settled_with_its_lowest_row(problem):
    distinct, references = join(problem), problem.references
    samples = distinct.problem.samples
    foreign = samples.codes[:, None] != references.codes
    foreign &= equal_pairs(rows_of(samples), rows_of(references))
    lowest = np.where(foreign, references.order.numpy(), NO_ROW).min(1)
    np.testing.assert_array_equal(distinct.equal_rows, lowest)
    np.testing.assert_array_equal(distinct.settled, foreign.any(1))
    assert distinct.settled.any()
    assert not distinct.settled.all()


def test_queries_do_not_stand_for_each_other(rng):
    x, y = np.zeros((20, 3)), labels(rng, 20, 2)
    references = rng.standard_normal((30, 3)), labels(rng, 30, 2)
    distinct = join(placed(x, y, *references))
    np.testing.assert_array_equal(distinct.positions, np.arange(20))


def test_samples_that_only_look_alike_are_not_joined(problem):
    distinct, samples = join(problem, blind=True), problem.samples
    first = distinct.positions[distinct.kind]
    np.testing.assert_array_equal(rows_of(samples)[first], rows_of(samples))
    assert distinct.weights.sum() == len(problem.references)


def test_without_duplicates_nothing_changes(rng):
    problem = problem_of(gaussian(rng, 50, 4), labels(rng, 50, 3))
    distinct = join(problem)
    np.testing.assert_array_equal(distinct.positions, np.arange(50))
    assert (distinct.weights == 1).all()
    assert not distinct.settled.any()


def test_whole_numbers_have_64_bits_where_numpys_own_have_32(narrow_integers, rng):
    distinct = join(problem_of(gaussian(rng, 50, 4), labels(rng, 50, 3)))
    for column in (distinct.weights, distinct.equal_rows, distinct.positions, distinct.own_weights):
        assert column.dtype == np.int64


@pytest.mark.parametrize(("step", "joined"), [(1.0, True), (1e-170, False)])
def test_none_are_joined_where_different_rows_can_be_at_distance_zero(step, joined):
    # 0 of both classes, and its neighbour, whose difference to 0 may have no square.
    x, y = np.array([[0.0], [0.0], [0.0], [step], [9.0]]), np.array([0, 0, 1, 1, 1])
    distinct = join(problem_of(x, y))
    assert distinct.settled.any() == joined
    assert len(distinct.positions) == (4 if joined else 5)


def test_every_engine_looks_at_equal_samples_once(backend, rng):
    x, y = np.repeat(rng.standard_normal((40, 6)), 50, axis=0), np.repeat(np.arange(4), 500)
    device = torch.device("cuda:0" if backend == "cuda" else "cpu")
    engine = choose_engine(backend, "euclidean", device)(problem_of(x, y), device, None, False)
    assert len(engine.problem.samples) == 40
    assert_exact(x, y, backend=backend)
