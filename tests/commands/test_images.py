"""`--images`: of which data set a folder or file is, what is read of it, and in which order."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from helpers.made_sweep import features
from PIL import Image

from kstar_gpu import Sweep, kstar_distribution
from kstar_gpu.commands.images import named_images
from kstar_gpu.networks.sweep import Key

LEVELS = np.arange(60, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)


def sweep_of(*data, labels=None):
    x, y, _ = features(3, 0.5)
    result = kstar_distribution(x, y if labels is None else labels, return_foreign=True)
    return Sweep({Key("net", name, "layer"): result for name in data})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save_pictures(folder, labels, shift=0):
    for sample, label in enumerate(labels):
        own = folder / f"class {(label + shift) % 3}"
        own.mkdir(parents=True, exist_ok=True)
        Image.fromarray(LEVELS[sample]).save(own / f"{sample:02}.png")


def test_a_folder_of_pictures_comes_class_by_class(folder):
    labels = np.sort(np.arange(60) % 3)
    save_pictures(folder / "pictures", labels)
    found = named_images(["pictures"], sweep_of("test", labels=labels))["test"]
    assert [int(path.stem) for path in found] == [*range(60)]


def test_files_have_images_or_inputs_or_what_is_named(folder):
    np.savez("inputs.npz", inputs=LEVELS, labels=np.arange(60) % 3)
    np.savez("images.npz", inputs=np.zeros((60, 9)), images=LEVELS)
    np.savez("other.npz", photos=LEVELS, texts=[f"text {n}" for n in range(60)])
    np.save("bare.npy", LEVELS)
    sweep = sweep_of("test")
    for name in ("inputs.npz", "images.npz", "other.npz:photos", "bare.npy"):
        np.testing.assert_array_equal(named_images([name], sweep)["test"], LEVELS)
    assert named_images(["test=other.npz:texts"], sweep)["test"][7] == "text 7"
    with pytest.raises(ValueError, match=r"no entry 'inputs'; entries: photos, texts"):
        named_images(["other.npz"], sweep)
    with pytest.raises(FileNotFoundError, match=r"none.npz: there is no such file"):
        named_images(["none.npz"], sweep)


def test_texts_of_a_table(folder):
    texts = [f"text {n}" for n in range(60)]
    table = pa.table({"text": texts, "labels": [*np.arange(60) % 3]})
    parquet.write_table(table, "t.parquet")
    assert named_images(["t.parquet:text"], sweep_of("test"))["test"] == texts


def test_of_several_data_sets_the_name_says_which(folder):
    for name in ("a", "b=c", "b"):
        np.save(f"{name}.npy", LEVELS + len(name))
    sweep = sweep_of("a", "b", "b=c")
    found = named_images(["a.npy", "b=c=b=c.npy", "b=a.npy"], sweep)
    assert {name: own[0, 0, 0] for name, own in found.items()} == {"a": 1, "b=c": 3, "b": 1}
    with pytest.raises(ValueError, match=r"--images: DATA=.* DATA one of 'a', 'b', 'b=c', got 'x"):
        named_images(["x.npy"], sweep)
    with pytest.raises(ValueError, match=r"--images: one for each data set .* got two of 'a'"):
        named_images(["a.npy", "a=b.npy"], sweep)


def test_another_order_of_classes_is_refused(folder):
    labels = np.arange(60) % 3
    save_pictures(folder / "pictures", labels)
    with pytest.raises(ValueError, match="pictures: images in the order of the samples are wanted"):
        named_images(["pictures"], sweep_of("test", labels=labels))
    np.savez("data.npz", inputs=LEVELS, labels=np.roll(labels, 1))
    named_images(["data.npz"], sweep_of("test", labels=labels))  # classes of other names
    np.savez("data.npz", inputs=LEVELS, labels=np.sort(labels))
    with pytest.raises(ValueError, match=r"data.npz: images in the order of the samples"):
        named_images(["data.npz"], sweep_of("test", labels=labels))
    for other in (labels > 0, np.arange(60)):  # coarser, and finer
        np.savez("data.npz", inputs=LEVELS, labels=other)
        named_images(["data.npz"], sweep_of("test", labels=labels))
