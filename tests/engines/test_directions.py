"""Principal directions: those of most variance, in their order, whoever multiplies."""

import numpy as np
import pytest
import torch
from numpy.linalg import svd

from kstar_gpu.engines.directions import Algebra, gram_schmidt, principal_directions


def spread_rows(rng, spreads, count=1000):
    """Return rows of these standard deviations in directions of no axis, and the directions."""
    basis = np.linalg.qr(rng.standard_normal((len(spreads), len(spreads))))[0]
    rows = 7 + (rng.standard_normal((count, len(spreads))) * spreads) @ basis.T
    return torch.from_numpy(rows.astype(np.float32)), basis


def variance_within(rows, directions):
    """Return how much of the variance of the rows is in the span of directions (d, h)."""
    centred = rows.numpy().astype(np.float64)
    centred -= centred.mean(0)
    basis = np.linalg.qr(directions)[0]
    return np.square(centred @ basis).sum() / np.square(centred).sum()


def test_principal_directions_are_found_in_their_order(rng):
    rows, basis = spread_rows(rng, np.array([100.0, 30.0, 10.0] + [0.1] * 47))
    directions = principal_directions(rows, 3)
    assert directions.shape == (50, 3)
    aligned = np.abs(np.sum(directions.numpy() * basis[:, :3], axis=0))
    assert (aligned > 0.99).all()


# One direction outweighs all others; variance falls as in networks; slowly; in two steps.
SPECTRA = {
    "one": [1e4] + [1.0] * 299,
    "network": 1 / np.arange(1, 301),
    "slow": 1 / np.arange(1, 301) ** 0.5,
    "steps": [30.0] * 20 + [1.0] * 280,
}


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_leading_directions_hold_nearly_as_much_variance_as_can_be(spectrum, rng):
    rows, _ = spread_rows(rng, np.asarray(SPECTRA[spectrum]))
    directions = principal_directions(rows, 256).numpy()
    best = svd(rows.numpy() - rows.numpy().mean(0), full_matrices=False)[2].T
    for width in (16, 64, 128, 192):
        wanted = variance_within(rows, best[:, :width])
        assert variance_within(rows, directions[:, :width]) > 0.95 * wanted


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_directions_are_orthonormal(spectrum, rng):
    rows, _ = spread_rows(rng, np.asarray(SPECTRA[spectrum]))
    directions = principal_directions(rows, 256).to(torch.float64)
    assert directions.shape[1] > 200
    gram = directions.T @ directions
    assert float((gram - torch.eye(len(gram))).abs().max()) < 1e-5


def test_no_more_directions_than_rows_span_or_have_features(rng):
    rows = torch.from_numpy(rng.standard_normal((20, 8)).astype(np.float32))
    assert principal_directions(rows, 16).shape == (8, 8)
    assert principal_directions(rows, 3).shape == (8, 3)
    assert principal_directions(rows[:5], 16).shape == (8, 4)  # about their mean
    assert principal_directions(torch.ones(5, 8), 16).shape == (8, 0)


def test_gram_schmidt_takes_the_longest_rest_first(rng):
    rows = rng.standard_normal((6, 20)) * np.array([1, 5, 2, 9, 3, 0.5])[:, None]
    transform = gram_schmidt(rows @ rows.T)
    directions = transform @ rows
    np.testing.assert_allclose(directions @ directions.T, np.eye(6), atol=1e-12)
    assert [int(np.flatnonzero(row)[-1]) for row in transform[:1]] == [3]
    rests = [np.abs(rows - rows @ directions[:k].T @ directions[:k]) for k in range(6)]
    longest = [np.linalg.norm(rest, axis=1).max() for rest in rests]
    lengths = [np.linalg.norm(rests[k], axis=1)[transform[k] != 0].max() for k in range(6)]
    np.testing.assert_allclose(lengths, longest)


def test_dependent_rows_make_no_direction(rng):
    rows = rng.standard_normal((4, 9))
    rows = np.concatenate([rows, rows @ rows.T @ rows, np.zeros((2, 9))])
    assert gram_schmidt(rows @ rows.T).shape == (4, 10)
    assert gram_schmidt(np.zeros((3, 3))).shape == (0, 3)


def test_torch_multiplies_as_it_says(rng):
    rows = torch.from_numpy(rng.standard_normal((30, 12)).astype(np.float32))
    algebra = Algebra()
    assert float(algebra.centred(rows).mean(0).abs().max()) < 1e-6
    np.testing.assert_allclose(
        algebra.squared_lengths(rows), np.square(rows.numpy()).sum(1), rtol=1e-5
    )
    np.testing.assert_allclose(
        algebra.product(rows, rows.T), rows.numpy() @ rows.numpy().T, rtol=1e-4, atol=1e-5
    )
