"""What balls that meet each other have in common, and what a search looks at first.

All samples of a problem share it; and all shards, of which any two may meet (`pairs.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from torch import Tensor

from ...inputs.problem import Integers
from .. import projection
from ..projection import Costs
from . import _cpu
from .algebra import Crew, NativeAlgebra
from .balls import Balls, BallTrial, Floats, make_certificate, make_narrow
from .byte_balls import Coarsening, choose_coarsening, make_bytes, mean_radius
from .memory import Room

# Measured: a pair costs its tile about as much as ten products more.
COSTS = Costs(pair=10, screened=3500, screened_product=2.6, worth=6e9)
# Products of bytes beside those of 16-bit numbers, on the instruction sets where they are faster.
BYTE_PRODUCT = {"avx512_vnni": 0.52, "avx512": 0.67, "avx_vnni": 0.5, "avx2": 0.62}
# That of amx is computed: four products of bytes make one of 16-bit numbers there.
BYTE_PRODUCT |= {"amx": 0.25}
# Not measured: instructions counted, of which one makes 16 or 32 of these products, and 4 of those.
BYTE_PRODUCT |= {"neon_dot": 0.25, "i8mm": 0.15}
# Of turned points about four standard deviations fill the range of a byte, whose rounding moves
# each of them by 12^-1/2 of a unit; and the certificate's weight costs a fifth of that again.
BYTE_ERROR = 1.2 * 4.2 / 12**0.5
DISMAL = 1.25  # radius of balls of bytes beside what the choice of them expected
COARSENED = 128  # points that the unit of bytes is chosen on


@dataclass(frozen=True)
class Common:
    """How samples become balls.

    Attributes
    ----------
    centre : (d,) taken off, in whole units
    scale : units per unit of the features, a power of two
    longest : samples farther from the centre are outliers
    directions : (d, h) of narrow balls; None where the full ones are looked at first
    coarsening : to bytes; None where 16-bit numbers are looked at first
    reach : how near the nearest foreign sample is to most, in units, where it is known
    error : how far bytes are expected to move a point, in units, where that was asked
    """

    centre: Floats
    scale: float
    longest: float
    directions: Tensor | None = None
    coarsening: Coarsening | None = None
    reach: float | None = None
    error: float | None = None


class HasClasses(Protocol):
    """One side, of which nothing but the classes is wanted."""

    @property
    def codes(self) -> Integers:
        """Class of each sample."""
        ...


def choose_first_look(
    common: Common,
    sides: Sequence[HasClasses],
    full: list[Balls],
    certificate: _cpu.Certificate,
    self_form: bool,
    room: Room,
    crew: Crew,
    each: float = 1.0,
) -> Common:
    """Add in how few directions, and with how fine numbers, to look first.

    Parameters
    ----------
    full, certificate : balls of all sides
    each : how many samples each of these stands for
    """
    trial = BallTrial(
        sides[0].codes,
        sides[-1].codes,
        self_form,
        usual=np.flatnonzero(np.isfinite(full[-1].radii)),
        points=lambda side, positions: full[side].floats(positions),
        full=full,
        crew=crew,
        algebra=NativeAlgebra(crew),
        each=each,
    )
    target = crew.target or _cpu.targets()[0]
    costs = replace(
        COSTS,
        coarse_product=BYTE_PRODUCT.get(target) if room.bytes else None,
        coarse_error=BYTE_ERROR / _cpu.largest_byte(target),
        boxed=_cpu.BOXED_WIDTH,
    )
    choice = projection.choose_balls(trial, full[0].width, costs, room.widest)
    common = replace(common, directions=choice.directions, reach=choice.reach, error=choice.error)
    if not choice.coarse:
        return common
    some = [full[-1].taken(trial.usual[:: -(-len(trial.usual) // COARSENED)])]
    narrow = _narrow(common, some, certificate, crew)
    return replace(common, coarsening=choose_coarsening(narrow[0], certificate, crew))


def first_balls(
    common: Common,
    full: list[Balls],
    certificate: _cpu.Certificate,
    lengths: Floats,
    crew: Crew,
) -> tuple[list[Balls], _cpu.Certificate]:
    """Return the balls of all sides that a search looks at first, and their certificate.

    Parameters
    ----------
    full, certificate : full balls of all sides
    lengths : of all samples, in the features' unit
    """
    dimensions = full[0].width
    narrow = _narrow(common, full, certificate, crew)
    if narrow is not full:
        certificate = certify(common, narrow, lengths, dimensions)
    if common.coarsening is None:
        return narrow, certificate
    coarse = make_bytes(narrow, certificate, common.coarsening, crew)
    if coarse is None:
        return narrow, certificate
    # Where some points are far longer than most, either these or those are blurred.
    expected = None if common.error is None else common.error * common.coarsening.factor
    if expected is not None and mean_radius(coarse) > DISMAL * expected:
        return narrow, certificate
    return coarse, certify(common, coarse, lengths, dimensions)


def certify(
    common: Common, balls: list[Balls], lengths: Floats, dimensions: int
) -> _cpu.Certificate:
    """Return the certificate of balls that were made as is common.

    Parameters
    ----------
    balls : of all sides, in 16-bit numbers or in bytes
    lengths : of all samples, in the features' unit
    dimensions : of these
    """
    if balls[0].sums is None or common.coarsening is None:
        return make_certificate(balls, common.scale, lengths, dimensions)
    factor = common.coarsening.factor
    reach = None if common.reach is None else common.reach * factor
    return make_certificate(balls, common.scale * factor, lengths, dimensions, reach)


def _narrow(
    common: Common, full: list[Balls], certificate: _cpu.Certificate, crew: Crew
) -> list[Balls]:
    if common.directions is None:
        return full
    return make_narrow(full, common.directions, certificate, crew)
