"""Pairs of shards for engines that know of no shards: each side asks for itself.

The engine is asked as ever, about one shard as samples and the other one as references, and then
the other way round: twice the products of an engine that lets both ask at once, and nothing that
is known before makes it faster. But any engine can serve shards in this way.
"""

from collections import Counter

import numpy as np
import torch

from ..inputs.problem import Integers, Problem
from .base import Engine
from .pairs import Pairs
from .shards import Census, Floats, Nearest, Shard


class OneSided(Pairs[Shard]):
    """Asks an engine about one shard among another."""

    def __init__(self, engine: type[Engine], device: torch.device) -> None:
        self.engine, self.device = engine, device
        self.computes_with_torch = engine.computes_with_torch
        self.work: dict[str, Counter[str]] = {"search": Counter(), "count": Counter()}

    def lengths(self, shard: Shard, centre: Floats) -> Floats:
        """Return nothing: each question makes balls of its own."""
        return np.empty(0)

    def agree(self, census: Census) -> None:
        """Keep how large numbers are."""
        self.largest = census.largest

    def ready(self, shard: Shard) -> Shard:
        """Return the shard as it is."""
        return shard

    def search(
        self, ours: Shard, theirs: Shard | None, known: Nearest, other: Nearest | None
    ) -> None:
        """Let each shard ask the other one."""
        self._nearest(ours, ours if theirs is None else theirs, known)
        if theirs is not None and other is not None:
            self._nearest(theirs, ours, other)

    def within(
        self, ours: Shard, theirs: Shard | None, squared: Floats, other: Floats | None
    ) -> tuple[Integers, Integers | None]:
        """Let each shard count in the other one."""
        counts = self._within(ours, ours if theirs is None else theirs, squared)
        if theirs is None or other is None:
            return counts, None
        return counts, self._within(theirs, ours, other)

    def _nearest(self, ours: Shard, theirs: Shard, known: Nearest) -> None:
        """Ask for the samples to whom the other shard has foreign ones."""
        classes = np.unique(theirs.codes)
        asking = np.arange(len(ours))
        if len(classes) == 1:
            asking = np.flatnonzero(ours.codes != classes[0])
        if len(asking) == 0:
            return
        problem = self._problem(ours, theirs)
        if len(asking) < len(ours):
            problem = Problem(problem.samples.taken(asking), problem.references, self.largest)
        squared, rows = self.engine(problem, self.device, None, False).nearest_foreign()
        found = Nearest.nothing(len(ours))
        found.squared[asking] = squared.cpu().numpy()
        found.ids[asking] = np.sort(theirs.ids)[rows.cpu().numpy()]  # as their rows rise
        known.learn(found.squared, found.ids)

    def _within(self, ours: Shard, theirs: Shard, squared: Floats) -> Integers:
        problem = self._problem(ours, theirs)
        engine = self.engine(problem, self.device, None, False)
        radii = torch.from_numpy(squared).to(problem.samples.values.device)
        counts: Integers = engine.count_within(radii).cpu().numpy()
        return counts

    def _problem(self, ours: Shard, theirs: Shard) -> Problem:
        """Return the two shards, wherever they are, where the engine keeps features."""
        sides = [ours.samples] if ours is theirs else [ours.samples, theirs.samples]
        features = [side.values for side in sides]
        kept_on = self.engine.storage_device(features, self.device, None)
        sides = [side.on(kept_on) for side in sides]
        return Problem(sides[0], sides[-1], self.largest)
