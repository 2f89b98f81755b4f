"""The picture: what is drawn and written, and what is left alone."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from families import labels
from matplotlib.collections import PolyCollection

from kstar_gpu import kstar_distribution, plot_distributions


@pytest.fixture
def result(rng):
    y = labels(rng, 400, 5)
    y[y == 4] = 3
    y[-1] = 4  # one sample alone
    return kstar_distribution(rng.standard_normal((400, 3)) + 2 * y[:, None], y, list("vwxyz"))


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.mark.filterwarnings("error")
def test_draws_every_class_into_the_axes_given(result):
    figure, (ax, other) = plt.subplots(1, 2)
    before = dict(matplotlib.rcParams)
    assert plot_distributions(result, ax) is ax
    assert dict(matplotlib.rcParams) == before
    assert plt.get_fignums() == [figure.number]
    assert not other.lines
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list("vwxyz")
    means = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "D"]
    assert means == result.mean.tolist()


def test_no_density_outside(result):
    ax = result.plot()
    shapes = [
        path for c in ax.collections if isinstance(c, PolyCollection) for path in c.get_paths()
    ]
    x = np.concatenate([path.vertices[:, 0] for path in shapes])
    assert len(shapes) >= 4
    assert x.min() >= result.normalized.min()
    assert x.max() <= 1
    assert ax.get_xlim() == (0, 1)


def test_says_n_skew_and_pattern(result):
    ax = result.plot()
    texts = [text.get_text() for text in ax.texts]
    for code in range(5):
        assert str(result.sizes[code]) in texts
        assert result.pattern[code] in texts
    assert f"{result.skewness_plain[0]:+.2f}" in texts


def test_sorted_by_mean(result):
    names = [tick.get_text() for tick in result.plot(sort="mean").get_yticklabels()]
    assert names == ["vwxyz"[code] for code in np.argsort(-result.mean, kind="stable")]
    with pytest.raises(ValueError, match="sort: class or mean is wanted, got 'size'"):
        result.plot(sort="size")
