"""Which class ends whose runs, as a map of shares."""

import matplotlib.pyplot as plt
import pytest
from helpers.made_sweep import features
from helpers.pictures import texts_overlap

from kstar_gpu import foreign_confusion, kstar, plot_confusion

pytestmark = pytest.mark.filterwarnings("error:.*:UserWarning")


@pytest.mark.parametrize("classes", [2, 10, 16, 100])
def test_confusion(classes):
    x, y, names = features(classes, 0.5)
    counts, _ = foreign_confusion(y, kstar(x, y, return_foreign=True).index)
    ax = plot_confusion(counts, names)
    assert ax.get_ylabel() == f"runs of (n = {len(y)})"
    if classes <= 16:
        shares = 100 * counts / counts.sum(1, keepdims=True)
        assert [t.get_text() for t in ax.texts] == [f"{share:.0f}" for share in shares.ravel()]
    assert not texts_overlap(ax)
    with pytest.raises(ValueError, match=r"counts: shape \(1, 1\) is wanted for 1 names"):
        plot_confusion(counts, ["one"])


def test_draws_into_the_axes_given():
    figure, (ax, other) = plt.subplots(1, 2)
    x, y, names = features(3, 0.5)
    counts, _ = foreign_confusion(y, kstar(x, y, return_foreign=True).index)
    assert plot_confusion(counts, names, ax) is ax
    assert not other.has_data()
    assert plt.get_fignums() == [figure.number]
