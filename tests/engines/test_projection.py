"""Directions in which samples are looked at first: they are found, and chosen where they pay."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from kstar_gpu.engines import projection
from kstar_gpu.engines.projection import WIDTHS, Costs, Trial, choose_balls

# As of an engine whose tiles cost what they multiply, and which pays for a survivor.
COSTS = Costs(pair=10, screened=100, screened_product=2, worth=0)


def population_of(x, y, both_ways=True):
    points = torch.from_numpy(x.astype(np.float32))
    return Trial(y, y, both_ways, np.arange(len(x)), lambda side, rows: points[rows])


@pytest.fixture
def flat(rng):
    """Samples of many lengths in twelve directions of many, each of which matters."""
    x = rng.standard_normal((1500, 12)) * rng.uniform(1, 10, (1500, 1))
    basis = np.linalg.qr(rng.standard_normal((300, 12)))[0]
    return x @ basis.T + 1e-3 * rng.standard_normal((1500, 300)), np.arange(1500) % 5


def test_few_directions_are_chosen_where_they_decide(flat):
    directions = choose_balls(population_of(*flat), 300, COSTS, widest=150).directions
    assert directions is not None
    assert directions.shape == (300, WIDTHS[0])


def test_where_samples_span_fewer_directions_than_any_width_all_are_chosen(rng):
    x, y = rng.standard_normal((1500, 5)) @ rng.standard_normal((5, 300)), np.arange(1500) % 5
    directions = choose_balls(population_of(x, y), 300, COSTS, widest=150).directions
    assert directions is not None
    assert directions.shape == (300, 5)


@pytest.mark.parametrize(("widest", "most"), [(150, 12), (12, 12), (11, 8), (3, 0)])
def test_no_more_are_chosen_than_there_may_be(widest, most, flat):
    found = choose_balls(population_of(*flat), 300, COSTS, widest, widths=(4, 8, 12)).directions
    assert (0 if found is None else found.shape[1]) == most


@pytest.mark.parametrize(("count", "each"), [(1500, 1), (200, 100)])  # few span all that they are
def test_none_are_chosen_where_every_direction_matters(count, each, rng):
    x, y = rng.standard_normal((count, 300)), np.arange(count) % 5
    population = replace(population_of(x, y), each=each)
    dear = replace(COSTS, screened=1000)
    assert choose_balls(population, 300, dear, widest=255).directions is None


def test_none_are_chosen_where_it_is_not_worth_asking(flat):
    dear = replace(COSTS, worth=1e12)
    assert choose_balls(population_of(*flat), 300, dear, widest=150).directions is None


def test_none_are_chosen_where_all_rows_are_equal():
    x, y = np.ones((1500, 300)), np.arange(1500) % 5
    free = replace(COSTS, screened=0, screened_product=0)
    assert choose_balls(population_of(x, y), 300, free, widest=150).directions is None


def test_pairs_of_different_classes_are_counted(rng):
    y = rng.integers(0, 4, 50)
    trial = population_of(np.zeros((50, 2)), y)
    pairs = np.count_nonzero(y[:, None] != y)
    assert trial.foreign_pairs() == pairs / 2
    assert replace(trial, both_ways=False).foreign_pairs() == pairs


def test_survivors_are_those_that_a_projection_cannot_tell(flat):
    survey = population_of(*flat).survey(at_once=1000)
    in_none, in_all = (
        survey.survivors(torch.zeros(300, 1), [1])[0],
        survey.survivors(torch.eye(300), [300])[0],
    )
    lengths = survey.queries.norm(dim=1)[:, None] - survey.others.norm(dim=1)
    within = (lengths.abs() <= survey.radii[:, None]) & survey.foreign
    assert in_none == [pytest.approx(float(within.sum() / survey.foreign.sum()), abs=1e-3)]
    assert in_all[0] < in_none[0] / 10 < 0.09


def test_errors_let_more_pairs_survive_up_to_all(flat):
    survey = population_of(*flat).survey(at_once=1000)
    directions, errors = torch.eye(300)[:, :8], (0, 0.05, 0.5, 10)
    narrow = survey.survivors(directions, [4, 8], errors)
    full = [survey.full_survivors(error) for error in errors]
    for shares in (*zip(*narrow, strict=True), full):
        assert sorted(shares) == list(shares)
        assert shares[-1] == 1
        assert len({*shares}) == len(errors)


def test_full_survivors_are_the_pairs_within_reach(rng):
    x, y = rng.standard_normal((1500, 6)), np.arange(1500) % 5
    survey = population_of(x, y).survey(at_once=1000)
    distances = np.linalg.norm(survey.queries[:, None] - survey.others, axis=2)
    long = np.quantile(np.linalg.norm(survey.others, axis=1), 0.95)
    foreign = survey.foreign.numpy()
    for error in (0.01, 0.1):
        within = (distances <= survey.radii[:, None].numpy() + 2 * error * long) & foreign
        wanted = within.sum() / foreign.sum()
        # A pair at the very edge may fall on either side: float32 against float64.
        assert survey.full_survivors(error) == pytest.approx(wanted, abs=1e-3)


def coarse(**given):
    return replace(COSTS, **{"coarse_product": 0.5, "coarse_error": 1e-4} | given)


def test_coarse_numbers_are_chosen_where_they_are_cheap_and_sharp(flat, rng):
    choice = choose_balls(population_of(*flat), 300, coarse(), widest=150)
    assert choice.coarse
    assert choice.directions is not None
    every = rng.standard_normal((1500, 300)), np.arange(1500) % 5
    choice = choose_balls(population_of(*every), 300, coarse(screened=1000), widest=150)
    assert (choice.directions, choice.coarse) == (None, True)


@pytest.mark.parametrize("dear", [{"coarse_product": 2}, {"coarse_error": 5}, {"boxed": 1000}])
def test_fine_numbers_are_chosen_where_coarse_ones_are_dear_or_blunt(dear, flat):
    choice = choose_balls(population_of(*flat), 300, coarse(**dear), widest=150)
    assert not choice.coarse
    assert choice.directions is not None


def test_a_choice_says_how_far_samples_see(flat):
    trial = population_of(*flat)
    reach = choose_balls(trial, 300, COSTS, widest=150).reach
    assert reach == float(trial.survey(projection.FLOATS_AT_ONCE // 300).radii.median())
    assert choose_balls(trial, 300, replace(COSTS, worth=1e12), widest=150).reach is None


def test_none_are_chosen_where_all_references_are_outliers(flat):
    trial = replace(population_of(*flat), usual=np.arange(0))
    assert choose_balls(trial, 300, coarse(), widest=150) == projection.Choice(None)


def test_samples_see_as_far_as_their_nearest_foreign_reference(flat, monkeypatch):
    x, y = flat
    monkeypatch.setattr(projection, "NEAR_AT_ONCE", 64)
    asking, near = np.arange(0, 1500, 100), np.arange(0, 1500, 7)
    found = population_of(x, y).nearest(asking, near)
    distances = np.linalg.norm(x[asking, None] - x[near], axis=2)
    distances[y[asking, None] == y[near]] = np.inf
    np.testing.assert_allclose(found, distances.min(1), rtol=1e-3)
