"""What the page shows, as numbers and texts: small enough for 1 000 classes in 100 layers.

Numbers come in thousandths, as whole numbers; a distribution is a letter per bin.
"""

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..names import one_line
from ..networks.sweep import Key, Sweep
from ..plot.colours import CLASSES
from ..stats.choice import deciding_skewness
from ..stats.distribution import KStarDistribution
from ..stats.intervals import intervals_of
from ..version import __version__
from .confused import Images, confused_of

BINS = 24  # of a distribution
MOST_LETTER = 25  # "a" is an empty bin, "z" the fullest of its class
MOST_BOOTSTRAPS = 4000  # classes in layers; of more an interval is twice the standard error
MOST_DRAWS = 300_000_000  # of values, for all of those
NORMAL = 1.96  # standard errors

Floats = NDArray[np.float64]


def content_of(sweep: Sweep, images: Images, references: Images) -> dict[str, Any]:
    """Return all that the page of a sweep shows.

    Parameters
    ----------
    sweep : Sweep
        With one result at least.
    images, references : from `images_of` and `reference_images_of`
    """
    keys: dict[tuple[str, str], list[Key]] = {}
    for key in sweep.results:
        keys.setdefault((key.model, key.data), []).append(key)
    cells = sum(len(result.classes) for result in sweep.results.values())
    values = sum(len(result.kstar) for result in sweep.results.values())
    resamples = 0 if cells > MOST_BOOTSTRAPS else int(np.clip(MOST_DRAWS // values, 99, 999))
    pairs = []
    for (model, data), own in keys.items():
        classes = _classes([sweep.results[key] for key in own])
        shown = data, images, references, cells
        layers = [
            {
                "name": one_line(key.layer or "(model)"),
                **layer_of(sweep.results[key], classes, resamples),
                "confused": confused_of(sweep.results[key], classes, *shown),
            }
            for key in own
        ]
        pair = {"model": one_line(model), "data": one_line(data), "layers": layers}
        pairs.append({**pair, "classes": [one_line(name) for _, name in classes.values()]})
    return {
        "pairs": pairs,
        "images": images.shown,
        "references": references.shown,
        "bins": BINS,
        "colours": CLASSES,
        "interval": "95 %, bootstrap" if resamples else "95 %, normal",
        "errors": [
            f"{'/'.join(map(one_line, key))}: {one_line(why)}" for key, why in sweep.errors.items()
        ],
        "versions": f"kstar-gpu {__version__}, torch {torch.__version__}, numpy {np.__version__}, "
        f"Python {platform.python_version()}",
    }


def _classes(results: list[KStarDistribution]) -> dict[Any, tuple[int, str]]:
    """Return place and name of every class, by label: two classes may be called alike."""
    found: dict[Any, tuple[int, str]] = {}
    for result in results:
        for label, name in zip(result.classes.tolist(), result.class_names, strict=True):
            found.setdefault(label, (len(found), name))
    return found


def layer_of(
    result: KStarDistribution, classes: Mapping[Any, tuple[int, str]], resamples: int
) -> dict[str, Any]:
    """Return the numbers of a layer, with an entry per class of `classes`; None for those it lacks.

    Parameters
    ----------
    result : of the layer
    classes : place and name of every class, by label
    resamples : of the bootstrap that makes intervals; 0 for those of a normal distribution
    """
    places = [classes[label][0] for label in result.classes.tolist()]
    low, high = _intervals(result, resamples).T
    columns = {
        "mean": result.mean,
        "low": low,
        "high": high,
        "std": result.std,
        "skew": deciding_skewness(result),
    }
    sizes = _spread(result.sizes.tolist(), places, len(classes), None)
    marks = _spread([mark[0].upper() for mark in result.pattern], places, len(classes), " ")
    return {
        "metric": one_line(result.metric) + (", among references" if result.query_form else ""),
        "skewness": result.skewness,
        "threshold": result.threshold,
        "n": sizes,
        **{
            name: _spread(thousandths(column), places, len(classes), None)
            for name, column in columns.items()
        },
        "pattern": "".join(marks),
        "bins": "".join(_spread(letters_of(result), places, len(classes), "")),
    }


def _spread(values: list[Any], places: list[int], count: int, missing: Any) -> list[Any]:
    spread = [missing] * count
    for place, value in zip(places, values, strict=True):
        spread[place] = value
    return spread


def _intervals(result: KStarDistribution, resamples: int) -> Floats:
    """Return (C, 2) ends of the interval of each mean."""
    if resamples:
        return intervals_of(result, "mean", range(len(result.classes)), resamples=resamples)
    with np.errstate(invalid="ignore"):
        half = NORMAL * result.std / np.sqrt(result.sizes)
    ends: Floats = np.stack([result.mean - half, result.mean + half], 1)
    ends[~(half > 0)] = np.nan  # as of the bootstrap, where nothing varies
    return np.clip(ends, 0, 1)


def thousandths(values: Floats) -> list[int | None]:
    """Return numbers as whole thousandths, rounded as three decimals are printed; None for NaN."""
    return [None if np.isnan(value) else round(1000 * round(value, 3)) for value in values.tolist()]


def letters_of(result: KStarDistribution) -> list[str]:
    """Return the histogram of each class over (0, 1], a letter per bin; what is NaN is in none."""
    defined = ~np.isnan(result.normalized)
    values, codes = result.normalized[defined], result.class_index[defined]
    bins = np.clip(np.ceil(values * BINS).astype(np.int64) - 1, 0, BINS - 1)
    classes = len(result.classes)
    counts = np.bincount(codes * BINS + bins, minlength=classes * BINS).reshape(classes, BINS)
    fullest = np.maximum(counts.max(1, keepdims=True), 1)
    levels = np.ceil(counts * MOST_LETTER / fullest).astype(np.uint8)  # one sample can be seen
    text = (levels + ord("a")).tobytes().decode("ascii")
    return [text[start : start + BINS] for start in range(0, len(text), BINS)]
