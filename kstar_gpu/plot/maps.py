"""Maps of samples into the plane: made here, one after the other, or given."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..inputs.arrays import to_tensor
from ..names import one_line
from ..progress import counter, is_shown

MOST_NEIGHBOURS = 15
MOST_MAPS = 4
Points = NDArray[np.float64]


def made_maps(rows: NDArray[np.float32], seed: int, progress: bool | None) -> dict[str, Points]:
    """Return a point (x, y) per row from each method, at its usual settings."""
    from scipy.sparse import SparseEfficiencyWarning
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE, Isomap
    from umap import UMAP

    neighbours = min(MOST_NEIGHBOURS, len(rows) - 1)
    methods = {
        "PCA": PCA(2, random_state=seed),
        "t-SNE": TSNE(perplexity=min(30, (len(rows) - 1) / 3), random_state=seed),
        "Isomap": Isomap(n_neighbors=neighbours),
        "UMAP": UMAP(n_neighbors=neighbours, random_state=seed, n_jobs=1),
    }
    made = {}
    # At once, not after a while: a method says nothing until it is done.
    with (
        warnings.catch_warnings(),
        counter(is_shown(progress), "maps", "map", len(methods)) as bar,
    ):
        # Of classes that lie apart, which is what one hopes for: Isomap bridges them.
        warnings.filterwarnings("ignore", message="The number of connected components")
        warnings.simplefilter("ignore", SparseEfficiencyWarning)
        for name, method in methods.items():
            bar.name(f"{name} of {len(rows)} samples")
            made[name] = method.fit_transform(rows)
            bar.add(1)
    return made


def checked_maps(maps: Any, samples: int) -> dict[str, Points]:
    """Return maps that are given, of all samples.

    Raises
    ------
    TypeError
        If they are no mapping from titles to points.
    ValueError
        If there are none, or more than there is room for; for other than a finite point per sample.
    """
    if not isinstance(maps, Mapping):
        raise TypeError(f"maps: a mapping from titles to points is wanted, got {maps!r:.40}")
    if not 1 <= len(maps) <= MOST_MAPS:
        raise ValueError(f"maps: one to {MOST_MAPS} are wanted, got {len(maps)}")
    checked = {}
    for name, given in maps.items():
        argument = one_line(f"maps[{name!r}]")
        points = to_tensor(given, argument).cpu().double().numpy()
        if points.shape != (samples, 2):
            raise ValueError(
                f"{argument}: a point per sample, shape ({samples}, 2), is wanted, got "
                f"{points.shape}"
            )
        if not np.isfinite(points).all():
            row = int(np.argwhere(~np.isfinite(points))[0][0])
            raise ValueError(f"{argument}: finite numbers are wanted, got another in row {row}")
        checked[str(name)] = points
    return checked
