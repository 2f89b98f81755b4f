"""The canonical distance in torch is that of the definition, to the last bit."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from helpers.families import FAMILIES

from kstar_gpu import definition
from kstar_gpu.distance import (
    lane_sum,
    norms,
    rounding_error,
    row_chunks,
    squared_distances,
    underflow_error,
)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("d", [1, 31, 32, 33, 100])
def test_squared_distances_are_those_of_the_definition(family, d, rng):
    x = family(rng, 60, d).astype(np.float64)
    wanted = definition.squared_distances(x[0], x)
    rows = torch.from_numpy(x)
    found = squared_distances(rows[:1].expand_as(rows), rows)
    np.testing.assert_array_equal(found.numpy(), wanted)


def test_lanes_are_added_in_the_order_of_the_definition():
    # 1 + 1 in lanes 0 and 16 come together before 2^53 in lane 8 could swallow either.
    products = torch.zeros(1, 32, dtype=torch.float64)
    products[0, [0, 16, 8]] = torch.tensor([1.0, 1.0, 2.0**53], dtype=torch.float64)
    assert lane_sum(products).item() == 2.0**53 + 2
    products[0, [16, 4]] = products[0, [4, 16]]
    assert lane_sum(products).item() == 2.0**53


@pytest.mark.parametrize("family", FAMILIES)
def test_norms_are_roots_of_canonical_sums(family, rng):
    x = family(rng, 60, 40)
    wide = x.astype(np.float64)
    wanted = np.sqrt(definition.squared_distances(np.zeros(wide.shape[1]), wide))
    np.testing.assert_array_equal(norms(torch.from_numpy(x)).numpy(), wanted)


@pytest.mark.parametrize(("rows", "features", "step"), [(10, 5, 4), (3, 100, 1), (0, 5, 4)])
def test_chunks_cover_all_rows_once(rows, features, step):
    chunks = row_chunks(rows, features, elements=20)
    assert [row for chunk in chunks for row in range(rows)[chunk]] == list(range(rows))
    assert all(chunk.stop - chunk.start <= step for chunk in chunks)


def exact(x, y):
    """The squared distance in rational numbers, which round nothing."""
    return sum(
        (Fraction(a) - Fraction(b)) ** 2 for a, b in zip(x.tolist(), y.tolist(), strict=True)
    )


@pytest.mark.parametrize("d", [1, 33, 300])
def test_the_canonical_distance_is_off_by_no_more_than_it_says(d, rng):
    for x, y in rng.standard_normal((60, 2, d)):
        wanted = exact(x, y)
        found = Fraction(definition.squared_distances(x, y[None]).item())
        assert abs(found - wanted) <= Fraction(rounding_error(d)) * wanted


@pytest.mark.parametrize("d", [1, 33, 300])
def test_underflow_takes_no_more_than_it_says(d, rng):
    scale = 2**600  # float64 has no room for such small roots' squares
    for x, y in 1e-161 * rng.standard_normal((60, 2, d)):
        wanted = float(exact(x * scale, y * scale)) ** 0.5
        found = float(definition.squared_distances(x, y[None]).item()) ** 0.5 * scale
        assert abs(found - wanted) <= underflow_error(d) * scale
