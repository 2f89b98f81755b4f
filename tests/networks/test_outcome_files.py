"""The file of a layer: it says what it is, it is where it says, or it does not count."""

import json
import os

import pytest
from helpers.damage import bits_of, flipped, noticed
from helpers.made_sweep import LAYERS, kept, made_from, made_sweep

from kstar_gpu import Sweep
from kstar_gpu.checked_json import write_checked
from kstar_gpu.files import DamagedFileError
from kstar_gpu.networks.outcome_files import (
    outcome_paths,
    read_outcome,
    read_sweep,
    write_outcome,
)
from kstar_gpu.networks.sweep import Key
from kstar_gpu.stats.result_file import write_result

SWEEP = made_sweep(3)
KEY = Key("net", "test", "head")
SAID = made_from(KEY, 3, SWEEP[KEY])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "net" / "test").mkdir(parents=True)
    return tmp_path / "net" / "test"


def test_results_and_failures(folder):
    write_outcome(folder, SAID, "it gives no rows\u2605\udcff")
    (path,) = outcome_paths(folder)
    assert path.name == "head.failed.json"
    assert read_outcome(path) == (path, SAID, "it gives no rows\u2605\udcff")
    write_outcome(folder, SAID, SWEEP[KEY])
    (path,) = outcome_paths(folder)
    assert path.name == "head.npz"
    _, said, result = read_outcome(path)
    assert said == SAID
    assert result.summary() == SWEEP[KEY].summary()


def test_a_sweep_is_what_is_listed(tmp_path):
    """In the order of models, data sets, and layers in the model."""
    kept(Sweep({Key("net", "b", layer): SWEEP["net", "test", layer] for layer in LAYERS}), tmp_path)
    kept(Sweep({Key("net", "a", "head"): SWEEP[KEY], Key("B", "z", "x"): SWEEP[KEY]}), tmp_path)
    found = [(model, data, layer) for model, data, layer, _ in read_sweep(tmp_path)]
    assert found == [
        ("B", "z", "x"),
        ("net", "a", "head"),
        *(("net", "b", name) for name in LAYERS),
    ]
    assert [*read_sweep(tmp_path / "none")] == []


def test_what_was_wrong_before_is_of_no_interest(folder):
    """Of a process that was killed between the two."""
    write_outcome(folder, SAID, SWEEP[KEY])
    write_checked(
        folder / "head.failed.json",
        {"format": "kstar_gpu.sweep.failure", "error": "no rows", "made_from": SAID},
    )
    found = Sweep.load(folder.parents[1])
    assert (len(found.results), len(found.errors)) == (1, 0)


@pytest.mark.parametrize(
    "other", ["model", "data", "layer"], ids=["of a model", "of data", "of a layer"]
)
@pytest.mark.parametrize("outcome", ["wrong", SWEEP[KEY]], ids=["failure", "result"])
def test_a_file_that_is_not_where_it_says(other, outcome, folder):
    write_outcome(folder, SAID, outcome)
    (path,) = outcome_paths(folder)
    place = {**{name: SAID[name] for name in ("model", "data", "layer")}, other: "1"}
    copy = folder.parents[1] / place["model"] / place["data"]
    copy.mkdir(parents=True, exist_ok=True)
    copy = copy / path.name.replace("head", place["layer"])
    path.rename(copy)
    with pytest.raises(DamagedFileError, match=r"it was renamed or copied: it says .* 'head'"):
        read_outcome(copy)
    with pytest.raises(DamagedFileError, match="it was renamed or copied"):
        Sweep.load(folder.parents[1])


@pytest.mark.parametrize("name", ["head.npz", "head.failed.json"])
def test_damage(name, folder):
    outcome = SWEEP[KEY] if name == "head.npz" else "it gives no rows"
    write_outcome(folder, SAID, outcome)
    content = (folder / name).read_bytes()
    step = 97 if name == "head.npz" else 19
    variants = [*flipped(content, bits_of(content, step))]
    variants += [content[:length] for length in range(0, len(content), step)]

    def is_right(found):
        return found.outcome == outcome and found.made_from == SAID

    found, harmless = noticed(read_outcome, folder / name, variants, is_right)
    assert harmless == 0 or name == "head.failed.json"  # spaces of JSON
    assert found > 0.98 * len(variants)


@pytest.mark.parametrize(
    "change",
    [
        {"metric": "cosine"},
        {"threshold": 0.25},
        {"skewness": "augmented"},
        {"samples": 61},
        {"samples": "60"},
        {"samples": None},
        {"position": True},
        {"data_sha256": None},
        {"model": 1},
        {"first_samples": None},
        {"first_samples": []},
        {"first_samples": ["1 2"]},
        {"first_samples": [" ".join("x" * 9)]},
        {"first_samples": [" ".join("1" * 9)] * 9},
        {"first_samples": 3},
    ],
)
def test_files_that_say_what_they_cannot(change, folder):
    write_result(vars(SWEEP[KEY]), folder / "head.npz", SAID | change)
    with pytest.raises(DamagedFileError, match=r"head\.npz: "):
        read_outcome(folder / "head.npz")


@pytest.mark.parametrize(
    "content", [{}, {"error": "x"}, {"made_from": SAID}, {"error": 1, "made_from": SAID}]
)
def test_failures_that_are_none(content, folder):
    write_checked(folder / "head.failed.json", content)
    with pytest.raises(DamagedFileError, match="what is wrong with a layer is wanted"):
        read_outcome(folder / "head.failed.json")
    good = {"format": "kstar_gpu.sweep.failure", "error": "x", "made_from": [1]}
    write_checked(folder / "head.failed.json", good)
    with pytest.raises(DamagedFileError, match="a sweep's file is wanted"):
        read_outcome(folder / "head.failed.json")


def test_a_result_that_no_sweep_has_saved(folder):
    SWEEP[KEY].save(folder / "head.npz")
    with pytest.raises(DamagedFileError, match="a sweep's file is wanted, got another one"):
        Sweep.load(folder.parents[1])


def test_what_is_no_file(folder):
    (folder / "head.npz").mkdir()
    with pytest.raises(DamagedFileError, match="a file is wanted, got a folder"):
        Sweep.load(folder.parents[1])
    (folder / "head.npz").rmdir()
    os.mkfifo(folder / "head.npz")
    with pytest.raises(DamagedFileError, match="a file is wanted, got a folder, a pipe"):
        Sweep.load(folder.parents[1])


def test_other_files_do_not_matter(folder):
    write_outcome(folder, SAID, SWEEP[KEY])
    for name in ("notes.txt", ".x.partial", "claim.1", "settings.json"):
        (folder / name).write_text("anything")
    (folder / "features").mkdir()
    (folder.parents[1] / "report.html").write_text("anything")
    assert len(Sweep.load(folder.parents[1])) == 1
    assert json.loads(json.dumps(SAID)) == SAID
