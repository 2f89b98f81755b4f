"""Tables in files: which columns are features, which are labels; nothing is taken for another."""

import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from kstar_gpu import definition, kstar
from kstar_gpu.files import DamagedFileError
from kstar_gpu.inputs.array_files import read_labels, read_samples
from kstar_gpu.inputs.arrays import to_tensor
from kstar_gpu.inputs.model_inputs import read_inputs

FEATURES = np.random.default_rng(0).standard_normal((30, 4)).astype(np.float32)
LABELS = np.arange(30) % 3
NAMES = np.array(["cat", "dog", "eel"])[LABELS]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def frame(**columns):
    return pd.DataFrame({f"f{n}": FEATURES[:, n] for n in range(4)} | columns)


def write(name, table):
    table.to_csv(name, index=False) if name.endswith("csv") else table.to_parquet(name)


def samples(features, labels=None):
    found = read_samples(features, labels, "--labels")
    return to_tensor(found[0], "features").numpy(), found[1]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_all_columns_but_the_labels_are_features(name):
    write(name, frame(labels=NAMES))
    features, labels = samples(name)
    np.testing.assert_array_equal(features.astype(np.float32), FEATURES)
    expected = definition.kstar(FEATURES, LABELS)
    np.testing.assert_array_equal(kstar(features, labels), expected)
    write(name, frame(species=NAMES))
    features, labels = samples(name, f"{name}:species")
    np.testing.assert_array_equal(features.astype(np.float32), FEATURES)
    assert labels.to_pylist() == NAMES.tolist()
    with pytest.raises(ValueError, match=r"no entry 'labels' \(entries: f0, f1, f2, f3, species\)"):
        samples(name)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_of_text_it_is_said_how_features_are_named(name):
    write(name, frame(id=NAMES, labels=LABELS))
    with pytest.raises(
        ValueError, match=rf"got text in 'id'; {name}:KEY would name one column, or"
    ):
        samples(name)


def test_a_column_of_vectors_is_told(tmp_path):
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(FEATURES.ravel()), 4)
    table = pa.table({"id": NAMES, "text": NAMES.tolist(), "vector": vectors, "labels": LABELS})
    parquet.write_table(table, "a.parquet")
    with pytest.raises(ValueError, match=r"text in 'id', 'text'; a\.parquet:vector would name one"):
        samples("a.parquet")
    np.testing.assert_array_equal(samples("a.parquet:vector")[0], FEATURES)


def test_labels_that_are_named_without_their_file():
    write("a.csv", frame(species=NAMES))
    with pytest.raises(
        FileNotFoundError, match=r"^--labels: .* no file species; a\.csv:species is"
    ):
        samples("a.csv", "species")
    with pytest.raises(FileNotFoundError, match="spices: there is no such file"):
        samples("a.csv", "spices")


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_glob_chooses_columns(name):
    write(name, frame(id=range(30), labels=LABELS))
    np.testing.assert_array_equal(samples(f"{name}:f*")[0].astype(np.float32), FEATURES)
    one = samples(f"{name}:f1")[0]
    np.testing.assert_array_equal(one.astype(np.float32), FEATURES[:, 1])
    with pytest.raises(ValueError, match=r"has no entry 'g\*'; entries: f0, f1, f2, f3, id, label"):
        samples(f"{name}:g*")
    with pytest.raises(ValueError, match=r"has no entry 'f\.'"):
        read_labels(f"{name}:f.")


@pytest.mark.parametrize("width", [None, 4])
def test_a_column_of_vectors(width):
    vectors = pa.array(list(FEATURES), pa.list_(pa.float32(), width or -1))
    table = pa.table({"id": range(30), "embedding": vectors, "labels": NAMES})
    parquet.write_table(table, "a.parquet", row_group_size=7)
    np.testing.assert_array_equal(samples("a.parquet:embedding")[0], FEATURES)
    parquet.write_table(table.rename_columns(["id", "features", "labels"]), "a.parquet")
    np.testing.assert_array_equal(samples("a.parquet")[0], FEATURES)
    parquet.write_table(table.rename_columns(["id", "inputs", "labels"]), "a.parquet")
    inputs, labels, _ = read_inputs("a.parquet")
    np.testing.assert_array_equal(inputs.numpy(), FEATURES)
    assert labels.to_pylist() == NAMES.tolist()


