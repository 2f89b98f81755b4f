"""The sides of a problem as the compiled engine takes them: distinct samples, and their balls.

Where balls are narrow, samples of a class that are near each other stand next to each other: then
boxes around a few of them rule out most pairs (csrc/cpu/tree.hpp).
"""

from dataclasses import dataclass

import numpy as np
import torch

from ...inputs.problem import Integers, Problem, Samples
from ..duplicates import Distinct, fingerprint_weights, without_duplicates
from ..frame import make_centre
from . import _cpu
from .algebra import Crew
from .balls import (
    Balls,
    Floats,
    choose_unit,
    in_whole_units,
    make_certificate,
    make_full,
)
from .common import Common, choose_first_look, first_balls
from .memory import Room


@dataclass(frozen=True)
class Side:
    """One side of the problem."""

    samples: Samples
    weights: Integers  # how many equal samples each stands for
    lengths: Floats  # distance from the centre, in the features' unit

    @property
    def codes(self) -> Integers:
        """Class of each sample."""
        return self.samples.codes

    def taken(self, order: Integers) -> "Side":
        """Return the same side in another order."""
        return Side(self.samples.taken(order), self.weights[order], self.lengths[order])


def make_sides(
    problem: Problem, room: Room, crew: Crew
) -> tuple[list[_cpu.Side], Distinct, Integers, Common]:
    """Return the sides as the compiled engine takes them.

    Also the problem without duplicates whose sides they are, the order of its samples in them, and
    what their balls have in common.

    Parameters
    ----------
    room : for what a search looks at first
    """
    dimensions = problem.samples.values.shape[1]
    centre = make_centre(problem).numpy()
    sides, distinct = _distinct_sides(problem, centre, crew)
    lengths = np.concatenate([side.lengths for side in sides])
    scale, longest = choose_unit(lengths, dimensions)
    common = Common(in_whole_units(centre, scale), scale, longest)
    full = [full_balls(side, common, crew) for side in sides]
    fitting = make_certificate(full, common.scale, lengths, dimensions)
    common = choose_first_look(common, sides, full, fitting, problem.self_form, room, crew)
    narrow, certificate = first_balls(common, full, fitting, lengths, crew)
    order = np.arange(len(sides[0].codes))
    if narrow[0].sums is None and narrow[0].width <= _cpu.BOXED_WIDTH:
        sides, full, narrow, order = near_together(sides, full, narrow, certificate, crew)
    compiled = [
        _cpu.Side(
            native_rows(side.samples),
            side.codes.astype(np.int32),
            side.samples.order.numpy(),
            side.weights.astype(np.int32),
            f.native(fitting),
            n.native(certificate),
        )
        for side, f, n in zip(sides, full, narrow, strict=True)
    ]
    return compiled, distinct, order, common


def full_balls(side: Side, common: Common, crew: Crew) -> Balls:
    """Return the full balls of one side."""
    return make_full(
        native_rows(side.samples), side.lengths, common.centre, common.scale, common.longest, crew
    )


def measured(samples: Samples, centre: Floats, crew: Crew) -> tuple[Floats, Floats]:
    """Return how far each sample is from the centre, and a number that equal ones share."""
    lengths, fingerprints = np.empty(len(samples)), np.empty(len(samples))
    weights = fingerprint_weights(len(centre))
    _cpu.measure_rows(native_rows(samples), centre, weights, lengths, fingerprints, *crew)
    return lengths, fingerprints


def _distinct_sides(problem: Problem, centre: Floats, crew: Crew) -> tuple[list[Side], Distinct]:
    measures = [measured(samples, centre, crew) for samples in problem.sides]
    lengths = [length for length, _ in measures]
    fingerprints = [torch.from_numpy(fingerprint) for _, fingerprint in measures]
    distinct = without_duplicates(problem, fingerprints)
    references = distinct.problem.references
    sides = [Side(references, distinct.weights, lengths[-1][distinct.reference_positions])]
    if not problem.self_form:
        samples = distinct.problem.samples
        sides.insert(0, Side(samples, np.ones_like(distinct.positions), lengths[0]))
    return sides, distinct


def native_rows(side: Samples) -> _cpu.Members:
    """Return rows as the extension takes them."""
    type_name = str(side.values.dtype).removeprefix("torch.")
    # numpy has no bfloat16: hand over its bits.
    values = side.values.view(torch.int16) if type_name == "bfloat16" else side.values
    norms = None if side.divisors is None else side.divisors.numpy()
    return _cpu.Members(values.numpy(), type_name, norms, side.order.numpy())


def near_together(
    sides: list[Side],
    full: list[Balls],
    narrow: list[Balls],
    certificate: _cpu.Certificate,
    crew: Crew,
) -> tuple[list[Side], list[Balls], list[Balls], Integers]:
    """Let samples of a class that are near each other stand next to each other.

    Return all in the new order, and that of the samples. The balls that are given are used up.
    """
    orders = []
    for side, balls in zip(sides, narrow, strict=True):
        order = np.empty(len(side.codes), dtype=np.int64)
        _cpu.arrange(balls.native(certificate), side.codes.astype(np.int32), order, crew.threads)
        orders.append(order)
    sides = [side.taken(order) for side, order in zip(sides, orders, strict=True)]
    arranged = [balls.arranged(order) for balls, order in zip(full, orders, strict=True)]
    if narrow is full:
        narrow = arranged
    else:
        narrow = [balls.arranged(order) for balls, order in zip(narrow, orders, strict=True)]
    return sides, arranged, narrow, orders[0]
