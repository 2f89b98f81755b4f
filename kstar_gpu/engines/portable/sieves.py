"""What a tile's pairs are looked at through: balls of one precision and width each."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch

from ...inputs.problem import Integers, Problem
from .. import projection
from ..bounds import FLOAT32, Certificate
from ..lift import contraction
from ..projection import Costs, Trial
from .balls import Balls, make_certificate, make_narrow
from .byte_balls import BYTE_PRODUCT, TRIED_ROWS, Coarsening, choose_coarsening, make_bytes
from .screen import Screen
from .views import FAR

CROWDED = 32  # a sieve that leaves one pair in so many has not decided the tile
COARSE_CROWD = 48  # the same of coarse balls: to screen a pair costs so many products in float32
# Bytes are not looked at where they leave more of a few samples' pairs: until the reach is as short
# as theirs, as many again are left.
MOST_LEFT = 0.5 / COARSE_CROWD
MET_ROWS = 1024  # that a few samples meet, to tell how far most pairs are compared with
MET_SHARE = 16  # or of all references one in so many, where these are more
# Measured; `pair` are the passes over a tile. Narrow balls of bytes would save nothing beside it.
COSTS = Costs(pair=80, screened=300, screened_product=40, worth=1.5e10, boxed=1 << 20)


class Sieve(NamedTuple):
    """Balls of one precision and width."""

    bounds: Certificate
    crowd: float  # of so many pairs one may be left; a tile that leaves more goes to the next
    balls: list[Balls] | None  # per side; None for float64, which would take too much memory


def byte_scale(problem: Problem, screen: Screen) -> Coarsening | None:
    """Return how points become bytes; None where bytes would hardly tell them apart."""
    own, others = screen.balls[0], screen.balls[-1]
    some = slice(None, None, -(-len(own) // TRIED_ROWS))
    met = slice(None, None, max(1, min(MET_SHARE, len(others) // MET_ROWS)))
    points, other_points = own.points[some, :-1].clone(), others.points[met, :-1]
    points[:, -1] = 1
    acc = points @ other_points.T  # without their own seeds
    acc += own.points[some, -2:-1]
    same = problem.samples.codes[some, None] == problem.references.codes[met]
    acc.masked_fill_(torch.from_numpy(same).to(acc.device), FAR)
    distances = (-2 * acc).clamp_(min=0).sqrt_()  # infinite to the own class
    reach = distances.amin(1)
    known = reach[reach < torch.inf]
    typical = float(known.median()) if len(known) else 0.0
    how = choose_coarsening(own[some], typical, screen.bounds.dimensions)
    if how is None or not len(known):
        return how
    near = distances <= (reach + 2 * how.radius)[:, None]
    near &= distances < torch.inf
    return how if int(near.sum()) <= MOST_LEFT * int((~same).sum()) else None


def byte_sieve(how: Coarsening, full: list[Balls], exact: torch.device) -> Sieve:
    """Return the sieve of balls of bytes, made of those of float32."""
    return Sieve(how.bounds, COARSE_CROWD, [make_bytes(balls, how, exact) for balls in full])


def narrow_sieve(
    problem: Problem, full: list[Balls], widest: int, how: Coarsening | None
) -> Sieve | None:
    """Return balls of few dimensions, or None where full ones, or bytes, do as well.

    Parameters
    ----------
    full : balls of float32 of each side
    widest : no more dimensions than these
    how : points may become bytes
    """
    exact, device = problem.samples.values.device, full[0].points.device
    dimensions = problem.samples.values.shape[1]

    def points(side: int, positions: Integers) -> torch.Tensor:
        return full[side].points[torch.from_numpy(positions).to(device), :-2]

    trial = Trial(
        problem.samples.codes,
        problem.references.codes,
        problem.self_form,
        usual=np.arange(len(full[-1])),
        points=points,
    )
    costs = COSTS
    if how:
        costs = replace(costs, coarse_product=BYTE_PRODUCT, coarse_error=how.error)
    directions = projection.choose_balls(trial, dimensions, costs, widest).directions
    if directions is None:
        return None
    bounds = make_certificate(FLOAT32, directions.shape[1] + 1, dimensions, device)
    basis = contraction(directions.to(exact))
    return Sieve(bounds, COARSE_CROWD, [make_narrow(balls, basis, bounds, exact) for balls in full])
