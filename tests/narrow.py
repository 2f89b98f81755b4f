"""Narrow balls whatever they cost: what engines are given in the place of `choose_directions`."""

from kstar_gpu import directions


def narrowest(population, dimensions, costs, widest, widths=directions.WIDTHS):
    """Return the fewest directions that there may be, or None where all rows are equal."""
    rows = population.others(population.usual)
    found = directions.principal_directions(rows, min(widths[0], widest))
    return found if bool(found.any()) else None
