"""The most confused samples of a page in a headless Chromium: each with its picture."""

import numpy as np
import pytest
from helpers.browser import BROWSER, DRIVER, MISSING
from helpers.made_sweep import features

from kstar_gpu import Sweep, kstar_distribution
from kstar_gpu.networks.sweep import Key

pytestmark = pytest.mark.skipif(not (BROWSER and DRIVER), reason=MISSING)


def test_confused_samples_have_their_pictures(opened):
    x, y, names = features(3, 0.5)
    result = kstar_distribution(x, y, names, return_foreign=True)
    pictures = np.random.default_rng(0).random((60, 8, 8))
    browser = opened(Sweep({Key("net", "test", "layer"): result}), images=pictures)
    seen = browser.run(
        "return [...document.images].map(i => [i.complete && i.naturalWidth, i.alt])"
    )
    table = result.confused(24)
    assert [width for width, _ in seen] == [8] * 48
    assert [alt for _, alt in seen[::2]] == [
        f"sample {sample}: {name}"
        for sample, name in zip(table["sample"], table["class"], strict=True)
    ]
    assert f"k* = {table['kstar'][0]} of 20" in browser.texts(".cards li")[0]


def test_references_have_their_pictures(opened):
    x, y, names = features(3, 0.5)
    result = kstar_distribution(
        x[:30], y[:30], names, references=x[30:], reference_labels=y[30:], return_foreign=True
    )
    pictures = np.random.default_rng(0).random((60, 8, 8))
    sweep = Sweep({Key("net", "test", "layer"): result})
    browser = opened(sweep, images=pictures[:30], reference_images=pictures[30:])
    alts = browser.run("return [...document.images].map(i => i.naturalWidth === 8 && i.alt)")
    table = result.confused(24)
    pairs = zip(table["foreign_sample"], table["foreign_class"], strict=True)
    assert alts[1::2] == [f"reference {sample}: {name}" for sample, name in pairs]
    assert alts[0] == f"sample {table['sample'][0]}: {table['class'][0]}"
