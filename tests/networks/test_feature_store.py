"""Features on disk: the same numbers, whole files, and nothing trusted that is not finished."""

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.other_kernels import of_integers
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from kstar_gpu import LayerError, activations, kstar, read_activations
from kstar_gpu.files import DamagedFileError
from kstar_gpu.networks import feature_store, layer_file

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
    assert manifest["dtype"] == "torch.float16"
    assert (manifest["inputs"], manifest["labels"], manifest["amp"]) == (None, None, False)
    assert manifest["samples"] == 50
    about = manifest["layers"].pop("0")
    assert len(about.pop("sha256")) == 64
    assert about == {"file": "000_0.npy", "shape": [4], "dtype": "float16"}
    assert manifest["layers"] == {}
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
def test_a_full_disk_is_noticed_where_it_happens(tmp_path, monkeypatch):
    def full(_):
        return open("/dev/full", "w+b", buffering=0)

    monkeypatch.setattr(layer_file, "create_file", full)
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


def test_whatever_bit_is_flipped_is_noticed(model, loader, tmp_path):
    activations(model, loader, ["2", ""], spill=tmp_path)
    wanted = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(wanted) == 4
    random = np.random.default_rng(0)
    for path, whole in wanted.items():
        noticed = 0
        for place in random.integers(8 * len(whole), size=60):
            damaged = bytearray(whole)
            damaged[place // 8] ^= 1 << place % 8
            path.write_bytes(damaged)
            try:
                found = read_activations(tmp_path)
            except DamagedFileError as error:
                noticed += path.name in str(error)
                continue
            assert path.name == "manifest.json"  # a blank may be another blank
            assert torch.equal(found.labels, LABELS)
        assert noticed > 40
        path.write_bytes(whole)


def test_another_types_rows_are_not_taken_for_the_same(model, loader, tmp_path):
    """A header that says integers would make garbage of the same bytes."""
    activations(model, loader, ["0"], spill=tmp_path)
    path = tmp_path / "000_0.npy"
    path.write_bytes(path.read_bytes().replace(b"<f4", b"<i4"))
    with pytest.raises(DamagedFileError, match=r"000_0\.npy is not what its manifest says"):
        read_activations(tmp_path)


@pytest.mark.parametrize("name", ["000_0.npy", "labels.npy", "manifest.json"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "nothing"])
def test_files_of_a_spill_are_files(model, loader, name, kind, tmp_path):
    """A link may lead to what is none of ours, and a pipe might never end."""
    folder = tmp_path / "spill"
    activations(model, loader, ["0"], spill=folder)
    (folder / name).rename(tmp_path / "outside")
    match kind:
        case "link":
            (folder / name).symlink_to(tmp_path / "outside")
        case "pipe":
            os.mkfifo(folder / name)
        case "folder":
            (folder / name).mkdir()
    unfinished = kind == "nothing" and name == "manifest.json"
    with pytest.raises(ValueError if unfinished else DamagedFileError) as refused:
        read_activations(folder)
    assert str(folder if unfinished else folder / name) in str(refused.value)


@pytest.mark.parametrize("taken", ["000_0.npy", "labels.npy", "manifest.json"])
@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_what_is_of_no_spill_stays(model, loader, taken, kind, tmp_path):
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    folder = tmp_path / "spill"
    folder.mkdir()
    match kind:
        case "file":
            (folder / taken).write_bytes(b"precious")
        case "link":
            (folder / taken).symlink_to(outside)
        case "folder":
            (folder / taken).mkdir()
    with pytest.raises(ValueError, match=f"spill: .*{taken} is there already"):
        activations(model, loader, ["0"], spill=folder)
    assert [path.name for path in folder.iterdir()] == [taken]
    assert outside.read_bytes() == b"precious"
    assert kind == "folder" or (folder / taken).read_bytes() == b"precious"


def test_an_earlier_spill_is_replaced_and_nothing_else(model, loader, tmp_path):
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    folder = tmp_path / "spill"
    activations(model, loader, ["0", "2"], spill=folder)
    (folder / "notes.txt").write_text("mine")
    (folder / "000_0.npy").unlink()
    (folder / "000_0.npy").symlink_to(outside)  # planted meanwhile
    found = activations(model, loader, ["2"], spill=folder)
    left = sorted(path.name for path in folder.iterdir())
    assert left == ["000_2.npy", "labels.npy", "manifest.json", "notes.txt"]
    assert outside.read_bytes() == b"precious"
    assert torch.equal(read_activations(folder).features["2"], found.features["2"])


def test_a_directory_that_is_a_link_is_the_users_choice(model, loader, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "spill").symlink_to(tmp_path / "disk")
    found = activations(model, loader, ["2"], spill=tmp_path / "spill")
    assert torch.equal(read_activations(tmp_path / "disk").features["2"], found.features["2"])


def test_features_are_those_of_this_run_whatever_another_writes(model, loader, tmp_path):
    wanted = activations(model, loader, ["0"]).features["0"]

    def disturbed():
        for number, batch in enumerate(loader):
            if number == 2:  # another process begins in the same directory
                activations(model, [(INPUTS + 1, LABELS)], ["0"], spill=tmp_path)
            yield batch

    with pytest.warns(UserWarning, match="another run has begun in .* whose features are right"):
        found = activations(model, disturbed(), ["0"], spill=tmp_path)
    assert torch.equal(found.features["0"], wanted)
    other = activations(model, [(INPUTS + 1, LABELS)], ["0"]).features["0"]
    assert torch.equal(read_activations(tmp_path).features["0"], other)


def test_layers_of_any_name(tmp_path):
    torch.manual_seed(0)
    names = ["a" * 300, "con", "Net", "net", "\x1b[2J", "猫" * 200, "a/b", "-"]
    model = nn.ModuleDict({name: nn.Linear(3, 2) for name in names})
    model.forward = lambda x: sum(layer(x) for layer in model.values())
    batches = [(INPUTS, LABELS)]
    activations(model, batches, names, spill=tmp_path)
    wanted = activations(model, batches, names).features
    found = read_activations(tmp_path).features
    assert [*found] == names
    assert all(torch.equal(found[name], wanted[name]) for name in names)


def test_a_layer_that_changes_its_type(tmp_path):
    def batches():
        yield INPUTS[:8], LABELS[:8]
        yield INPUTS[8:16].double(), LABELS[8:16]

    model = nn.Sequential(nn.Identity())
    with pytest.raises(LayerError, match="must give one type throughout where it is spilled"):
        activations(model, batches(), ["0"], spill=tmp_path)
    assert activations(model, batches(), ["0"]).features["0"].dtype == torch.float64
