"""What a loop logs of a result: numbers by name, and a picture that leaves nothing behind."""

import numpy as np
import pytest
from helpers.made_result import made

from kstar_gpu.integrations.scalars import (
    check_every,
    check_name,
    check_step,
    mean_of,
    picture_of,
    scalars_of,
    tagged,
)
from kstar_gpu.plot.common import plain


def test_scalars_are_means_and_shares_of_classes():
    result = made([1, 1, 1, 4, 1, 4, 4, 4, 2, 2], [4, 4, 2])
    found = scalars_of(result)
    assert found["kstar_mean"] == pytest.approx((7 / 16 + 13 / 16 + 1) / 3)
    # The skewness of the first two is that of one of four, up and down; the last has none.
    assert found["kstar_skewness"] == pytest.approx(0, abs=1e-12)
    shares = [found[f"kstar_{p}"] for p in ("fractured", "overlapped", "clustered")]
    assert shares == [result.pattern.count(p) / 3 for p in ("fractured", "overlapped", "clustered")]
    assert found["kstar_fractured"] == pytest.approx(1 / 3)
    assert found["kstar_clustered"] == pytest.approx(2 / 3)  # all of the last have k* 2


def test_scalars_of_nothing_are_nan_by_the_same_names():
    assert {*scalars_of(None)} == {*scalars_of(made([1, 2, 2, 1], [2, 2]))}
    assert all(np.isnan(value) for value in scalars_of(None).values())


def test_a_mean_leaves_out_what_is_no_number():
    assert mean_of(np.array([1.0, np.nan, 3.0])) == 2
    assert mean_of(np.array([1.0, np.nan, 3.0]), np.array([3, 9, 1])) == 1.5
    assert np.isnan(mean_of(np.array([np.nan])))


def test_names():
    assert tagged("kstar", "layer1.0") == "kstar/layer1.0"
    assert tagged("kstar", "") == "kstar"
    with pytest.raises(TypeError, match="name: a string is wanted, got int"):
        check_name(3)


@pytest.mark.parametrize("step", [True, 1.0, "1", None])
def test_what_is_no_step_is_refused(step):
    with pytest.raises(TypeError, match="step: an integer is wanted, got"):
        check_step(step)


@pytest.mark.parametrize("every", [0, -1, 1.0, True])
def test_what_is_no_number_of_epochs_is_refused(every):
    check_every(None)
    check_every(1)
    with pytest.raises((TypeError, ValueError), match="plot_every_n_epochs: "):
        check_every(every)


def test_steps_are_not_negative():
    check_step(np.int64(3))
    with pytest.raises(ValueError, match="step: 0 or more is wanted, got -1"):
        check_step(-1)


def test_a_picture_is_closed_afterwards():
    plt = pytest.importorskip("matplotlib.pyplot", reason="the extra plot is not installed")
    before = plt.get_fignums()
    with picture_of(made([1, 2, 2, 1], [2, 2]), "$a_b") as figure:
        figure.canvas.draw()
        assert figure.get_suptitle() == plain("$a_b")  # a name is no formula
    failing = picture_of(made([1, 2, 2, 1], [2, 2]), "")
    figure = failing.__enter__()
    assert figure.get_suptitle() == ""
    assert plt.get_fignums() != before
    assert not failing.__exit__(KeyError, KeyError("a writer's"), None)
    assert plt.get_fignums() == before
