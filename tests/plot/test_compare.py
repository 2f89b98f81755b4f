"""Two results side by side, class by class."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers.made_sweep import features
from helpers.pictures import texts_overlap

from kstar_gpu import compare, kstar_distribution, plot_compare

pytestmark = pytest.mark.filterwarnings("error:.*:UserWarning")


@pytest.mark.parametrize("classes", [10, 16, 100])
def test_compare(classes):
    first, second = (kstar_distribution(*features(classes, spread)) for spread in (0.3, 0.9))
    ax = plot_compare(first, second, ("before", "after"))
    gains = second.mean - first.mean
    shown = [t.get_text() for t in ax.get_yticklabels()]
    assert shown == [f"class {c}" for c in np.argsort(-gains, kind="stable")]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["before", "after"]
    assert not texts_overlap(ax)
    assert len(compare(first, second, resamples=19).difference) == classes


def test_compare_pairs_classes_by_label():
    x, y, names = features(4, 0.5)
    part = y != 1
    first = kstar_distribution(x, y, names)
    ax = plot_compare(first, kstar_distribution(x[part], y[part]))
    assert {t.get_text() for t in ax.get_yticklabels()} == {"class 0", "class 2", "class 3"}
    with pytest.raises(ValueError, match="second: a class that first has, too, is wanted"):
        plot_compare(first, kstar_distribution(x, y + 10))


def test_draws_into_the_axes_given():
    figure, (ax, other) = plt.subplots(1, 2)
    result = kstar_distribution(*features(3, 0.5))
    assert plot_compare(result, result, ax=ax) is ax
    assert not other.has_data()
    assert plt.get_fignums() == [figure.number]
