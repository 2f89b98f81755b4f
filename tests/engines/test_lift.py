"""A projection that lengthens nothing, and with what it misses bounds distances from both sides."""

import pytest
import torch

from kstar_gpu.engines.lift import contraction, lift


def test_a_contraction_lengthens_no_vector(rng):
    directions = torch.from_numpy(rng.standard_normal((40, 8)))
    assert float(torch.linalg.matrix_norm(directions, 2)) > 5
    assert float(torch.linalg.matrix_norm(contraction(directions), 2)) <= 1


@pytest.mark.parametrize("width", [1, 8, 30])
def test_lifted_points_lie_no_farther_apart_and_mirrored_ones_no_nearer(width, rng):
    points = torch.from_numpy(rng.standard_normal((120, 40)))
    directions = torch.from_numpy(rng.standard_normal((40, width)))
    lifted, error = lift(points, contraction(directions))
    mirrored = lifted.clone()
    mirrored[:, -1] *= -1
    distance, doubt = torch.cdist(points, points), error[:, None] + error + 1e-9  # of cdist
    off = ~torch.eye(120, dtype=torch.bool)
    assert bool((torch.cdist(lifted, lifted) <= distance + doubt)[off].all())
    assert bool((torch.cdist(lifted, mirrored) >= distance - doubt)[off].all())
    assert float(error.max()) < 1e-6
