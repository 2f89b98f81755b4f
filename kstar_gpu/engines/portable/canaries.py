"""Whether a product of float32 matrices was one: two rows more that are multiplied along with it.

Any thread can tell torch, at any moment, to round the factors of float32 products to TF32 or to
bfloat16, and so can the environment: no product can ask not to be. But one product has one
precision. So the left factor of a tile has two rows more, whose products with any ball are known
to the last bit, and a tile that gets them wrong is left to float64, which nothing reduces.
"""

from torch import Tensor

ROWS = 2
# Its bits are so far apart that neither two pieces of bfloat16 hold it, nor two of TF32.
ALL_BITS = float(2**23 + 2**11 + 1)


def fill(rows: Tensor) -> None:
    """Make these two rows (2, d + 2) of a left factor canaries.

    The first asks whether the left factor is as it was given: its product with each ball (centre,
    seed, 1) is `ALL_BITS`. The second asks the same of the right one: its products are the balls'
    seeds, of which rounding outward (bounds.py) has set low bits.
    """
    rows.zero_()
    rows[0, -1] = ALL_BITS
    rows[1, -2] = 1


def products(points: Tensor) -> Tensor:
    """Return what the products of the two rows with balls (m, d + 2) are, (2, m)."""
    known = points.new_full((ROWS, len(points)), ALL_BITS)
    known[1] = points[:, -2]
    return known


def reduced(product: Tensor, known: Tensor) -> Tensor:
    """Return whether a product was reduced: 0-d, on its device, where nobody waits for it yet.

    Parameters
    ----------
    product : (n + 2, m) of a left factor whose last rows are canaries
    known : (2, m) what these are, from `products`
    """
    return (product[-ROWS:] != known).any()
