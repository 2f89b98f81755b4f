"""The page in a headless Chromium, used as a reader uses it: pointer, keyboard, search, sorting."""

import time

import numpy as np
import pytest
from helpers.browser import BROWSER, DRIVER, MISSING
from helpers.made_result import many
from helpers.made_sweep import LAYERS, features, made_sweep

from kstar_gpu import Sweep, kstar_distribution
from kstar_gpu.networks.sweep import Key

pytestmark = pytest.mark.skipif(not (BROWSER and DRIVER), reason=MISSING)

CLASS = "#distributions tbody td:nth-child(2)"
MEAN = "#distributions tbody td:nth-child(5)"
HEAD = "#distributions th:nth-child({}) button"


def wide_sweep(classes, layers):
    result = many(classes)
    return Sweep({Key("net", "test", f"layer{depth}"): result for depth in range(layers)})


def chosen(browser):
    return browser.texts("h2 .layer")[0]


def test_the_last_layer_is_shown_first_and_a_click_shows_another(opened):
    sweep = made_sweep(4)
    browser = opened(sweep)
    assert browser.texts(".multiple .name") == LAYERS
    assert chosen(browser) == "head"
    result = sweep["net", "test", "head"]
    assert browser.texts(CLASS) == [*result.class_names]
    assert browser.texts(MEAN) == [f"{mean:.3f}" for mean in result.mean]
    browser.click(".multiple:nth-child(2)")
    assert chosen(browser) == LAYERS[1]
    assert browser.texts(MEAN) == [f"{mean:.3f}" for mean in sweep["net", "test", LAYERS[1]].mean]
    assert browser.run("return document.querySelector('#layer').value") == "1"
    browser.click("#layers tbody tr:nth-child(3) button")
    assert chosen(browser) == LAYERS[2]


def test_heads_sort_and_sort_back(opened):
    sweep = made_sweep(12)
    browser = opened(sweep)
    means = sweep["net", "test", "head"].mean
    for rising in (True, False):
        browser.click(HEAD.format(5))
        wanted = sorted(means) if rising else sorted(means)[::-1]
        assert browser.texts(MEAN) == [f"{mean:.3f}" for mean in wanted]
        told = browser.run("return document.querySelector('[aria-sort]').ariaSort")
        assert told == ("ascending" if rising else "descending")
    browser.click(HEAD.format(2))
    assert browser.texts(CLASS) == [f"class {code}" for code in range(12)]  # 10 after 9
    browser.click("#matrix th:nth-child(2) button")
    first = sweep["net", "test", LAYERS[0]].mean
    assert browser.texts("#matrix tbody tr:first-child td")[1][:5] == f"{min(first):.3f}"


def test_search_finds_among_all_classes(opened):
    browser = opened(wide_sweep(1000, 2))
    assert len(browser.texts(CLASS)) == 100
    assert browser.texts("#distributions .count") == ["100 of 1000"]
    browser.write("#distributions input[type=search]", "C98")
    assert {*browser.texts(CLASS)} == {"c98", *(f"c98{code}" for code in range(10))}
    browser.run("document.querySelector('#matrix .more').click()")
    assert len(browser.texts("#matrix tbody tr")) == 1000


def test_classes_are_picked_and_let_go(opened):
    browser = opened(made_sweep(12))
    before = browser.texts("#picked li")
    assert len(before) == 2
    browser.write("#pick", "class 7")
    browser.press("Enter")
    assert [text.split(" \u00d7")[0].rstrip("\u00d7") for text in browser.texts("#legend li")][
        -1:
    ] == ["class 7"]
    assert browser.run("return document.querySelector('[data-code=\"7\"]').checked")
    browser.click("#picked li:last-child button")
    assert browser.texts("#picked li") == before
    for code in range(12):
        if not browser.run(f"return document.querySelector('[data-code=\"{code}\"]').checked"):
            browser.click(f"[data-code='{code}']")
    assert len(browser.texts("#picked li")) == 10
    assert "10 fit" in browser.run("return document.querySelector('#said').textContent")
    colours = browser.run(
        "return [...document.querySelectorAll('#picked li')]"
        ".map(e => e.style.getPropertyValue('--own'))"
    )
    assert len({*colours}) == 10


def test_the_pointer_tells_of_a_class_in_every_layer(opened):
    sweep = made_sweep(3)
    browser = opened(sweep)
    code = int(np.argmax(sweep["net", "test", "head"].mean))
    spot = browser.run(
        f"const [x, y] = place(layer(), {code});"
        "const box = document.querySelector('.multiple:last-child svg').getBoundingClientRect();"
        "return [(x / WIDE - 0.5) * box.width, (y / HIGH - 0.5) * box.height].map(Math.round)"
    )
    browser.point(".multiple:last-child svg", *spot)
    (told,) = browser.texts("#tip")
    result = sweep["net", "test", "head"]
    for text in (result.class_names[code], "n 20", f"mean {result.mean[code]:.3f}", "interval"):
        assert text in told
    assert f"skewness {result.skewness_plain[code]:.3f}" in told
    rings = "return document.querySelectorAll('.ring[visibility=visible]').length"
    assert browser.run(rings) == len(LAYERS)
    browser.point("h1")
    assert browser.texts("#tip:not([hidden])") == []


