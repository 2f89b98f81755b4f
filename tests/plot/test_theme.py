"""The look of a printed page, and that it ends with its context."""

import matplotlib
import pytest

from kstar_gpu import kstar_distribution, plot_distributions, theme


def test_theme_is_of_its_context_alone(rng):
    result = kstar_distribution(rng.standard_normal((30, 3)), [0, 1] * 15)
    before = dict(matplotlib.rcParams)
    with theme():
        ax = result.plot()
        assert ax.get_yticklabels()[0].get_fontfamily() == ["serif"]
        assert matplotlib.rcParams["savefig.dpi"] == 300
    assert dict(matplotlib.rcParams) == before


def test_a_palette_is_of_its_context_alone(rng):
    y = [0, 1] * 15
    results = {name: kstar_distribution(rng.standard_normal((30, 3)), y) for name in "abc"}

    def colours():
        legend = plot_distributions(results).get_legend()
        return [handle.get_color() for handle in legend.legend_handles]

    usual = colours()
    with theme(palette=["red", "lime", "blue"]):
        assert colours() == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    with pytest.raises(ValueError, match="palette: 3 colours are wanted"), theme(["red"]):
        plot_distributions(results)
    assert colours() == usual


@pytest.mark.parametrize(("palette", "error"), [("no map", ValueError), (3, TypeError)])
def test_what_is_no_palette(palette, error):
    with pytest.raises(error, match="palette: "):
        theme(palette)
