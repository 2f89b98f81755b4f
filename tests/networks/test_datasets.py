"""Inputs in files of arrays, and folders of pictures, in batches."""

import sys

import numpy as np
import pytest
import torch

from kstar_gpu.networks.datasets import array_file, image_folder


def test_inputs_and_labels_come_in_batches_and_order(tmp_path, rng):
    path, inputs = tmp_path / "data.npz", rng.standard_normal((7, 2))
    labels = np.array(["eel", "cat", "dog"])[np.arange(7) % 3]
    np.savez(path, inputs=inputs, labels=labels)
    loader, names = array_file(path, batch=3, dtype=torch.float32)
    batches = list(loader)
    assert [len(batch) for batch, _ in batches] == [3, 3, 1]
    found = torch.cat([batch for batch, _ in batches])
    assert found.dtype == torch.float32
    assert torch.equal(found, torch.from_numpy(inputs).float())
    assert torch.cat([codes for _, codes in batches]).tolist() == [2, 0, 1, 2, 0, 1, 2]
    assert names == ["cat", "dog", "eel"]


def test_integers_stay_integers(tmp_path):
    np.savez(tmp_path / "tokens.npz", inputs=np.arange(6).reshape(3, 2), labels=[0, 1, 5])
    loader, names = array_file(tmp_path / "tokens.npz", dtype=torch.float16)
    (batch, _), *_ = loader
    assert batch.dtype == torch.int64
    assert names == ["0", "1", "5"]


def test_names_in_the_file(tmp_path):
    given = {"inputs": np.zeros((3, 2)), "labels": [0, 1, 5], "class_names": ["a", "b", "c"]}
    np.savez(tmp_path / "named.npz", **given)
    assert array_file(tmp_path / "named.npz")[1] == ["a", "b", "c"]


def test_pictures_come_in_batches_without_torchvision(tmp_path, monkeypatch):
    image = pytest.importorskip("PIL.Image")
    monkeypatch.setitem(sys.modules, "torchvision", None)  # importing it fails now
    for shade, name in enumerate(["cat/0.png", "cat/1.png", "ant/0.png"]):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        image.new("RGB", (2, 2), (shade, 0, 0)).save(tmp_path / name)
    loader, names = image_folder(tmp_path, red, batch=2)
    assert [(found.tolist(), labels.tolist()) for found, labels in loader] == [
        ([2, 0], [0, 1]),
        ([1], [1]),
    ]
    assert names == ["ant", "cat"]


def red(picture):
    return torch.tensor(picture.getpixel((0, 0))[0])
