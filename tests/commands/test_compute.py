"""`kstar-gpu compute`: what it reads, prints and writes, and errors of one line."""

import sys

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.command_line import (
    EXPECTED,
    FEATURES,
    LABELS,
    error_of,
    saved,
    write_samples,
)
from PIL import Image
from safetensors.torch import save_file

from kstar_gpu import cli, definition, progress
from kstar_gpu.commands import compute
from kstar_gpu.plot import plot_distributions
from kstar_gpu.stats.distribution import KStarDistribution
from kstar_gpu.stats.from_features import kstar_distribution

PNG = b"\x89PNG"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    return write_samples(tmp_path, monkeypatch)


def test_prints_the_table_alone_when_nothing_else_is_asked(capsys, folder):
    assert cli.main(["compute", "data.npz"]) == 0
    printed = capsys.readouterr()
    assert printed.out == kstar_distribution(FEATURES, LABELS).summary() + "\n"
    assert printed.err == ""
    assert [path.name for path in folder.iterdir()] == ["data.npz"]


def test_saves_and_draws_as_well(capsys, folder):
    result = saved("compute", "data.npz", "--plot", "k.png")
    np.testing.assert_array_equal(result.kstar, EXPECTED)
    assert (folder / "k.png").read_bytes().startswith(PNG)
    assert capsys.readouterr().out == result.summary() + "\n"


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".pt", ".safetensors"])
def test_every_kind_of_file(suffix):
    tensors = {"features": torch.from_numpy(FEATURES), "labels": torch.from_numpy(LABELS)}
    write = {
        ".npy": lambda name: np.save(name, FEATURES),
        ".npz": lambda name: np.savez(name, features=FEATURES),
        ".pt": lambda name: torch.save(tensors, name),
        ".safetensors": lambda name: save_file(tensors, name),
    }
    write[suffix]("a" + suffix)
    result = saved("compute", "a" + suffix, "--labels", "data.npz:labels")
    np.testing.assert_array_equal(result.kstar, EXPECTED)


def test_references(capsys):
    queries, query_labels = FEATURES[:7] + 1, np.array([0, 1, 2, 0, 1, 2, 5])
    np.savez("queries.npz", features=queries, labels=query_labels)
    expected = definition.kstar(queries, query_labels, FEATURES, LABELS)
    result = saved("compute", "queries.npz", "--references", "data.npz")
    np.testing.assert_array_equal(result.kstar, expected)
    np.save("y.npy", LABELS[::-1])
    expected = definition.kstar(queries, query_labels, FEATURES, LABELS[::-1])
    result = saved(
        "compute", "queries.npz", "--references", "data.npz", "--reference-labels", "y.npy"
    )
    np.testing.assert_array_equal(result.kstar, expected)
    np.save("x.npy", FEATURES)
    error = error_of(capsys, "compute", "queries.npz", "--references", "x.npy")
    assert "--reference-labels is wanted, since x.npy has no entry 'labels'" in error


def test_metrics():
    result = saved("compute", "data.npz", "--metric", "cosine")
    expected = definition.kstar(FEATURES, LABELS, metric="cosine")
    np.testing.assert_array_equal(result.kstar, expected)
    distances = np.random.default_rng(1).random((8, 30))
    np.savez("distances.npz", features=distances, labels=LABELS[:8])
    result = saved(
        "compute", "distances.npz", "--metric", "precomputed", "--reference-labels", "data.npz"
    )
    expected = definition.kstar(
        distances, LABELS[:8], reference_labels=LABELS, metric="precomputed"
    )
    np.testing.assert_array_equal(result.kstar, expected)


def test_backend_and_device_are_passed_on(monkeypatch):
    passed = {}

    def record(*arguments, **options):
        passed.update(options)
        return kstar_distribution(FEATURES, LABELS)

    monkeypatch.setattr(compute, "kstar_distribution", record)
    assert cli.main(["compute", "data.npz", "--backend", "torch", "--device", "cuda:1"]) == 0
    assert (passed["backend"], passed["device"]) == ("torch", "cuda:1")
    assert cli.main(["compute", "data.npz"]) == 0
    assert (passed["backend"], passed["device"]) == ("auto", None)