def test_labels_alone():
    pd.DataFrame({"species": NAMES}).to_csv("y.csv", index=False)
    assert read_labels("y.csv").to_pylist() == NAMES.tolist()
    frame().to_csv("x.csv", index=False)
    np.testing.assert_array_equal(samples("x.csv", "y.csv")[0].astype(np.float32), FEATURES)
    with pytest.raises(ValueError, match="has no entry 'labels'"):
        read_labels("x.csv")


def test_the_index_of_pandas_is_no_feature():
    chosen = frame(labels=LABELS).sample(frac=1, random_state=0)
    chosen.to_parquet("a.parquet")
    assert "__index_level_0__" in parquet.read_schema("a.parquet").names
    np.testing.assert_array_equal(samples("a.parquet")[0], FEATURES[chosen.index])
    chosen.to_csv("a.csv")
    with pytest.raises(ValueError, match="names for all columns are wanted, got one without"):
        samples("a.csv")
    np.testing.assert_array_equal(samples("a.csv:f*")[0].astype(np.float32), FEATURES[chosen.index])


def test_names_are_wanted_in_the_first_line():
    np.savetxt("a.csv", FEATURES, delimiter=",")
    with pytest.raises(
        ValueError, match=r"^a\.csv: names of the columns are wanted in the first l"
    ):
        samples("a.csv", "a.csv:labels")
    pd.DataFrame(FEATURES).to_csv("a.csv", index=False)  # which names them 0, 1, ...
    pd.DataFrame({"labels": LABELS}).to_csv("y.csv", index=False)
    np.testing.assert_array_equal(samples("a.csv", "y.csv")[0].astype(np.float32), FEATURES)


def test_values_that_are_missing_or_none():
    with open("a.csv", "w") as file:
        file.write("x,labels\n1.5,NA\n,b\n2,NA\n")
    features, labels, _ = read_samples("a.csv", None, "--labels")
    assert labels.to_pylist() == ["NA", "b", "NA"]
    with pytest.raises(
        ValueError, match="no missing values are wanted, got one in column 'x' in r"
    ):
        to_tensor(features, "features")
    with open("a.csv", "w") as file:
        file.write("x,labels\n1,cat\n2,\n3,dog\n")
    with pytest.raises(ValueError, match="labels: no missing values are wanted, got one in row 1"):
        kstar(*samples("a.csv"))
    with open("a.csv", "w") as file:
        file.write(f"x,labels\n1,{2**65}\n2,{2**65 + 1}\n3,4\n")
    with pytest.raises(ValueError, match="labels: "):  # and no class of both
        kstar(*samples("a.csv"))


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_damaged_files(name):
    with open(name, "wb") as file:
        file.write(b"a,b\n1,2\n3\n" if name.endswith("csv") else b"PAR1 and no more")
    with pytest.raises(DamagedFileError, match=rf"^{name}: cannot be read: ") as refused:
        samples(name)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_names_that_are_there_twice(name):
    table = pa.table([FEATURES[:, 0], FEATURES[:, 1], LABELS], names=["x", "x", "labels"])
    parquet.write_table(table, "a.parquet")
    with open("a.csv", "w") as file:
        file.write("x,x,labels\n1,2,3\n")
    with pytest.raises(
        ValueError, match="names of columns that differ are wanted, got 2 times 'x'"
    ):
        samples(name)


def test_what_becomes_much_larger_is_refused():
    rows = 1 << 27
    zeros = pa.array(np.zeros(rows, np.int8))
    parquet.write_table(pa.table({"x": zeros}), "a.parquet", compression="zstd")
    with pytest.raises(ValueError, match="at most 256 times its size is wanted in memory"):
        samples("a.parquet", "a.parquet:x")


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_without_arrow(name, monkeypatch):
    write(name, frame(labels=LABELS))
    for module in ("pyarrow.csv", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, module, None)  # importing it fails now
    with pytest.raises(
        ImportError, match=rf'{name} needs pyarrow: pip install "kstar-gpu\[disk\]"'
    ):
        samples(name)
