"""Files of arrays: every format and every way to name what is in it, and errors of one line."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from kstar_gpu.inputs.array_files import names_that_fit, read_labels, read_samples
from kstar_gpu.inputs.model_inputs import read_inputs

FEATURES = np.random.default_rng(0).standard_normal((30, 4)).astype(np.float32)
LABELS = np.arange(30) % 3


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Run each test in a folder of its own, with the samples in data.npz."""
    monkeypatch.chdir(tmp_path)
    np.savez("data.npz", features=FEATURES, labels=LABELS)
    return tmp_path


def write(name: str, entries: dict[str, np.ndarray]) -> None:
    """Write the entries to a file of the format that the name's suffix says."""
    tensors = {key: torch.from_numpy(values) for key, values in entries.items()}
    match name.rpartition(".")[2]:
        case "npz":
            np.savez(name, **entries)
        case "pt":
            torch.save(tensors, name)
        case "safetensors":
            save_file(tensors, name)


def samples(features: str, labels: str | None = None) -> tuple:
    """Read features and labels, as arrays of numpy."""
    found = read_samples(features, labels, "--labels")
    return tuple(np.asarray(each) for each in found[:2])


def error_of(features: str, labels: str | None = None) -> str:
    """Read what must be refused, and return its one line."""
    with pytest.raises((ValueError, OSError)) as refused:
        read_samples(features, labels, "--labels")
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("suffix", ["npz", "pt", "safetensors"])
def test_entries_of_archives(suffix):
    entries = {
        "features": FEATURES,
        "labels": LABELS,
        "flipped": -LABELS,
        "fc.weight": FEATURES[:5],
    }
    write(f"a.{suffix}", entries)
    for found, wanted in zip(samples(f"a.{suffix}"), (FEATURES, LABELS), strict=True):
        np.testing.assert_array_equal(found, wanted)
    found, labels = samples(f"a.{suffix}:features", f"a.{suffix}:flipped")
    np.testing.assert_array_equal(found, FEATURES)
    np.testing.assert_array_equal(labels, -LABELS)
    np.testing.assert_array_equal(samples(f"a.{suffix}:fc.weight")[0], FEATURES[:5])


def test_bare_arrays():
    np.save("x.npy", FEATURES)
    torch.save(torch.from_numpy(FEATURES), "x.pt")
    np.save("y.npy", LABELS)
    torch.save(torch.from_numpy(LABELS), "y.pt")
    for files in (("x.npy", "y.pt"), ("x.pt", "y.npy")):
        for found, wanted in zip(samples(*files), (FEATURES, LABELS), strict=True):
            np.testing.assert_array_equal(found, wanted)


def test_bfloat16_and_string_labels():
    rounded = torch.from_numpy(FEATURES).to(torch.bfloat16)
    names = [["cat", "dog", "eel"][label] for label in LABELS]
    torch.save({"features": rounded, "labels": names}, "a.pt")
    features, labels, _ = read_samples("a.pt", None, "--labels")
    assert features.dtype == torch.bfloat16
    assert torch.equal(features, rounded)
    assert labels == names


def test_colons_in_file_names(folder):
    (folder / "C:").mkdir()
    other = FEATURES[::-1].copy()
    np.savez("C:/run:1.npz", features=FEATURES, labels=LABELS, **{"stage:2": other})
    np.testing.assert_array_equal(samples("C:/run:1.npz")[0], FEATURES)
    np.testing.assert_array_equal(samples("C:/run:1.npz:stage:2")[0], other)
    (folder / "data.npz:labels").touch()  # a file of that name comes before a key of data.npz
    error = error_of("data.npz:labels")
    assert error.startswith("data.npz:labels: .npy, ")
    assert error.endswith(" is wanted, got '.npz:labels'")


def test_labels_alone():
    np.testing.assert_array_equal(read_labels("data.npz"), LABELS)
    np.testing.assert_array_equal(read_labels("data.npz:features"), FEATURES)


