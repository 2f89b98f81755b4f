"""Single pairs by float32 balls: a look before their canonical distances, at a sixth of the cost.

Of the pairs that bytes, or narrow balls, leave open it decides nearly all.
"""

from typing import NamedTuple

from torch import Tensor

from ...distance import row_chunks
from ..bounds import Certificate
from .balls import CACHED_ROWS, Balls


class Screen(NamedTuple):
    """Float32 balls of each side, whose products pairs have one by one."""

    bounds: Certificate
    balls: list[Balls]

    def products(self, samples: Tensor, references: Tensor) -> Tensor:
        """Return the products of these pairs, as tiles have them, where the radii are."""
        ours, theirs = self.balls[0].points, self.balls[-1].points
        found = ours.new_empty(len(samples))
        for chunk in row_chunks(len(samples), ours.shape[1], CACHED_ROWS):
            rows = ours.index_select(0, samples[chunk].to(ours.device))
            others = theirs.index_select(0, references[chunk].to(ours.device))
            seeds = rows[:, -2] + others[:, -2]
            found[chunk] = rows.mul_(others)[:, :-2].sum(1) + seeds
        return found.to(samples.device)

    def within(self, samples: Tensor, references: Tensor, reach: Tensor) -> Tensor:
        """Return which pairs may be within reach (N,), which falls by what these pairs tell."""
        own, others, bounds = self.balls[0], self.balls[-1], self.bounds
        acc, radii = self.products(samples, references), own.radii[samples]
        most = bounds.at_most(
            acc, radii, own.slack[samples], others.radii[references], others.slack[references]
        )
        reach.scatter_reduce_(0, samples, most, "amin")
        return ~(reach[samples] < bounds.at_least(acc, radii))

    def sides(
        self, samples: Tensor, references: Tensor, inner: Tensor, outer: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return which pairs are within `inner` for certain, and which may be within `outer`."""
        own, others, bounds = self.balls[0], self.balls[-1], self.bounds
        acc, radii = self.products(samples, references), own.radii[samples]
        nearer = bounds.nearer(inner, radii, own.slack[samples])
        give = bounds.give(others.radii[references], others.slack[references])
        return acc > nearer + give, ~(acc < bounds.farther(outer, radii))
