"""The principal directions of a few rows, without LAPACK.

A library's eigenvectors are made in thousands of small steps, each shared out among threads that
wait for one another in a loop: beside another busy process 2 ms become seconds. What is here are a
few products of matrices, and what lies between them is done by one thread. Any directions are valid
(`projection.py`); those of most variance, roughly in their order, make a search fast.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..inputs.devices import float64_device

START_ROWS = 256  # whose span the iteration starts from: the most that it can find
DEPENDENT = 1e-10  # of a row's squared length: no more is left of it than rounding

Floats = NDArray[np.float64]


class Algebra:
    """What the choice of directions computes with: torch, on the device where the rows are.

    An engine may have its own, such as `cpu/algebra.py`.
    """

    def centred(self, rows: Tensor) -> Tensor:
        """Return the rows without their mean."""
        return rows - rows.mean(0)

    def product(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the product of two float32 matrices."""
        return a @ b

    def squared_lengths(self, rows: Tensor) -> Tensor:
        """Return the squared length of each row."""
        return rows.square().sum(1)

    def orthonormal(self, rows: Tensor, *others: Tensor) -> Tensor:
        """Return directions (r, d) that span what all these rows do, the longest one first.

        In float64: rows of an image are nearly parallel where one direction outweighs all others.
        """
        exact = torch.cat([rows, *others]).to(float64_device(rows.device), torch.float64)
        transform = gram_schmidt((exact @ exact.T).cpu().numpy())
        return (torch.from_numpy(transform).to(exact.device) @ exact).to(rows)


def principal_directions(rows: Tensor, count: int, algebra: Algebra | None = None) -> Tensor:
    """Return up to `count` leading principal directions of (n, d) float32 rows, (d, count).

    Subspace iteration (Halko, Martinsson and Tropp 2011, section 4.5) from the span of a few rows:
    one step with the scatter of all rows, and one with what that step tells of the scatter within
    the span, which brings the directions into their order. Never a d x d problem.

    There are fewer than `count` where those rows span no more; none if they are equal.
    """
    algebra = algebra or Algebra()
    product = algebra.product
    rows = algebra.centred(rows)
    basis = algebra.orthonormal(rows[:: -(-len(rows) // START_ROWS)])
    image = product(product(rows, basis.T).T, rows)
    basis = _basis_of_image(image, basis, algebra)
    basis = _basis_of_image(product(product(basis, image.T), image), basis, algebra)
    return basis[:count].T


def _basis_of_image(image: Tensor, basis: Tensor, algebra: Algebra) -> Tensor:
    """Return a basis of the image, and of what was outweighed in it until rounding was left."""
    found = algebra.orthonormal(image)
    return found if len(found) == len(basis) else algebra.orthonormal(found, basis / 2)


def gram_schmidt(gram: Floats) -> Floats:
    """Return how orthonormal directions are made of rows, (r, n), the longest rest first.

    The twin of csrc/cpu/matrix_of_target.hpp.

    Parameters
    ----------
    gram : (n, n) products of the rows with each other
    """
    count = len(gram)
    left = gram.diagonal().copy()  # squared length of what is left of each row
    # Of each direction its products with the rows, and behind them how it is made of them.
    found = np.zeros((count, 2 * count))
    rank = 0
    for _ in range(count):
        following = int(left.argmax())
        squared, left[following] = left[following], -1
        if not squared > DEPENDENT * gram[following, following]:
            continue
        before, direction = found[:rank], found[rank]
        direction[:count] = gram[following]
        direction[count + following] = 1
        direction -= np.einsum("k,kc->c", before[:, following], before)  # not by a BLAS: it waits
        direction /= squared**0.5
        left = np.where(left < 0, -1, np.maximum(left - direction[:count] ** 2, 0))
        rank += 1
    return found[:rank, count:]
