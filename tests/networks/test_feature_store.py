"""Features on disk: the same numbers, whole files, and nothing trusted that is not finished."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.other_kernels import of_integers
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from kstar_gpu import activations, kstar, read_activations
from kstar_gpu.networks import feature_store

# Integers, here and in the model: sums that are exact in batches of any size, though not all of
# them in 16 bits.
INPUTS = torch.randint(-99, 100, (50, 3), generator=torch.Generator().manual_seed(0)).float()
LABELS = torch.arange(50) % 3
LAYERS = ["0", "2", ""]


@pytest.fixture
def loader():
    return DataLoader(TensorDataset(INPUTS, LABELS), batch_size=8)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return of_integers(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), largest=99)


def test_spilled_features_are_the_same(model, loader, tmp_path):
    wanted = activations(model, loader, LAYERS)
    for found in (
        activations(model, loader, LAYERS, spill=tmp_path / "new" / "folder"),
        read_activations(tmp_path / "new" / "folder"),
    ):
        assert torch.equal(found.labels, LABELS)
        assert list(found.features) == LAYERS
        for name in LAYERS:
            assert torch.equal(found.features[name], wanted.features[name])
        assert torch.equal(kstar(found.features["2"], LABELS), kstar(wanted.features["2"], LABELS))


def test_each_layer_is_a_plain_npy_file(model, loader, tmp_path):
    activations(model, loader, ["0"], spill=tmp_path, dtype=torch.float16)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["model"] == "Sequential"
    assert manifest["pool"] == "auto"
    assert manifest["samples"] == 50
    assert manifest["layers"] == {"0": {"file": "000_0.npy", "shape": [4], "dtype": "float16"}}
    assert np.load(tmp_path / "000_0.npy", mmap_mode="r").shape == (50, 4)


def test_bfloat16_becomes_float32(model, loader, tmp_path):
    features = activations(model, loader, ["0"], spill=tmp_path, dtype=torch.bfloat16).features
    assert features["0"].dtype == torch.float32
    wanted = activations(model, loader, ["0"], dtype=torch.bfloat16).features["0"]
    assert torch.equal(features["0"], wanted.float())
    assert not torch.equal(features["0"], activations(model, loader, ["0"]).features["0"])


def test_mapped_features_cannot_change_the_file(model, loader, tmp_path):
    features = activations(model, loader, ["0"], spill=tmp_path).features["0"]
    before = features.clone()
    features.zero_()
    assert torch.equal(read_activations(tmp_path).features["0"], before)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_what_is_not_finished_is_not_trusted_but_whole(model, error, tmp_path):
    activations(model, [(INPUTS, LABELS)], ["0"], spill=tmp_path)  # an older one, to be replaced

    def broken_loader():
        yield INPUTS[:8], LABELS[:8]
        yield INPUTS[8:16], LABELS[8:16]
        raise error("stop")

    with pytest.raises(error, match="stop"):
        activations(model, broken_loader(), ["0"], spill=tmp_path)
    with pytest.raises(ValueError, match="a finished spill of activations is wanted, got none"):
        read_activations(tmp_path)
    wanted = activations(model, [(INPUTS, LABELS)], ["0"]).features["0"][:16]
    assert torch.equal(torch.from_numpy(np.load(tmp_path / "000_0.npy")), wanted)


def test_a_full_disk_is_named_and_loses_nothing(model, loader, monkeypatch, tmp_path):
    plain = feature_store.LayerFile.append

    def nearly_full(file, values):
        if file.rows >= 24 and "2" in file.path.name:
            file.file.write(b"half a row")
            raise OSError(errno.ENOSPC, "No space left on device")
        plain(file, values)

    monkeypatch.setattr(feature_store.LayerFile, "append", nearly_full)
    message = r"no space left in .* after 24 samples \(\d+ bytes\): about \d+ bytes more are wanted"
    with pytest.raises(OSError, match=message):
        activations(model, loader, ["0", "2"], spill=tmp_path)
    for name in ("000_0.npy", "001_2.npy"):
        assert len(np.load(tmp_path / name)) == 24


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_noticed_where_it_happens(tmp_path):
    (tmp_path / "full.npy").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as failed:
        feature_store.LayerFile(tmp_path / "full.npy").append(np.zeros((2, 3), np.float32))
    assert failed.value.errno == errno.ENOSPC


def test_a_loader_that_does_not_know_its_length(model, tmp_path):
    class Stream(IterableDataset):
        def __iter__(self):
            yield from zip(INPUTS, LABELS, strict=True)

    features = activations(model, DataLoader(Stream(), 8), ["0"], spill=tmp_path).features["0"]
    assert torch.equal(features, activations(model, [(INPUTS, LABELS)], ["0"]).features["0"])


@pytest.mark.parametrize("file", ["000_0.npy", "labels.npy"])
def test_files_that_do_not_fit_their_manifest(model, loader, file, tmp_path):
    activations(model, loader, ["0"], spill=tmp_path)
    np.save(tmp_path / file, np.zeros(3))
    with pytest.raises(ValueError, match=f"{file} is not what its manifest says"):
        read_activations(tmp_path)
