"""What is no result, no sweep, no axes and no path is refused by the argument's name."""

import re

import numpy as np
import pytest
from helpers.made_sweep import made_sweep

from kstar_gpu import (
    KStarDistribution,
    Sweep,
    compare,
    confidence_intervals,
    kstar_distribution,
    label_null,
    plot_compare,
    plot_confused,
    plot_confusion,
    plot_distributions,
    plot_embedding,
    plot_layers,
    resampled_intervals,
)
from kstar_gpu.networks.sweep import Key
from kstar_gpu.report import write_report

X, Y = np.random.default_rng(0).standard_normal((40, 3)), np.arange(40) % 2
RESULT = kstar_distribution(X, Y)
COUNTS = np.array([[0, 20], [20, 0]])
OTHERS = [3, None, "result.npz", [RESULT], RESULT.kstar, KStarDistribution]

TAKE_RESULTS = {
    "compare first": ("first", lambda other: compare(other, RESULT)),
    "compare second": ("second", lambda other: compare(RESULT, other)),
    "compare both unpaired": ("first", lambda other: compare(other, other, paired=False)),
    "intervals": ("result", confidence_intervals),
    "distributions": ("result", plot_distributions),
    "of a mapping": ("result['b']", lambda other: plot_distributions({"a": RESULT, "b": other})),
    "plot_compare first": ("first", lambda other: plot_compare(other, RESULT)),
    "plot_compare second": ("second", lambda other: plot_compare(RESULT, other)),
    "confused": ("result", lambda other: plot_confused(other, X)),
    "layers": ("sweep", plot_layers),
    "report": ("sweep", lambda other: write_report(other, "page.html")),
}


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: type(other).__name__)
@pytest.mark.parametrize(("name", "call"), TAKE_RESULTS.values(), ids=TAKE_RESULTS.keys())
def test_what_is_no_result(name, call, other):
    with pytest.raises(
        TypeError, match=f"^{re.escape(name)}: .* wanted, got {type(other).__name__}"
    ):
        call(other)


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ({("net", "test", "head"): RESULT}, "sweep: results by Key(model, data, layer) are wanted"),
        ({Key("net", "test", "head"): 3}, "sweep['net/test/head']: a KStarDistribution is wanted"),
    ],
)
def test_what_a_sweep_does_not_hold(results, words):
    for call in (plot_layers, lambda sweep: write_report(sweep, "page.html")):
        with pytest.raises(TypeError, match=re.escape(words)):
            call(Sweep(results))


DRAW = {
    "distributions": lambda ax: RESULT.plot(ax),
    "compare": lambda ax: plot_compare(RESULT, RESULT, ax=ax),
    "confusion": lambda ax: plot_confusion(COUNTS, ["a", "b"], ax),
    "lines": lambda ax: plot_layers(made_sweep(3), ax=ax),
    "map": lambda ax: plot_layers(made_sweep(3), ax=ax, kind="map"),
}


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW.keys())
@pytest.mark.parametrize("ax", [3, "ax", np.zeros(2)], ids=lambda ax: type(ax).__name__)
def test_what_are_no_axes(draw, ax):
    with pytest.raises(
        TypeError, match=f"^ax: matplotlib axes are wanted, got {type(ax).__name__}"
    ):
        draw(ax)


@pytest.mark.parametrize("path", [3, 0, None, 1.5])
def test_what_is_no_path(path):
    """A number would be an open file."""
    for call in (RESULT.save, KStarDistribution.load, lambda p: write_report(made_sweep(3), p)):
        with pytest.raises(TypeError, match=f"^path: a path is wanted, got {path!r}"):
            call(path)


DRAWS = {
    "resamples": [
        lambda given: compare(RESULT, RESULT, resamples=given),
        lambda given: confidence_intervals(RESULT, resamples=given),
        lambda given: resampled_intervals(X, Y, resamples=given),
    ],
    "permutations": [lambda given: label_null(X, Y, permutations=given)],
    "samples": [lambda given: plot_embedding(X, Y, samples=given)],
    "seed": [
        lambda given: compare(RESULT, RESULT, seed=given),
        lambda given: confidence_intervals(RESULT, seed=given),
        lambda given: resampled_intervals(X, Y, seed=given),
        lambda given: label_null(X, Y, seed=given),
        lambda given: plot_embedding(X, Y, seed=given),
    ],
}


@pytest.mark.parametrize("name", DRAWS)
def test_numbers_of_draws(name):
    for call in DRAWS[name]:
        for given in ("3", 2.5, None):
            with pytest.raises(TypeError, match=f"^{name}: an integer is wanted, got {given!r}"):
                call(given)
        with pytest.raises(ValueError, match=f"^{name}: at least .* wanted, got -1"):
            call(-1)


def test_levels_and_statistics():
    for call in (confidence_intervals, lambda _, **given: resampled_intervals(X, Y, **given)):
        with pytest.raises(TypeError, match=r"^level: a number between 0 and 1 is wanted, got "):
            call(RESULT, level="0.9")
        with pytest.raises(ValueError, match=r"^statistic: mean or skewness is wanted, got \[\]"):
            call(RESULT, statistic=[])


@pytest.mark.parametrize(
    ("counts", "error", "words"),
    [
        (3, ValueError, r"counts: shape \(2, 2\) is wanted for 2 names, got \(\)"),
        ("counts", TypeError, "counts: a matrix of numbers is wanted, got str"),
        ([[1, 2], [3]], TypeError, "counts: a matrix of numbers is wanted, got list"),
        (None, TypeError, "counts: a matrix of numbers is wanted, got NoneType"),
        (-COUNTS, ValueError, "counts: numbers of runs, at least 0, are wanted"),
    ],
)
def test_what_are_no_counts(counts, error, words):
    with pytest.raises(error, match=f"^{words}"):
        plot_confusion(counts, ["a", "b"])


@pytest.mark.parametrize("names", ["ab", 3])
def test_what_are_no_names(names):
    for call in (
        lambda: plot_confusion(COUNTS, names),
        lambda: plot_compare(RESULT, RESULT, names),
    ):
        with pytest.raises(TypeError, match=r"^names: a sequence of names is wanted, got "):
            call()
    with pytest.raises(ValueError, match=r"^names: two are wanted, got 3"):
        plot_compare(RESULT, RESULT, ["a", "b", "c"])


def test_counts_and_names_of_any_kind():
    assert plot_confusion(COUNTS.tolist(), np.array([7, 8])).get_ylabel() == "runs of (n = 40)"
    assert plot_compare(RESULT, RESULT, np.array(["a", "b"])).get_legend() is not None
