"""Narrow balls whatever they cost: what engines are given in the place of `choose_balls`."""

from kstar_gpu.engines import projection


def narrowest(trial, dimensions, costs, widest, widths=projection.WIDTHS):
    """Return the fewest directions that there may be, or none where all rows are equal.

    In coarse numbers, where the engine has them.
    """
    rows = trial.points(-1, trial.usual)
    found = projection.principal_directions(rows, min(widths[0], widest))
    coarse = costs.coarse_product is not None
    return projection.Choice(found if bool(found.any()) else None, coarse)
