"""Balls whatever they cost: what engines are given in the place of `choose_balls`."""

from dataclasses import replace

from kstar_gpu.engines import projection


def narrowest(trial, dimensions, costs, widest, widths=projection.WIDTHS):
    """Return the fewest directions that there may be, or none where all rows are equal."""
    rows = trial.points(-1, trial.usual)
    found = projection.principal_directions(rows, min(widths[0], widest))
    return projection.Choice(found if bool(found.any()) else None)


def narrowest_coarse(*given):
    """Return the same in coarse numbers."""
    return replace(narrowest(*given), coarse=True)


def full_coarse(trial, *_):
    """Return full points in coarse numbers, and how far a few samples see."""
    reach = trial.survey(projection.SURVEY_ROWS).radii.median()
    return projection.Choice(None, True, float(reach))