def test_by_the_keyboard_alone(opened):
    sweep = made_sweep(3)
    browser = opened(sweep)
    browser.run("document.querySelector('.multiple').focus()")
    browser.press("ArrowRight")
    stem = sweep["net", "test", "stem"]
    assert stem.class_names[int(np.argmin(stem.mean))] in browser.texts("#tip")[0]
    assert "mean" in browser.run("return document.querySelector('#said').textContent")
    browser.press("Escape")
    assert browser.texts("#tip:not([hidden])") == []
    browser.press("Enter")
    assert chosen(browser) == "stem"
    browser.run("document.querySelector('.chart').focus()")
    browser.press("ArrowRight")
    assert chosen(browser) == LAYERS[1]
    browser.run(f"document.querySelector({HEAD.format(5)!r}).focus()")
    browser.press("Space")
    assert browser.texts(MEAN) == sorted(browser.texts(MEAN))
    browser.press("Space")  # the focus is where it was
    assert browser.texts(MEAN) == sorted(browser.texts(MEAN), reverse=True)


def test_what_has_the_focus_is_not_below_what_sticks(opened):
    browser = opened(wide_sweep(60, 4))
    covered = """
        const box = document.querySelector("[data-code='40']"), page = document.documentElement;
        box.scrollIntoView({ block: "center" });
        scrollTo(0, page.scrollTop + box.getBoundingClientRect().top - 10);
        const before = box.getBoundingClientRect().top;
        box.focus();
        const { left, top } = box.getBoundingClientRect();
        return [before < 20, document.elementFromPoint(left + 3, top + 3) === box]"""
    assert browser.run(covered) == [True, True]


def test_another_model_shows_the_same_layer_and_classes(opened):
    x, y, names = features(4, 0.5)
    results = [kstar_distribution(x[:, :wide], y, names) for wide in (2, 4, 6)]
    keys = [Key("a", "test", "one"), Key("a", "test", "two"), Key("b", "test", "one")]
    browser = opened(Sweep(dict(zip(keys, results, strict=True))))
    picked = browser.texts("#picked li")
    browser.write("#pair", "b, test")
    assert chosen(browser) == "one"
    assert browser.texts(MEAN) == [f"{mean:.3f}" for mean in results[2].mean]
    assert browser.texts("#picked li") == picked
    browser.click("#layers tbody tr:nth-child(2) button")
    assert browser.texts(MEAN) == [f"{mean:.3f}" for mean in results[1].mean]
    assert browser.run("return document.querySelector('#pair').value") == "0"


HOSTILE = [
    *("</script><img src=x onerror=document.title=1>", "<b>bold</b>", '" onfocus="x', "__proto__"),
    *("constructor", "{{data}}"),
]


def test_names_do_nothing_but_stand_there(opened):
    x, y, _ = features(len(HOSTILE), 0.5)
    result = kstar_distribution(x, y, HOSTILE, return_foreign=True, ids=[HOSTILE[0]] * len(x))
    sweep = Sweep({Key(name, name, name): result for name in HOSTILE})
    sweep.errors[Key(*HOSTILE[:3])] = HOSTILE[0]
    browser = opened(sweep, title=HOSTILE[0], images={HOSTILE[0]: [HOSTILE[0]] * len(x)})
    assert browser.texts(CLASS) == HOSTILE
    assert browser.texts("h1") == [HOSTILE[0]]
    assert browser.texts(".cards .picture")[0] == HOSTILE[0]
    for place, name in enumerate(HOSTILE):
        browser.run("set({ pair: arguments[0], layer: 0, picked: [] })", place)
        assert chosen(browser) == name
    browser.click(".multiple")
    assert (
        browser.run("return document.querySelectorAll('main b, main script, img[src=x]').length")
        == 0
    )
    assert browser.run("return document.title") == HOSTILE[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_a_thousand_classes_in_a_hundred_layers_fit(opened, width, scheme):
    browser = opened(wide_sweep(1000, 100), width, scheme)
    assert len(browser.texts(".multiple")) == 100
    assert browser.run("return document.documentElement.scrollWidth") == width
    paper = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(22, 24, 27)")


def test_on_a_phone_names_leave_room_for_distributions(opened):
    browser = opened(made_sweep(4), 390)
    ends = """
        const right = (of) => document.querySelector(of).getBoundingClientRect().right;
        return [right("#distributions .scroll"), right("#distributions svg")]"""
    right, end = browser.run(ends)
    assert end <= right


def test_in_print_nothing_is_cut_off(opened):
    browser = opened(wide_sweep(30, 100), 700, "dark")
    browser.tell("Emulation.setEmulatedMedia", media="print", features=[])
    assert (
        browser.run("return getComputedStyle(document.body).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    assert browser.run("return document.documentElement.scrollWidth") == 700
    assert browser.run("return document.querySelector('#controls').checkVisibility()") is False


def test_in_print_heads_are_texts_that_every_page_repeats(opened):
    """Buttons are printed on the first page alone."""
    browser = opened(wide_sweep(30, 60), 700)
    browser.click(HEAD.format(5))
    browser.tell("Emulation.setEmulatedMedia", media="print", features=[])
    heads = browser.run(
        "return [...document.querySelectorAll('#distributions th')].map(head => "
        "[head.firstElementChild?.checkVisibility(), getComputedStyle(head, '::after').content])"
    )
    assert not any(visible for visible, _ in heads)
    titles = ["class", "n", None, "mean", None, "std", "skewness", "pattern"]
    wanted = ["none" if title is None else f'"{title}"' for title in titles]
    wanted[3] = '"mean \u25b2"'
    assert [content for _, content in heads[1:]] == wanted
    assert browser.run("return document.querySelector('#confused').checkVisibility()") is False


def test_what_goes_wrong_in_a_page_is_seen(browser, tmp_path):
    """The check of the fixture can fail."""
    (tmp_path / "page.html").write_text("<script>nothing.there</script>")
    browser.open(tmp_path / "page.html")
    time.sleep(0.1)
    assert any("ReferenceError" in message for message in browser.logged())
