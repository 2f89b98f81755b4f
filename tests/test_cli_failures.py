"""What can fail and is no fault of the command's: one line on stderr, and nothing is lost."""

import numpy as np
import pytest
import torch
from helpers.command_line import EXPECTED, FEATURES, LABELS, error_of, saved, write_samples
from safetensors.torch import save_file

from kstar_gpu import cli, files
from kstar_gpu.commands import compute
from kstar_gpu.stats.from_features import kstar_distribution

LABELLED = ["--labels", "data.npz"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    return write_samples(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("content", "arguments", "text"),
    [
        ((1, 2), [], "--labels is wanted, since odd.pt has no entry 'labels'"),
        ((torch.ones(3), 2), LABELLED, "odd.pt: an array is wanted, got tuple of Tensor, int"),
        ({"features": {"a": 1}}, LABELLED, "is wanted as entry 'features', got dict of a"),
        ({"features": [torch.ones(3)]}, LABELLED, "as entry 'features', got list of Tensor"),
        ({"features": None}, LABELLED, "is wanted as entry 'features', got NoneType"),
        ({"features": torch.ones(2), "labels": "ab"}, [], "as entry 'labels', got str"),
        ({"features": torch.ones(2), "labels": {}}, [], "'labels', got dict of nothing"),
        ({"features": torch.ones(2), "class_names": {0: 1}}, LABELLED, "'class_names', got dict"),
        (torch.ones(30, 2).to_sparse(), LABELLED, "features: "),
        (torch.nn.Linear(2, 2), LABELLED, "or it holds pickled objects, which are never loaded"),
    ],
)
def test_what_torch_keeps_besides_arrays(content, arguments, text, capsys):
    torch.save(content, "odd.pt")
    assert text in error_of(capsys, "compute", "odd.pt", *arguments)


def test_entries_need_not_be_named_by_text():
    torch.save({0: torch.from_numpy(FEATURES), "labels": LABELS.tolist()}, "numbered.pt")
    np.testing.assert_array_equal(saved("compute", "numbered.pt:0").kstar, EXPECTED)


def test_class_names_of_any_kind():
    for names, wanted in [
        (np.array([b"a", b"b", b"c"]), ("a", "b", "c")),
        (np.array([7, 8, 9]), ("7", "8", "9")),
    ]:
        np.savez("named.npz", features=FEATURES, labels=LABELS, class_names=names)
        assert saved("compute", "named.npz").class_names == wanted
    tensors = {"features": torch.from_numpy(FEATURES), "labels": torch.from_numpy(LABELS)}
    torch.save({**tensors, "class_names": torch.tensor([7, 8, 9])}, "named.pt")
    assert saved("compute", "named.pt").class_names == ("7", "8", "9")


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".pt", ".safetensors"])
def test_damage_of_any_kind_is_one_line(suffix, capsys, folder, rng):
    """Or it is not seen, in which case there is a result."""
    tensors = {"features": torch.from_numpy(FEATURES), "labels": torch.from_numpy(LABELS)}
    write = {
        ".npy": lambda name: np.save(name, FEATURES),
        ".npz": lambda name: np.savez_compressed(name, features=FEATURES, labels=LABELS),
        ".pt": lambda name: torch.save(tensors, name),
        ".safetensors": lambda name: save_file(tensors, name),
    }
    path = folder / f"a{suffix}"
    write[suffix](path)
    whole = path.read_bytes()
    codes = set()
    for number in range(40):
        content = bytearray(whole if number % 3 else whole[: rng.integers(0, len(whole))])
        for place in rng.integers(0, max(1, min(len(content), 300)), 3):
            content[place : place + 1] = rng.bytes(1)
        path.write_bytes(content)
        codes.add(cli.main(["compute", str(path), *LABELLED]))
        lines = capsys.readouterr().err.splitlines()
        assert len([line for line in lines if line.startswith("kstar-gpu")]) == len(lines) <= 1
    assert 2 in codes


@pytest.mark.parametrize("option", ["--references", "--reference-labels", "--labels", "--device"])
def test_an_empty_option_is_not_ignored(option, capsys):
    error_of(capsys, "compute", "data.npz", option, "")
    assert "(3), got 1" in error_of(capsys, "compute", "data.npz", "--class-names", "")


@pytest.mark.parametrize("device", ["meta", "mps", "xpu", "cuda:99", "abacus"])
def test_devices_that_are_not_there(device, capsys):
    if device in ("mps", "xpu") and getattr(torch, device).is_available():
        pytest.skip("it is there")
    assert "device: " in error_of(capsys, "compute", "data.npz", "--device", device)


def test_a_file_that_is_locked(capsys, monkeypatch):
    def locked(*_, **__):
        raise PermissionError(13, "Permission denied", "data.npz")

    monkeypatch.setattr(np, "load", locked)
    error = error_of(capsys, "compute", "data.npz")
    assert "[Errno 13] Permission denied: 'data.npz'" in error


def test_a_folder_that_cannot_be_written_to(capsys, monkeypatch):
    monkeypatch.setattr(compute, "kstar_distribution", lambda *_, **__: pytest.fail("computed"))
    monkeypatch.setattr(files.os, "access", lambda path, mode: False)
    for option in ("--out", "--plot"):
        error = error_of(capsys, "compute", "data.npz", option, "a.png")
        assert "a.png: the folder . cannot be written to" in error


def test_a_full_disk(capsys, monkeypatch, folder):
    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    for option in ("--out", "--plot"):
        assert cli.main(["compute", "data.npz", option, "a.png"]) == 2
        printed = capsys.readouterr()
        assert printed.out == kstar_distribution(FEATURES, LABELS).summary() + "\n"  # not lost
        assert printed.err == "kstar-gpu: error: [Errno 28] No space left on device\n"
    assert [path.name for path in folder.iterdir()] == ["data.npz"]


def test_memory_that_does_not_suffice(capsys, monkeypatch):
    def large(*_, **__):
        return np.empty(2**50)

    monkeypatch.setattr(compute, "kstar_distribution", large)
    error = error_of(capsys, "compute", "data.npz")
    assert "memory does not suffice: Unable to allocate 8.00 PiB" in error
