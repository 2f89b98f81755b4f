"""The frame of all balls begins amid the data."""

import numpy as np
import torch
from helpers.families import labels, problem_of

from kstar_gpu.engines.frame import Frame, make_centre

N = 120


def test_an_outlier_moves_the_centre_little(rng):
    x, y = rng.standard_normal((N, 40)), labels(rng, N, 3)
    x[np.argsort(y, kind="stable")[0]] = 1e100  # the first in class order: one of those looked at
    assert float(make_centre(problem_of(x, y)).abs().max()) < 5


def test_rows_and_radii_have_one_unit(rng):
    problem = problem_of(rng.standard_normal((N, 40)), labels(rng, N, 3))
    frame = Frame(make_centre(problem), 0.25)
    rows, given = frame.rows(problem.samples, slice(None)), problem.samples.rows(slice(None))
    distance = torch.linalg.vector_norm(rows[0] - rows[1])
    squared = torch.linalg.vector_norm(given[0] - given[1]) ** 2
    torch.testing.assert_close(distance, frame.radius(squared))