def test_a_bar_is_shown_on_a_terminal_where_it_takes_long(monkeypatch, capsys):
    monkeypatch.setattr(progress, "LONG", 0)
    assert cli.main(["compute", "data.npz"]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert cli.main(["compute", "data.npz"]) == 0
    assert "search" in capsys.readouterr().err


def test_class_names_come_from_the_option_or_from_the_file_where_they_fit():
    names = ["cat", "dog", "eel"]
    assert saved("compute", "data.npz", "--class-names", "x,y,z").class_names == ("x", "y", "z")
    np.savez("named.npz", features=FEATURES, labels=LABELS, class_names=names)
    assert saved("compute", "named.npz").class_names == ("cat", "dog", "eel")
    assert saved("compute", "named.npz", "--class-names", "x,y,z").class_names == ("x", "y", "z")
    np.savez("named.npz", features=FEATURES, labels=LABELS, class_names=names[:2])
    assert saved("compute", "named.npz").class_names == ("0", "1", "2")
    torch.save({"features": torch.from_numpy(FEATURES), "labels": [*"zyx"] * 10}, "named.pt")
    assert saved("compute", "named.pt").class_names == ("x", "y", "z")


def test_names_in_the_file_do_not_rename_labels_that_are_names(folder):
    labels = np.array(["z", "y", "x"])[LABELS]
    np.savez("named.npz", features=FEATURES, labels=labels, class_names=["z", "y", "x"])
    assert saved("compute", "named.npz").class_names == ("x", "y", "z")


def test_names_count_the_classes_of_both_sides():
    np.savez("one.npz", features=FEATURES, labels=LABELS * 0 + 2, class_names=["a", "b", "c"])
    assert saved("compute", "one.npz", "--references", "data.npz").class_names == ("c",)


def test_missing_and_unknown_files(capsys, folder):
    assert "nothing.npz: there is no such file" in error_of(capsys, "compute", "nothing.npz")
    (folder / "x.mat").write_text("1,2")
    error = error_of(capsys, "compute", "x.mat")
    assert "x.mat: .npy, .npz, .pt, .safetensors, .csv, .parquet, .h5 or .zarr is wanted" in error


def test_damaged_files(capsys, folder):
    np.save("a.npy", FEATURES)
    path = folder / "a.npy"
    path.write_bytes(path.read_bytes()[:100])
    assert "a.npy cannot be read" in error_of(capsys, "compute", "a.npy", "--labels", "data.npz")


@pytest.mark.parametrize("option", ["--out", "--plot"])
def test_bad_targets_are_found_before_the_work(capsys, folder, monkeypatch, option):
    monkeypatch.setattr(compute, "kstar_distribution", lambda *_, **__: pytest.fail("computed"))
    error = error_of(capsys, "compute", "data.npz", option, "no/where/a.png")
    assert "no/where/a.png: there is no folder no/where" in error
    (folder / "a.png").mkdir()
    assert "a.png is a folder; a file name is wanted" in error_of(
        capsys, "compute", "data.npz", option, "a.png"
    )


def test_a_thousand_classes_are_one_screen(capsys):
    labels = np.arange(3000) % 1000
    np.savez(
        "many.npz", features=np.random.default_rng(0).standard_normal((3000, 2)), labels=labels
    )
    assert cli.main(["compute", "many.npz", "--plot", "k.png"]) == 0
    assert len(capsys.readouterr().out.splitlines()) <= 40
    with Image.open("k.png") as picture:
        assert max(picture.size) < 2000


def test_unknown_kind_of_picture_is_found_before_the_work(capsys, monkeypatch):
    monkeypatch.setattr(compute, "kstar_distribution", lambda *_, **__: pytest.fail("computed"))
    error = error_of(capsys, "compute", "data.npz", "--plot", "k.xyz")
    assert "k.xyz: a picture's suffix is wanted, one of " in error
    assert "png" in error


@pytest.mark.parametrize(
    ("package", "arguments", "extra"),
    [
        ("matplotlib", ["data.npz", "--plot", "k.png"], "plot"),
        ("safetensors", ["a.safetensors"], "safetensors"),
    ],
)
def test_missing_extras_are_named(capsys, monkeypatch, package, arguments, extra):
    save_file({"features": torch.from_numpy(FEATURES)}, "a.safetensors")
    monkeypatch.setitem(sys.modules, package, None)  # importing it fails now
    monkeypatch.setattr(compute, "kstar_distribution", lambda *_, **__: pytest.fail("computed"))
    error = error_of(capsys, "compute", *arguments)
    assert f'{package}: pip install "kstar-gpu[{extra}]"' in error


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--metric", "manhattan"], "metric: one of euclidean, cosine, precomputed is wanted"),
        (["--backend", "abacus"], "got 'abacus'"),
        (["--device", "abacus"], "device: a torch device is wanted, got 'abacus'"),
        (["--class-names", "a,b"], "class_names: one name per class is wanted (3), got 2"),
        (["--reference-labels", "data.npz"], "references and reference_labels go together"),
        (["--labels", "data.npz:features"], "labels: one label per sample, shape (N,), is wanted"),
    ],
)
def test_errors_of_the_computation_are_one_line(capsys, arguments, text):
    assert text in error_of(capsys, "compute", "data.npz", *arguments)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_tables_in_and_out(suffix, folder):
    """From a column of vectors, or columns, to a picture and a table."""
    columns = {f"f{number}": FEATURES[:, number] for number in range(4)}
    if suffix == ".parquet":
        columns = {"features": list(FEATURES)}
    frame = pd.DataFrame(columns | {"labels": LABELS})
    frame.to_csv("x.csv", index=False) if suffix == ".csv" else frame.to_parquet("x.parquet")
    result = saved("compute", f"x{suffix}", "--plot", "k.png", "--table", "k.csv")
    np.testing.assert_array_equal(result.kstar, EXPECTED)
    assert (folder / "k.png").read_bytes().startswith(PNG)
    pd.testing.assert_frame_equal(
        pd.read_csv("k.csv", dtype={"class": str}), result.to_frame(), check_exact=True
    )


