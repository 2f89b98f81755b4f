"""What an engine does with pairs of shards."""

from abc import ABC, abstractmethod
from collections import Counter
from typing import Generic, NamedTuple, TypeVar

import torch

from ..inputs.problem import Integers
from .shards import Census, Floats, Nearest, Shard

Ready = TypeVar("Ready")


class Memory(NamedTuple):
    """Bytes that an engine takes where it computes, beside the rows themselves."""

    whole: int  # of a sample, where all are asked about at once and nothing is to spare
    shard: int  # of a sample of a shard: to make it ready, and while it meets another one
    besides: int  # that do not grow with the samples


class Pairs(ABC, Generic[Ready]):
    """What an engine does with pairs of shards.

    Samples that equal one another and share a class may be looked at once; results are those of
    all. What engines have done is counted in `work`.

    What was agreed can be pickled, and so can shards that are ready: they serve wherever they come.

    Attributes
    ----------
    device : that computes
    computes_with_torch : whether torch's worker threads do the work
    """

    work: dict[str, Counter[str]]
    device = torch.device("cpu")
    computes_with_torch = False

    @abstractmethod
    def __init__(self, device: torch.device) -> None: ...

    def memory(self, dimensions: int) -> Memory | None:
        """Return what samples of so many features take; None if that is not known."""
        return None

    def with_threads(self, threads: int) -> "Pairs[Ready]":
        """Return the same, for one of several callers at once: with so many threads of its own.

        What torch's threads do, as many do as ever.
        """
        return self

    @abstractmethod
    def lengths(self, shard: Shard, centre: Floats) -> Floats:
        """Return how far each sample is from the centre, for the census; never too little."""

    @abstractmethod
    def agree(self, census: Census) -> None:
        """Choose what the balls of all shards have in common, before any is made ready."""

    @abstractmethod
    def ready(self, shard: Shard) -> Ready:
        """Return the shard, not empty, as it is taken here; once for all that it is to meet."""

    @abstractmethod
    def search(
        self, ours: Ready, theirs: Ready | None, known: Nearest, other: Nearest | None
    ) -> None:
        """Let two shards tell each other of nearer foreign samples, by the same products.

        Parameters
        ----------
        theirs : None where a shard meets itself
        known, other : what the samples of either know, which is written to; None for `other` where
            those do not ask
        """

    @abstractmethod
    def within(
        self, ours: Ready, theirs: Ready | None, squared: Floats, other: Floats | None
    ) -> tuple[Integers, Integers | None]:
        """Return how many of its class in the other shard each sample of either has within reach.

        Parameters
        ----------
        theirs : None where a shard meets itself; then no sample counts itself
        squared, other : squared radii of the samples of either; None where those do not ask
        """
