"""The most confused samples of a page, and the pictures of them inside it."""

import base64
import io
import sys

import numpy as np
import pytest
from helpers.made_sweep import features
from PIL import Image

from kstar_gpu import Sweep, kstar_distribution
from kstar_gpu.networks.sweep import Key
from kstar_gpu.report import confused
from kstar_gpu.report.confused import (
    Images,
    confused_of,
    images_of,
    reference_images_of,
    shown_as,
)


def result_of(classes=3, **options):
    x, y, names = features(classes, 0.5)
    return kstar_distribution(x, y, names, return_foreign=True, **options)


def places(result):
    return {label: (code, "") for code, label in enumerate(result.classes.tolist())}


def test_the_most_confused_come_first_also_of_each_class(monkeypatch):
    monkeypatch.setattr(confused, "MOST_OF_ALL", 5)
    result = result_of(ids=[f"<{i}>" for i in range(60)])
    found = confused_of(result, places(result), "test", Images({}), Images({}), 3)
    table = result.confused(5)
    assert [one["sample"] for one in found[:5]] == table["sample"].tolist()
    assert [one["foreign"] for one in found[:5]] == table["foreign_sample"].tolist()
    assert [one["meets"] for one in found[:5]] == table["foreign_class"].tolist()
    assert [one["kstar"] for one in found[:5]] == table["kstar"].tolist()
    assert [one["foreign_id"] for one in found[:5]] == table["foreign_id"].tolist()
    wanted = {*table["sample"], *result.confused(6, by="class")["sample"]}
    assert {one["sample"] for one in found} == wanted
    assert len(found) == len(wanted)
    assert all(one["class"] == result.class_index[one["sample"]] for one in found)
    for code, table in result.confused(6, by="class").groupby("class", sort=False):
        place = result.class_names.index(code)
        listed = [one["sample"] for one in found if one["class"] == place]
        assert listed[:6] == table["sample"].tolist()


def test_many_classes_share_the_room(monkeypatch):
    result = result_of()
    found = confused_of(result, places(result), "test", Images({}), Images({}), 10**6)
    assert len(found) == confused.MOST_OF_ALL


def test_a_result_that_knows_no_foreign_samples_has_none():
    x, y, _ = features(3, 0.5)
    result = kstar_distribution(x, y)
    assert confused_of(result, places(result), "test", Images({}), Images({}), 3) == []


def test_images_are_those_of_the_samples():
    result = result_of()
    levels = np.arange(60, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
    images = Images({"test": levels})
    found = confused_of(result, places(result), "test", images, Images({}), 3)
    shown = images.shown["test"]
    assert {*shown} == {one[name] for one in found for name in ("sample", "foreign")}
    for sample, one in shown.items():
        kind, _, content = one["image"].partition(",")
        assert kind == "data:image/png;base64"
        with Image.open(io.BytesIO(base64.b64decode(content))) as image:
            assert np.array_equal(np.asarray(image), levels[sample])


def test_large_images_are_made_small_and_transparent_ones_stay():
    photo = shown_as(np.zeros((200, 100, 3)))["image"]
    assert photo.startswith("data:image/jpeg;base64,")
    with Image.open(io.BytesIO(base64.b64decode(photo.partition(",")[2]))) as image:
        assert image.size == (48, 96)
    assert shown_as(np.zeros((200, 100, 4)))["image"].startswith("data:image/png;")


def test_without_pillow_images_are_refused_and_texts_are_not(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ImportError, match=r"needs Pillow for images: pip install .*\[plot\]"):
        shown_as(np.zeros((4, 4)))
    assert shown_as("text") == {"text": "text"}


def test_texts_are_cut():
    assert shown_as("a  <b>\nc") == {"text": "a <b> c"}
    text = shown_as("word " * 1000)["text"]
    assert len(text) == confused.MOST_LETTERS + 1
    assert text.endswith("\N{HORIZONTAL ELLIPSIS}")


def query_result():
    x, y, names = features(3, 0.5)
    return kstar_distribution(
        x[:12], y[:12], names, references=x[12:], reference_labels=y[12:], return_foreign=True
    )


@pytest.mark.parametrize("given", [(), ("images",), ("references",), ("images", "references")])
def test_references_have_images_of_their_own(given):
    result = query_result()
    levels = np.arange(60, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
    images = Images({"test": levels[:12]} if "images" in given else {})
    references = Images({"test": levels[12:]} if "references" in given else {}, "reference_images")
    found = confused_of(result, places(result), "test", images, references, 3)
    assert not any(one["known"] for one in found)
    for own, name, first in ((images, "sample", 0), (references, "foreign", 12)):
        shown = own.shown["test"]
        assert {*shown} == ({one[name] for one in found} if own.given else set())
        for sample, one in shown.items():
            content = one["image"].partition(",")[2]
            with Image.open(io.BytesIO(base64.b64decode(content))) as image:
                assert np.array_equal(np.asarray(image), levels[first + sample])


def test_images_of_references_are_wanted_where_there_are_some():
    alone, among = (Key("net", name, "layer") for name in ("alone", "among"))
    sweep = Sweep({alone: result_of()})
    assert reference_images_of(sweep, None).given == {}
    with pytest.raises(ValueError, match="reference_images: None is wanted for a sweep without"):
        reference_images_of(sweep, ["text"] * 48)
    sweep.results[among] = query_result()
    assert [*reference_images_of(sweep, ["text"] * 48).given] == ["among"]
    with pytest.raises(ValueError, match=r"reference_images: data sets with references are wanted"):
        reference_images_of(sweep, {"alone": ["text"] * 48})
    with pytest.raises(TypeError, match=r"reference_images\['among'\]: an image .*, got int"):
        reference_images_of(sweep, {"among": 3})
    few = reference_images_of(sweep, {"among": ["text"] * 2})
    with pytest.raises(ValueError, match=r"reference_images: more than \d+ are wanted, got 2"):
        confused_of(sweep.results[among], places(query_result()), "among", Images({}), few, 3)


def test_what_are_no_images_is_refused():
    sweep = Sweep({Key("net", "test", "layer"): result_of()})
    assert images_of(sweep, None).given == {}
    assert [*images_of(sweep, [np.zeros((2, 2))] * 60).given] == ["test"]
    with pytest.raises(ValueError, match=r"images: one per sample is wanted \(60\), got 59"):
        images_of(sweep, ["text"] * 59)
    with pytest.raises(
        ValueError, match=r"images: data sets of the sweep .*\['test'\], got 'tset'"
    ):
        images_of(sweep, {"tset": ["text"] * 60})
    with pytest.raises(
        ValueError, match=r"images\['test'\]: one per sample is wanted \(60\), got 2"
    ):
        images_of(sweep, {"test": ["text"] * 2})
    with pytest.raises(TypeError, match=r"images: an image .* per sample is wanted, got int"):
        images_of(sweep, 3)
    sweep.results[Key("net", "train", "layer")] = result_of()
    with pytest.raises(ValueError, match="images: a mapping from the data set's name is wanted"):
        images_of(sweep, ["text"] * 60)
