"""The numbers of a page: those of the results, in thousandths, and a letter per bin."""

import numpy as np
import pytest
from helpers.made_result import made, many
from helpers.made_sweep import LAYERS, features, made_sweep

from kstar_gpu import Sweep, confidence_intervals, kstar_distribution
from kstar_gpu.networks.sweep import Key
from kstar_gpu.report import content
from kstar_gpu.report.confused import Images
from kstar_gpu.report.content import BINS, content_of, letters_of, thousandths


def printed(column):
    return [f"{value / 1000:.3f}" for value in column]


def test_every_layer_has_the_numbers_of_its_result():
    sweep = made_sweep(4)
    (pair,) = content_of(sweep, Images({}), Images({}))["pairs"]
    assert (pair["model"], pair["data"]) == ("net", "test")
    assert [layer["name"] for layer in pair["layers"]] == LAYERS
    for layer, result in zip(pair["layers"], sweep.results.values(), strict=True):
        assert pair["classes"] == [*result.class_names]
        assert layer["n"] == result.sizes.tolist()
        assert printed(layer["mean"]) == [f"{mean:.3f}" for mean in result.mean]
        assert printed(layer["std"]) == [f"{std:.3f}" for std in result.std]
        assert printed(layer["skew"]) == [f"{skew:.3f}" for skew in result.skewness_plain]
        assert layer["pattern"] == "".join(pattern[0].upper() for pattern in result.pattern)
        ends = confidence_intervals(result)
        assert [layer["low"], layer["high"]] == [thousandths(end) for end in ends.T]


def test_classes_that_a_layer_lacks_are_missing_there():
    x, y, _ = features(3, 0.5)
    both = kstar_distribution(x[y < 2], y[y < 2], ["a", "b"])
    others = kstar_distribution(x[y > 0], y[y > 0], ["b", "c"])
    sweep = Sweep({Key("net", "test", "one"): both, Key("net", "test", "two"): others})
    (pair,) = content_of(sweep, Images({}), Images({}))["pairs"]
    assert pair["classes"] == ["a", "b", "c"]
    one, two = pair["layers"]
    assert one["n"] == [20, 20, None]
    assert two["n"] == [None, 20, 20]
    assert two["pattern"][0] == " "
    assert two["mean"] == [None, *thousandths(others.mean)]
    assert len(two["bins"]) == 2 * BINS


def test_a_letter_per_bin():
    # Of 24 samples each value fills a bin of its own; one more in the last makes that the fullest.
    result = made([*range(1, 25), 24, 24, 24], [24, 3])
    first, second = letters_of(result)
    assert first == "z" * BINS
    assert second == "a" * (BINS - 1) + "z"
    one_of_many = made([1, *[200] * 199], [200])
    assert letters_of(one_of_many) == ["b" + "a" * (BINS - 2) + "z"]  # one can be seen


def test_what_is_undefined_is_none():
    assert thousandths(np.array([0.1125, np.nan, -2.0])) == [113, None, -2000]


def test_of_many_classes_intervals_are_of_a_normal_distribution(monkeypatch):
    result = many(30, 50)
    sweep = Sweep({Key("net", "test", "layer"): result})
    assert content_of(sweep, Images({}), Images({}))["interval"] == "95 %, bootstrap"
    monkeypatch.setattr(content, "MOST_BOOTSTRAPS", 29)
    told = content_of(sweep, Images({}), Images({}))
    assert told["interval"] == "95 %, normal"
    (layer,) = told["pairs"][0]["layers"]
    half = 1.96 * result.std / np.sqrt(50)
    assert layer["low"] == thousandths(np.maximum(result.mean - half, 0))
    assert layer["high"] == thousandths(np.minimum(result.mean + half, 1))


@pytest.mark.parametrize("most", [0, 4000])
def test_where_nothing_varies_there_is_no_interval(monkeypatch, most):
    monkeypatch.setattr(content, "MOST_BOOTSTRAPS", most)
    sweep = Sweep({Key("net", "test", "layer"): made([1, 1, 1, 1, 2], [2, 2, 1])})
    (layer,) = content_of(sweep, Images({}), Images({}))["pairs"][0]["layers"]
    assert layer["low"] == layer["high"] == [None] * 3
