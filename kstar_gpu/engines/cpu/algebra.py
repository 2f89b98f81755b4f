"""The choice of directions by the extension's products, and in the calling thread.

So a call waits for nobody but threads of its own, which sleep while they wait.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..directions import Algebra
from . import _cpu


class Crew(NamedTuple):
    """Who does the work: how many threads, and with which instructions."""

    threads: int
    target: str  # instruction set; the best one if empty


@dataclass(frozen=True)
class NativeAlgebra(Algebra):
    """What `Algebra` says, of rows on the CPU."""

    crew: Crew

    def centred(self, rows: Tensor) -> Tensor:
        """Return the rows without their mean."""
        return torch.from_numpy(rows.numpy() - rows.numpy().mean(0))

    def product(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the product of two float32 matrices."""
        return torch.from_numpy(self._product(a.numpy(), b.numpy()))

    def squared_lengths(self, rows: Tensor) -> Tensor:
        """Return the squared length of each row."""
        return torch.from_numpy(np.einsum("ij,ij->i", rows.numpy(), rows.numpy()))

    def orthonormal(self, rows: Tensor, *others: Tensor) -> Tensor:
        """Return directions (r, d) that span what all these rows do, the longest one first."""
        factor = np.concatenate([rows.numpy(), *(each.numpy() for each in others)])
        gram: NDArray[np.float64] = self._product(factor.astype(np.float64), factor.T)
        transform = np.empty_like(gram)
        rank = _cpu.gram_schmidt(gram, transform, self.crew.target)
        return torch.from_numpy(self._product(transform[:rank], factor).astype(np.float32))

    def _product(self, a: NDArray[Any], b: NDArray[np.float32]) -> NDArray[Any]:
        """Return the product in the type of `a`: float32, or float64."""
        result = np.empty((a.shape[0], b.shape[1]), dtype=a.dtype)
        _cpu.matrix_product(a, b, result, *self.crew)
        return result