def test_what_the_picture_shows_is_passed_on(monkeypatch):
    drawn = []

    def plot(result, **options):
        drawn.append(options)
        return plot_distributions(result, **options)

    monkeypatch.setattr(KStarDistribution, "plot", plot)
    more = ["--sort", "mean", "--classes", "2", "0", "--palette", "viridis"]
    assert cli.main(["compute", "data.npz", "--plot", "k.png", *more]) == 0
    assert drawn == [{"sort": "mean", "classes": ["2", "0"], "top": None, "palette": "viridis"}]


def test_an_embedding_is_of_the_result(monkeypatch, folder, capsys):
    drawn = []

    def embedding(features, result, **_):
        drawn.append((features, result))
        return result.plot()

    monkeypatch.setattr(compute, "plot_embedding", embedding)
    result = saved("compute", "data.npz", "--plot", "k.png", "--kind", "embedding")
    np.testing.assert_array_equal(drawn[0][0], FEATURES)
    np.testing.assert_array_equal(drawn[0][1].kstar, result.kstar)
    assert (folder / "k.png").read_bytes().startswith(PNG)
    monkeypatch.setattr(compute, "kstar_distribution", lambda *_, **__: pytest.fail("computed"))
    more = ["--plot", "k.png", "--kind", "embedding", "--top", "3"]
    assert "--top: none is wanted" in error_of(capsys, "compute", "data.npz", *more)


def test_bad_tables_are_found_before_the_work(capsys, monkeypatch):
    monkeypatch.setattr(compute, "kstar_distribution", lambda *_, **__: pytest.fail("computed"))
    error = error_of(capsys, "compute", "data.npz", "--table", "k.xls")
    assert "k.xls: a table's suffix is wanted, one of .txt, .csv, .json, .parquet, got '.x" in error
