"""What a product in low precision proves about a canonical distance: bounds that never lie.

Each sample is stored as a *ball*: a centre z in low precision and a radius e, such that the true
(shifted and scaled) row lies within e of z. For two balls the product of their centres gives

    acc  =  s_i + s_j + <z_i, z_j>          as computed, rounding included

where the *seeds* s are minus half the squared norms, moved so far outward that

    -2 acc  <=  |z_i - z_j|^2  -  (1 + 1/w) (e_i^2 + e_j^2)                                  (1)
    -2 acc  >=  |z_i - z_j|^2  -  slack_i  -  slack_j                                        (2)

whatever the order of the sum. Because (r + e_i + e_j)^2 <= (1 + w) (r + e_i)^2 + (1 + 1/w) e_j^2
for every w > 0, line (1) turns "this pair is farther than r_i" into one comparison of `acc` with
a number of row i alone. Likewise, (r - e_i - e_j)^2 >= (1 - w) (r - e_i)^2 - e_j^2 / w turns line
(2) into a comparison with one number of each row. All functions take float64 vectors; what is
added to `acc`, or compared with it, comes in the type of sums, rounded in the direction that
decides less.

Rounding bounds: Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., section 3.1;
for tensor cores, which cut addends off 23 bits below the largest one: Fasi et al. 2021 and MMA-Sim,
arXiv 2511.10909.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..distance import rounding_error

OUTWARD = 1 + 2.0**-40  # covers the few float64 roundings inside the formulas below


@dataclass(frozen=True)
class Precision:
    """The floating types that balls are stored in, and that products of them are summed in."""

    dtype: torch.dtype
    sums: torch.dtype  # also of seeds and thresholds
    unit: float  # what one step of a sum may be off by, relatively
    weight: float  # w above: far above e / r, far below 1
    smallest: float  # smallest normal number
    vanishing: float  # length above that of any row whose coordinates, or their squares, vanish

    def round_up(self, values: Tensor) -> Tensor:
        """Round float64 values up into the type of sums."""
        return self._next(values, float("inf"))

    def round_down(self, values: Tensor) -> Tensor:
        """Round float64 values down into the type of sums."""
        return self._next(values, -float("inf"))

    def _next(self, values: Tensor, limit: float) -> Tensor:
        rounded = values.to(self.sums)
        return torch.nextafter(rounded, torch.full_like(rounded, limit))


FLOAT16_ON_TENSOR_CORES = Precision(
    torch.float16, torch.float32, 2.0**-22, 2.0**-11, 2.0**-126, 2.0**-100
)
FLOAT32 = Precision(torch.float32, torch.float32, 2.0**-24, 2.0**-20, 2.0**-126, 2.0**-100)
# Of bytes only what is made of their sums is rounded; how far they move points sets the weight.
BYTES = Precision(torch.int8, torch.float32, 2.0**-24, 2.0**-6, 2.0**-126, 2.0**-100)
FLOAT64 = Precision(torch.float64, torch.float64, 2.0**-53, 2.0**-48, 2.0**-1022, 2.0**-500)


@dataclass(frozen=True)
class Certificate:
    """The bounds for balls of one precision and `width` dimensions.

    `dimensions` is the number of features of the samples themselves, which may be larger, and
    `unit` the rounding unit of the device's products: the precision's own, or larger where a
    device does not say how it rounds.
    """

    precision: Precision
    width: int
    dimensions: int
    unit: float

    @property
    def holds(self) -> bool:
        """Whether so many dimensions leave the bounds a meaning."""
        return (self.width + 8) * self.unit < 2.0**-4

    @property
    def rounding(self) -> float:
        """Relative error of `-2 acc` for a sum of `width` products and two seeds, norms included.

        The products' share is at most 2 (h + 8) u / (1 - 4 (h + 8) u), the float64 squared norms
        (h + 8) 2^-52, for width h.
        """
        terms = (self.width + 8) * self.unit
        return 2 * terms / (1 - 4 * terms) + (self.width + 8) * 2.0**-52

    @property
    def underflow(self) -> float:
        """Absolute error of `-2 acc` where products or sums fall below the normal numbers.

        That they are flushed to zero is allowed for: h + 2 products and as many sums lose less than
        the smallest normal number each, so `-2 acc` less than (4 h + 8) of them, and a threshold or
        a product that is compared one more. Coordinates that are read as zero are a centre moved
        by less than `vanishing`, as those that are stored as zero are.
        """
        return (self.width + 4) * 8 * self.precision.smallest

    @property
    def canonical(self) -> float:
        """Relative error of the canonical distance itself, as a squared distance."""
        return rounding_error(self.dimensions)

    def spread(self, e: Tensor) -> Tensor:
        """(1 + 1/w) e^2: what one ball's radius takes off a squared distance."""
        return (1 + 1 / self.precision.weight) * OUTWARD * e * e

    def magnitude(self, n: Tensor, e: Tensor) -> Tensor:
        """Return what bounds twice a seed, and so a row's share in the sum's rounding error."""
        return n + self.spread(e) + self.underflow

    def seed(self, n: Tensor, e: Tensor) -> Tensor:
        """Seeds s of (1), in the type of sums, for squared norms n and radii e."""
        outward = self.spread(e) + self.rounding * self.magnitude(n, e) + self.underflow
        return self.precision.round_up(-(n - outward * OUTWARD) / 2)

    def slack(self, n: Tensor, e: Tensor) -> Tensor:
        """Slack of (2): the seed's move, the same rounding again, and the seed's own rounding."""
        m = self.magnitude(n, e)
        return (
            self.spread(e) + (2 * self.rounding + 4 * self.precision.unit) * m + 2 * self.underflow
        ) * OUTWARD

    @property
    def factors(self) -> tuple[float, float]:
        """`above` as a factor of a distance, and `farther` as one of a squared reach."""
        return (1 + 2 * self.canonical) * OUTWARD, (1 + self.precision.weight) * OUTWARD / 2

    def above(self, distance: Tensor) -> Tensor:
        """Return a bound on every real distance whose canonical square is at most `distance`^2."""
        return distance * self.factors[0]

    def below(self, distance: Tensor) -> Tensor:
        """Return a distance below which every canonical square is less than `distance`^2."""
        return distance * ((1 - 2 * self.canonical) / OUTWARD)

    def farther(self, radius: Tensor, e: Tensor) -> Tensor:
        """Threshold T: `acc < T` proves that the pair is farther apart than `radius`.

        `radius` has been through `above`; infinite radii give the lowest finite number, which
        only a masked pair (minus infinity) is below.
        """
        reach = radius + e
        lowest = torch.finfo(self.precision.sums).min
        threshold = (-self.factors[1] * reach * reach).clamp(min=lowest)
        return self.precision.round_down(threshold).clamp(min=lowest)

    def nearer(self, radius: Tensor, e: Tensor, slack: Tensor) -> Tensor:
        """Threshold: `acc > nearer_i + give_j` proves the pair nearer than `radius`.

        `radius` has been through `below`. The sum of the two may be rounded to nearest.
        """
        reach = radius - e * OUTWARD
        squared = (1 - self.precision.weight) / OUTWARD * reach * reach - slack
        squared = torch.where(squared > 0, squared * (1 - self._last_bit), -torch.inf)
        return self.precision.round_up(torch.where(reach > 0, -squared / 2, torch.inf))

    def give(self, e: Tensor, slack: Tensor) -> Tensor:
        """Return what the other ball of a pair adds to `nearer`."""
        more = (slack + e * e / self.precision.weight * OUTWARD) * (1 + self._last_bit)
        return self.precision.round_up(more / 2)

    @property
    def _last_bit(self) -> float:
        return float(torch.finfo(self.precision.sums).eps)

    def at_least(self, acc: Tensor, e: Tensor) -> Tensor:
        """Return the `radius` up to which `farther` would have pruned these pairs."""
        reach = (-2 * acc.to(torch.float64)).clamp(min=0).div(1 + self.precision.weight).sqrt()
        return reach / OUTWARD - e * OUTWARD

    def at_most(self, acc: Tensor, e: Tensor, slack: Tensor, e_j: Tensor, s_j: Tensor) -> Tensor:
        """Return a `radius` that the canonical distance of these pairs does not exceed."""
        squared = (-2 * acc.to(torch.float64)).add(slack).add(s_j).clamp(min=0)
        return self.above((squared.sqrt() + e + e_j) * OUTWARD)
