"""The sides of a problem as the compiled engine takes them: distinct samples, and their balls.

Where balls are narrow, samples of a class that are near each other stand next to each other: then
boxes around a few of them rule out whole tiles (csrc/cpu/boxes.hpp).
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from ...inputs.problem import Integers, Problem, Samples
from .. import projection
from ..duplicates import Distinct, fingerprint_weights, without_duplicates
from ..frame import make_centre
from ..projection import Choice, Costs
from . import _cpu
from .algebra import Crew, NativeAlgebra
from .balls import (
    Balls,
    BallTrial,
    Floats,
    choose_unit,
    in_whole_units,
    make_certificate,
    make_full,
    make_narrow,
)
from .byte_balls import make_bytes

# Measured: a pair costs its tile about as much as ten products more.
COSTS = Costs(pair=10, screened=3500, screened_product=2.6, worth=6e9)
# Products of bytes beside those of 16-bit numbers, on the instruction sets where they are faster.
BYTE_PRODUCT = {"avx512_vnni": 0.5, "avx512": 0.75, "avx2": 0.75}
# Of turned points about four standard deviations fill the range of a byte, whose rounding moves
# each of them by 12^-1/2 of a unit; and the certificate's weight costs a fifth of that again.
BYTE_ERROR = 1.2 * 4.2 / 12**0.5


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
    problem: Problem, widest: int, crew: Crew
) -> tuple[list[_cpu.Side], Distinct, Integers]:
    """Return the sides as the compiled engine takes them.

    Also the problem without duplicates whose sides they are, and the order of its samples in them.

    Parameters
    ----------
    widest : most dimensions that narrow balls may have
    """
    dimensions = problem.samples.values.shape[1]
    centre = make_centre(problem).numpy()
    sides, distinct = _distinct_sides(problem, centre, crew)
    lengths = np.concatenate([side.lengths for side in sides])
    scale, longest = choose_unit(lengths, dimensions)
    centre = in_whole_units(centre, scale)
    full = [
        make_full(native_rows(side.samples), side.lengths, centre, scale, longest, crew)
        for side in sides
    ]
    certificates = [make_certificate(full, scale, lengths, dimensions)]
    choice = _choose_balls(sides, full, problem.self_form, widest, crew)
    narrow = full
    if choice.directions is not None:
        narrow = make_narrow(full, choice.directions, certificates[0], crew)
        certificates.append(make_certificate(narrow, scale, lengths, dimensions))
    if choice.coarse:
        coarse = make_bytes(narrow, certificates[-1], crew)
        if coarse is not None:
            narrow, factor = coarse
            reach = None if choice.reach is None else choice.reach * factor
            certificates.append(
                make_certificate(narrow, scale * factor, lengths, dimensions, reach)
            )
    order = np.arange(len(sides[0].codes))
    if narrow[0].sums is None and narrow[0].width <= _cpu.BOXED_WIDTH:
        sides, full, narrow, order = _near_together(sides, full, narrow, certificates[-1], crew)
    compiled = [
        _cpu.Side(
            native_rows(side.samples),
            side.codes.astype(np.int32),
            side.samples.order.numpy(),
            side.weights.astype(np.int32),
            f.native(certificates[0]),
            n.native(certificates[-1]),
        )
        for side, f, n in zip(sides, full, narrow, strict=True)
    ]
    return compiled, distinct, order


def _distinct_sides(problem: Problem, centre: Floats, crew: Crew) -> tuple[list[Side], Distinct]:
    weights = fingerprint_weights(len(centre))
    lengths = [np.empty(len(samples)) for samples in problem.sides]
    fingerprints = [np.empty(len(samples)) for samples in problem.sides]
    for samples, length, fingerprint in zip(problem.sides, lengths, fingerprints, strict=True):
        _cpu.measure_rows(native_rows(samples), centre, weights, length, fingerprint, *crew)
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


def _choose_balls(
    sides: list[Side], full: list[Balls], self_form: bool, widest: int, crew: Crew
) -> Choice:
    """Return in how few directions, and with how fine numbers, to look first."""
    trial = BallTrial(
        sides[0].codes,
        sides[-1].codes,
        self_form,
        usual=np.flatnonzero(np.isfinite(full[-1].radii)),
        points=lambda side, positions: full[side].floats(positions),
        full=full,
        crew=crew,
        algebra=NativeAlgebra(crew),
    )
    target = crew.target or _cpu.targets()[0]
    costs = replace(
        COSTS,
        coarse_product=BYTE_PRODUCT.get(target),
        coarse_error=BYTE_ERROR / _cpu.largest_byte(target),
        boxed=_cpu.BOXED_WIDTH,
    )
    return projection.choose_balls(trial, full[0].width, costs, widest)


def _near_together(
    sides: list[Side],
    full: list[Balls],
    narrow: list[Balls],
    certificate: _cpu.Certificate,
    crew: Crew,
) -> tuple[list[Side], list[Balls], list[Balls], Integers]:
    """Let samples of a class that are near each other stand next to each other.

    Return all in the new order, and that of the samples.
    """
    orders = []
    for side, balls in zip(sides, narrow, strict=True):
        order = np.empty(len(side.codes), dtype=np.int64)
        _cpu.arrange(balls.native(certificate), side.codes.astype(np.int32), order, crew.threads)
        orders.append(order)
    sides = [side.taken(order) for side, order in zip(sides, orders, strict=True)]
    arranged = [balls.taken(order) for balls, order in zip(full, orders, strict=True)]
    if narrow is full:
        narrow = arranged
    else:
        narrow = [balls.taken(order) for balls, order in zip(narrow, orders, strict=True)]
    return sides, arranged, narrow, orders[0]
