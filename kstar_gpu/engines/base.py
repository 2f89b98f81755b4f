"""What an engine is asked, and what all that look at balls have in common: once.

Equal samples of a class are looked at once and stand for each other (`duplicates.py`). A sample
that has an equal one in another class is settled before anything is looked at, and nothing is
nearer than zero. What is left to an engine is to search and to count among distinct samples.
"""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor

from ..columns import column_of, moved, tensor_of
from ..inputs.devices import float64_device
from ..inputs.problem import Problem
from .duplicates import Distinct


class Engine(ABC):
    """Answers the two questions of k*, and holds no policy.

    Parameters
    ----------
    problem : checked samples and classes (`inputs/problem.py`)
    device : that computes
    memory_limit : bytes on that device, beside the input; None for as many as it takes
    progress : show a bar for each question

    Raises
    ------
    ValueError
        If the memory limit is too small; with the least that would do.

    Attributes
    ----------
    computes_with_torch : whether torch's worker threads do its work
    """

    computes_with_torch = True

    @abstractmethod
    def __init__(
        self, problem: Any, device: torch.device, memory_limit: int | None, progress: bool | None
    ) -> None: ...

    @staticmethod
    def storage_device(
        inputs: list[Tensor], device: torch.device, memory_limit: int | None
    ) -> torch.device:
        """Return where the features are to be kept: by default where they are computed with."""
        return float64_device(device)

    @abstractmethod
    def nearest_foreign(self) -> tuple[Tensor, Tensor]:
        """Return of each sample, in the problem's order, the nearest foreign one.

        Returns
        -------
        (N,) float64 squared distance, and (N,) int64 row of the references' input: the lowest
        among equals
        """

    @abstractmethod
    def count_within(self, squared_radii: Tensor) -> Tensor:
        """Return of each sample how many others of its class are nearer than its radius.

        Parameters
        ----------
        squared_radii : (N,) float64, what `nearest_foreign` gives

        Returns
        -------
        (N,) int64
        """


class BallEngine(Engine):
    """An engine that looks at balls of distinct samples.

    A subclass's `__init__` calls this one, joins duplicates into `distinct`, prepares its balls,
    and says `_search` and `_count`.

    Attributes
    ----------
    given : the whole problem
    distinct : the same without duplicates
    """

    distinct: Distinct

    def __init__(
        self,
        problem: Problem,
        device: torch.device,
        memory_limit: int | None,
        progress: bool | None,
    ) -> None:
        self.given = problem
        self.device = device
        self.progress = progress

    @property
    def problem(self) -> Problem:
        """The problem in which the equal samples of each class are one."""
        return self.distinct.problem

    def nearest_foreign(self) -> tuple[Tensor, Tensor]:
        """Search among the distinct samples; duplicates share what is found."""
        squared, rows = self._search(*self.distinct.settled_results())
        return self.distinct.of_all(squared), self.distinct.of_all(rows)

    def count_within(self, squared_radii: Tensor) -> Tensor:
        """Count among the distinct samples, each with its weight, and its own duplicates."""
        squared = self.distinct.of_distinct(squared_radii)
        counts = self._count(squared)
        if not self.distinct.joined:
            return counts
        others = column_of(counts)
        equal = moved(self.distinct.own_weights, others)
        equal = equal * (moved(column_of(squared), others) > 0)
        return self.distinct.of_all(tensor_of(others + equal))

    @abstractmethod
    def _search(self, squared: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return squared distance and row of the nearest foreign sample of each distinct one.

        Parameters
        ----------
        squared, rows : (n,) on the CPU, what is known: 0 and a row of those that are settled,
            infinity and `NO_ROW` of the others
        """

    @abstractmethod
    def _count(self, squared: Tensor) -> Tensor:
        """Return the weight of the distinct references of its class within each radius.

        A sample's own is left out in the self form.

        Parameters
        ----------
        squared : (n,) squared radii; within 0 there is nothing
        """
