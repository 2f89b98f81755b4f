"""Metrics: what each divides rows by, which distance it gives back, and what it cannot place."""

import numpy as np
import pytest
import torch
from helpers.five_samples import X, Y, assert_refused

from kstar_gpu import definition
from kstar_gpu.inputs.metrics import METRICS


def test_rows_divided_are_those_of_the_definition(rng):
    x = rng.standard_normal((50, 6))
    divisors = METRICS["cosine"].divisors(torch.from_numpy(x), "features").numpy()
    np.testing.assert_array_equal(x / divisors[:, None], definition.unit_rows(x))


def test_distances_are_the_metrics_own(rng):
    x = rng.standard_normal((50, 6))
    unit = definition.unit_rows(x)
    for metric, rows, wanted in [
        ("euclidean", x, np.linalg.norm(x - x[0], axis=1)),
        ("cosine", unit, 1 - unit @ unit[0]),
    ]:
        squared = definition.squared_distances(rows[0], rows)
        found = METRICS[metric].distance(squared)
        np.testing.assert_allclose(found, wanted, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (dict(metric=["cosine"]), ValueError, "metric: one of euclidean, cosine, precomputed is"),
        (dict(metric=np.array(["cosine", "euclidean"])), ValueError, "metric: one of euclidean"),
        (dict(metric=None), ValueError, "precomputed is wanted, got None"),
        (
            dict(metric="manhattan"),
            ValueError,
            "metric: one of euclidean, cosine, precomputed is wanted, got 'manhattan'",
        ),
        (
            dict(features=X - X[1], metric="cosine"),
            ValueError,
            "features: under metric='cosine' no row may be zero, got row 1",
        ),
        (
            dict(references=X - X[1], reference_labels=Y, metric="cosine"),
            ValueError,
            "references: under metric='cosine' no row may be zero, got row 1",
        ),
    ],
)
def test_what_is_no_metric_and_what_it_cannot_place(arguments, error, words):
    assert_refused(arguments, error, words)
