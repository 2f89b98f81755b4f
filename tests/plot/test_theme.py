"""The look of a printed page, and that it ends with its context."""

import matplotlib

from kstar_gpu import kstar_distribution, theme


def test_theme_is_of_its_context_alone(rng):
    result = kstar_distribution(rng.standard_normal((30, 3)), [0, 1] * 15)
    before = dict(matplotlib.rcParams)
    with theme():
        ax = result.plot()
        assert ax.get_yticklabels()[0].get_fontfamily() == ["serif"]
        assert matplotlib.rcParams["savefig.dpi"] == 300
    assert dict(matplotlib.rcParams) == before
