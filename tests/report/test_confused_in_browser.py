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


@pytest.mark.parametrize("width", [1280, 390])
def test_texts_end_with_a_line(opened, width):
    x, y, names = features(3, 0.5)
    sweep = Sweep({Key("net", "t", "layer"): kstar_distribution(x, y, names, return_foreign=True)})
    browser = opened(sweep, width, images=["some words of a text " * 20] * 60)
    ends = """
        const text = document.querySelector(".picture.words"), range = document.createRange();
        range.selectNodeContents(text);
        const end = text.getBoundingClientRect().bottom;
        const lines = [...range.getClientRects()].map((line) => [line.top, line.bottom]);
        return lines.filter(([top, bottom]) => top < end - 1 && bottom > end + 1).length"""
    assert browser.run(ends) == 0
    clamp = "return getComputedStyle(document.querySelector('.picture.words')).webkitLineClamp"
    assert browser.run(clamp) == "8"  # an ellipsis where there are more
    assert browser.run("return document.querySelector('.picture.words').innerText.length") > 100
    assert browser.run("return document.documentElement.scrollWidth") == width
    across = browser.run(
        "return new Set([...document.querySelectorAll('.cards li')].map(e => e.offsetLeft)).size"
    )
    assert across == (3 if width == 1280 else 1)


def test_on_a_phone_two_pairs_of_pictures_stand_side_by_side(opened):
    x, y, names = features(3, 0.5)
    sweep = Sweep({Key("net", "t", "layer"): kstar_distribution(x, y, names, return_foreign=True)})
    browser = opened(sweep, 390, images=np.random.default_rng(0).random((60, 8, 8)))
    lefts = browser.run("return [...document.querySelectorAll('.cards li')].map(e => e.offsetLeft)")
    assert len({*lefts}) == 2
    assert browser.run("return document.documentElement.scrollWidth") == 390
