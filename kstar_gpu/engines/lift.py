"""Points in few dimensions, whose distances bound those of the whole ones from both sides."""

import torch
from torch import Tensor


def contraction(directions: Tensor) -> Tensor:
    """Return directions (d, h) in float64, so scaled that a projection lengthens no vector."""
    directions = directions.to(torch.float64)
    # The largest sum of a row bounds all eigenvalues; of nearly orthonormal directions it is 1.
    longest = float((directions.T @ directions).abs().sum(1).max()) ** 0.5
    shortened: Tensor = directions / (longest * (1 + 2.0**-30))
    return shortened


def lift(points: Tensor, directions: Tensor) -> tuple[Tensor, Tensor]:
    """Project points to few dimensions: to u = z P, and the length t of what P misses.

    P is a contraction, so t^2 = |z|^2 - |u|^2 is |R z|^2 for some R with
    |v P|^2 + |R v|^2 = |v|^2 for every v. Hence (u, t) moves no two samples apart, and mirroring
    the t of one of them moves them apart by their distance at least.

    Parameters
    ----------
    points : (n, d)
    directions : (d, h) float64, from `contraction`

    Returns
    -------
    (n, h + 1) float64 (u, t), and how far float64 may have moved each, (n,)
    """
    dimensions, width = directions.shape
    z = points.to(directions.device, torch.float64)
    u = z @ directions
    squares = (z * z).sum(1)
    t = (squares - (u * u).sum(1)).clamp(min=0).sqrt()
    # What float64 may round off u, relative to |z|, and off t^2, relative to |z|^2.
    kappa = (dimensions + 8) * (width + 1) ** 0.5 * 2.0**-52
    doubt = ((dimensions + width + 16) * 2.0**-52 + 4 * kappa) * squares
    error = kappa * squares.sqrt() + torch.minimum(doubt.sqrt(), doubt / t.clamp(min=2.0**-1000))
    return torch.cat([u, t[:, None]], dim=1), error
