"""k* by a fused Triton kernel: what a user who writes GPU kernels in Python would try.

Two walks over all references, both with tiles of distances that never leave the chip: the first
finds the nearest foreign one, the second counts how many of the class are nearer.
"""

# mypy: disable-error-code="no-untyped-def, untyped-decorator"
# Triton gives annotations of a kernel's parameters a meaning of its own.

import torch
import triton
import triton.language as tl
from torch import Tensor


@triton.jit
def _distances(
    x, squares, row, column, n, d, ROWS: tl.constexpr, COLUMNS: tl.constexpr, DEPTH: tl.constexpr
):
    """Return a tile of squared distances."""
    products = tl.zeros((ROWS, COLUMNS), tl.float32)
    for start in range(0, d, DEPTH):
        depth = start + tl.arange(0, DEPTH)
        inside = depth < d
        left = tl.load(x + row[:, None] * d + depth, mask=inside[None, :], other=0.0)
        present = (column < n)[None, :] & inside[:, None]
        right = tl.load(x + column[None, :] * d + depth[:, None], mask=present, other=0.0)
        products = tl.dot(left, right, products, input_precision="ieee")
    norms = tl.load(squares + column, mask=column < n, other=float("inf"))
    return tl.load(squares + row)[:, None] + norms - 2 * products


@triton.jit
def _ranks(
    x,
    labels,
    squares,
    wanted,
    ranks,
    n,
    m,
    d,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    DEPTH: tl.constexpr,
):
    """Find the k* of a block of rows."""
    place = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    row = tl.load(wanted + place, mask=place < m, other=0)
    own = tl.load(labels + row)[:, None]
    nearest = tl.full((ROWS,), float("inf"), tl.float32)
    for start in range(0, n, COLUMNS):
        column = (start + tl.arange(0, COLUMNS)).to(tl.int64)
        distances = _distances(x, squares, row, column, n, d, ROWS, COLUMNS, DEPTH)
        same = tl.load(labels + column, mask=column < n, other=-1) == own
        nearest = tl.minimum(nearest, tl.min(tl.where(same, float("inf"), distances), 1))
    count = tl.full((ROWS,), 1, tl.int32)
    for start in range(0, n, COLUMNS):
        column = (start + tl.arange(0, COLUMNS)).to(tl.int64)
        distances = _distances(x, squares, row, column, n, d, ROWS, COLUMNS, DEPTH)
        same = tl.load(labels + column, mask=column < n, other=-1) == own
        nearer = same & (column != row[:, None]) & (distances < nearest[:, None])
        count += tl.sum(nearer.to(tl.int32), 1)
    tl.store(ranks + place, count, mask=place < m)


def fused(x: Tensor, y: Tensor, rows: Tensor | None, block: int) -> Tensor:
    """Compute k* with the kernel, `block` rows to a program: a power of two, at least 16."""
    wanted = torch.arange(len(x), device=x.device) if rows is None else rows
    ranks = torch.empty(len(wanted), dtype=torch.int32, device=x.device)
    sizes = {"ROWS": block, "COLUMNS": 64, "DEPTH": 32}
    grid = (triton.cdiv(len(wanted), block),)
    _ranks[grid](x, y, (x * x).sum(1), wanted, ranks, len(x), len(wanted), x.shape[1], **sizes)
    return ranks.long()