def test_class_names_lie_beside_the_features():
    names = ["cat", "dog", "eel"]
    np.savez("named.npz", features=FEATURES, labels=LABELS, class_names=names)
    assert [*read_samples("named.npz", None, "--labels")[2]] == names
    assert read_samples("data.npz", None, "--labels")[2] is None


@pytest.mark.parametrize(
    ("names", "labels", "reference_labels", "wanted"),
    [
        (["cat", "dog", "eel"], LABELS, None, ["cat", "dog", "eel"]),
        (np.array([7, 8, 9]), LABELS, None, ["7", "8", "9"]),
        (None, LABELS, None, None),
        (["cat", "dog"], LABELS, None, None),  # fewer than classes
        (["z", "y", "x"], [*"zyx"], None, None),  # the labels are names themselves
        (["a", "b", "c"], LABELS * 0 + 2, LABELS, ["a", "b", "c"]),  # classes of both sides
        (["a"], LABELS * 0 + 2, LABELS, None),
    ],
)
def test_names_that_fit(names, labels, reference_labels, wanted):
    assert names_that_fit(names, labels, reference_labels) == wanted


@pytest.mark.parametrize(
    ("inputs", "labels"),
    [(["a", "b"], [0, 1]), (torch.tensor(1.0), [0, 1]), (torch.ones(2, 2), torch.tensor(1))],
)
def test_inputs_that_are_none(inputs, labels):
    torch.save({"inputs": inputs, "labels": labels}, "inputs.pt")
    wanted = r"^inputs\.pt: an array of inputs and one of labels are wanted, got \w+ and \w+ \("
    with pytest.raises(ValueError, match=wanted):
        read_inputs("inputs.pt")


def test_missing_entries():
    assert "data.npz has no entry 'fc'; entries: features, labels" in error_of("data.npz:fc")
    np.savez("plain.npz", FEATURES)
    error = error_of("plain.npz", "data.npz")
    assert "plain.npz has no entry 'features'; entries: arr_0" in error
    assert "--labels is wanted, since plain.npz has no entry 'labels'" in error_of("plain.npz")
    np.savez("named.npz", **{"a\x1b[2J\n": FEATURES})
    assert r"named.npz has no entry 'features'; entries: a\x1b[2J\n" in error_of(
        "named.npz", "data.npz"
    )
    torch.save({"features": {"a\x1b[2J\n": 1}}, "named.pt")
    assert r"got dict of a\x1b[2J\n" in error_of("named.pt", "data.npz")
    np.save("x.npy", FEATURES)
    error = error_of("x.npy:features", "data.npz")
    assert "x.npy has no entry 'features'; entries: none with a name" in error


def test_missing_and_unknown_files(folder):
    assert "nothing.npz: there is no such file" in error_of("nothing.npz")
    (folder / "x.mat").write_text("1,2")
    error = error_of("x.mat")
    wanted = ".npy, .npz, .pt, .safetensors, .csv, .parquet, .h5 or .zarr"
    assert f"x.mat: {wanted} is wanted, got '.mat'" in error


class Trap:
    """Unpickling it would leave a file behind."""

    def __reduce__(self):
        return open, ("sprung", "w")


def test_pickles_are_never_loaded(folder):
    np.save("trap.npy", np.array([Trap()]), allow_pickle=True)
    np.savez("trap.npz", features=np.array([Trap()]), labels=LABELS)
    torch.save({"features": Trap(), "labels": LABELS}, "trap.pt")
    for name in ("trap.npy", "trap.npz", "trap.pt"):
        error = error_of(name)
        assert f"{name} cannot be read: it is damaged, or it holds pickled objects" in error
    assert not (folder / "sprung").exists()


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.pt", "a.safetensors"])
@pytest.mark.parametrize("kept", [0, 100, -1])
def test_damaged_files(folder, name, kept):
    if name == "a.npy":
        np.save(name, FEATURES)
    else:
        write(name, {"features": FEATURES, "labels": LABELS})
    path = folder / name
    path.write_bytes(path.read_bytes()[:kept])
    assert f"{name} cannot be read" in error_of(name, "data.npz")
