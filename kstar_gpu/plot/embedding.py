"""Four maps of a latent space into the plane, beside the k* distributions of its classes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..extras import import_extra
from ..inputs.arrays import to_tensor
from ..inputs.metrics import METRICS, PRECOMPUTED
from ..stats.distribution import KStarDistribution
from ..stats.from_features import kstar_distribution
from ..stats.options import check_count
from .colours import Colour, Palette, check_palette, colours, pattern_colours
from .common import FEW_CLASSES, check_installed, moved, plain, room_for
from .distributions import INCHES_PER_CLASS, plot_distributions
from .maps import checked_maps, made_maps
from .overview import overview_height

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAP_INCHES = 3.1
BESIDE_INCHES = 6.5
DOT_POINTS, NAME_POINTS = 7.5, 14  # left of the distributions
FAINTEST = 0.15  # opacity of a sample whose k* is least


def plot_embedding(
    features: Any,
    labels: Any,
    class_names: Sequence[str] | None = None,
    *,
    maps: Mapping[str, Any] | None = None,
    samples: int = 2000,
    shade: bool = False,
    seed: int = 0,
    palette: Palette = None,
    progress: bool | None = None,
    **options: Any,
) -> "Figure":
    """Draw PCA, t-SNE, Isomap and UMAP of features, and the k* distributions beside them.

    t-SNE and UMAP of 2000 samples take seconds to minutes each.

    As in figure 1 of Kotyan et al., arXiv 2312.04024: what is near in a map need not be near in
    the latent space, and k* says so without a map. A class has the same colour in the maps and
    beside its name; the violins have colours of patterns, of which no class has one. Of more than
    a hundred classes the distributions are an overview, and the maps, too, show the pattern of each
    sample's class.

    Parameters
    ----------
    features, labels, class_names, options
        As for `kstar_gpu.kstar_distribution`, without references, and metric not "precomputed";
        the maps are Euclidean. In the place of labels their result, a KStarDistribution, which is
        then not computed again.
    maps : mapping from up to four titles to (N, 2) points, optional
        Maps that are there already, a point for each sample; drawn in place of the four.
    samples : int
        How many samples, chosen at random, the maps show; k* are of all.
    shade : bool
        Show samples the fainter, the smaller their k* / class size.
    seed : int
        Of the choice and of the maps.
    palette : name of a colormap of matplotlib, or sequence of colours, optional
        Of the classes; of more than a hundred classes, of the three patterns.
    progress : bool, optional
        Show which map is being made; by default where stderr is a terminal or a notebook.

    Returns
    -------
    matplotlib.figure.Figure
        With axes titled PCA, t-SNE, Isomap, UMAP, or as `maps` are, and those of the distributions.

    Raises
    ------
    TypeError
        If `maps` is no mapping; for class names or options beside a result.
    ValueError
        If `maps` has none or more than four, or other than a finite point per sample; if a result
        is of another number of samples. For fewer than four `samples`; for fewer than two
        features, or such that do not vary; for metric "precomputed"; for what is no palette; for
        what `kstar_distribution` refuses.
    ImportError
        Without matplotlib, scikit-learn or umap-learn.

    Examples
    --------
    >>> maps = {"first two features": features[:, :2]}  # by default PCA, t-SNE, Isomap and UMAP
    >>> plot_embedding(features, labels, maps=maps).savefig("embedding.pdf")
    """
    check_count(samples, "samples", 4)
    check_count(seed, "seed", 0)
    if options.get("metric") == PRECOMPUTED:
        raise ValueError(f"metric: {' or '.join(METRICS)} is wanted, got 'precomputed'")
    if maps is None:
        _check_maps_installed()
    check_palette(palette)
    rows = to_tensor(features, "features")
    drawn = None if maps is None else checked_maps(maps, len(rows))
    result = _result_of(rows, labels, class_names, {"progress": progress, **options})
    count = len(result.classes)
    many = count > FEW_CLASSES
    of_patterns = pattern_colours(palette if many else None)
    given = [of_patterns[name] for name in result.pattern] if many else colours(count, palette)
    shown = np.sort(np.random.default_rng(seed).permutation(len(rows))[:samples])
    if drawn is None:
        drawn = made_maps(_scaled(rows[torch.from_numpy(shown)]), seed, progress)
    else:
        drawn = {name: points[shown] for name, points in drawn.items()}

    import matplotlib.pyplot as plt

    beside_height = overview_height() if many else 1.2 + INCHES_PER_CLASS * count
    across = min(2, len(drawn))
    down = -(-len(drawn) // across)
    height = max(down * MAP_INCHES, beside_height)
    widths = [MAP_INCHES] * across + [BESIDE_INCHES]  # room for long names is beside these
    width = sum(widths) + room_for(result.class_names)
    figure = plt.figure(figsize=(width, height), layout="constrained")
    heights = [MAP_INCHES] * down
    if height > down * MAP_INCHES:  # below the maps: more classes
        heights.append(height - down * MAP_INCHES)
    sizes: dict[str, Any] = {"width_ratios": widths, "height_ratios": heights}
    grid = figure.add_gridspec(len(heights), len(widths), **sizes)
    opacity = np.ones(len(shown))
    if shade:
        opacity = FAINTEST + (1 - FAINTEST) * np.nan_to_num(result.normalized[shown])
    rgba = np.column_stack([np.array(given)[result.class_index[shown]], opacity])
    for number, (name, points) in enumerate(drawn.items()):
        ax = figure.add_subplot(grid[number // across, number % across], title=plain(name))
        _draw_map(ax, points, rgba)
    shading = ", fainter where k* is small" if shade else ""
    lowest = figure.axes[across * (down - 1)]
    lowest.set_xlabel(f"n = {len(shown)} of {len(rows)}{shading}", loc="left")
    beside = figure.add_subplot(grid[:, across])
    plot_distributions(result, beside, palette=palette if many else None)
    if not many:
        _colour_names(beside, given)
    return figure


def _scaled(rows: Tensor) -> NDArray[np.float32]:
    """Return rows about their mean, the largest number being 1, which float32 bears."""
    centred = rows.flatten(1).double()
    centred -= centred.mean(0)
    largest = centred.abs().max()
    if centred.shape[1] < 2 or largest == 0:
        raise ValueError(
            f"features: at least 2 per sample, that vary, are wanted, got {centred.shape[1]} that "
            f"deviate from their mean by {largest:g} at most"
        )
    scaled: NDArray[np.float32] = (centred / largest).float().cpu().numpy()
    return scaled


def _result_of(
    rows: Tensor, labels: Any, class_names: Any, options: Mapping[str, Any]
) -> KStarDistribution:
    """Return the result of these samples: the one given in the place of labels, if one is."""
    if not isinstance(labels, KStarDistribution):
        return kstar_distribution(rows, labels, class_names, **options)
    more = [name for name in options if name != "progress"]
    if class_names is not None or more:
        raise TypeError(
            "labels: a result has its class names and settings, and none are wanted beside it, got "
            f"{', '.join(more) or 'class_names'}"
        )
    if len(labels.kstar) != len(rows):
        raise ValueError(
            f"labels: a result of these {len(rows)} samples is wanted, got one of "
            f"{len(labels.kstar)}"
        )
    return labels


def _check_maps_installed() -> None:
    """See that all is there before long work begins."""
    check_installed()
    for module in ("sklearn", "umap"):
        import_extra(module, "embedding", "plot_embedding needs scikit-learn and umap-learn")


def _draw_map(ax: "Axes", points: NDArray[np.float64], rgba: NDArray[np.float64]) -> None:
    ax.scatter(points[:, 0], points[:, 1], c=rgba, s=6, linewidths=0)
    ax.set_xticks([])
    ax.set_yticks([])


def _colour_names(ax: "Axes", given: list[Colour]) -> None:
    """Put the colour that a class has in the maps beside its name."""
    ax.tick_params(axis="y", pad=NAME_POINTS)
    rows = np.arange(len(given))
    ax.scatter(
        np.zeros(len(rows)),
        rows,
        c=given,
        s=28,
        transform=moved(ax, ax.get_yaxis_transform(), -DOT_POINTS, 0),
        clip_on=False,
    )
