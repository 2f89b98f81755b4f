"""A sweep's directory: nothing is trusted that is not whole, and nothing is mixed up."""

import os
import sys

import pytest
import torch
from helpers.own_networks import seeded
from helpers.small_sweep import (
    INPUTS,
    LABELS,
    LAYERS,
    folder_of,
    interrupted,
    loader,
    network,
    same,
)
from torch import nn

from kstar_gpu import Sweep, sweep
from kstar_gpu.files import DamagedFileError
from kstar_gpu.names import file_name
from kstar_gpu.networks import claims
from kstar_gpu.stats.result_file import read_result


def all_files(out):
    """Return what is in a directory: every file's time and content, and every folder's time."""
    return {
        path.relative_to(out): (path.stat().st_mtime_ns, path.is_dir() or path.read_bytes())
        for path in [out, *out.rglob("*")]
    }


def test_what_is_in_a_directory(tmp_path):
    sweep(network(), loader(), ["0", "2"], out=tmp_path, spill=True)
    assert sorted(path.name for path in folder_of(tmp_path).iterdir()) == ["0.npz", "2.npz"]
    assert [path.name for path in tmp_path.iterdir()] == [file_name("Sequential")]
    said = read_result(folder_of(tmp_path) / "2.npz")[1]
    assert (said["model"], said["data"], said["layer"]) == ("Sequential", "data", "2")
    assert (said["position"], said["samples"], said["pool"]) == (3, 60, "auto")


@pytest.mark.parametrize("spill", [False, True])
def test_a_damaged_file_is_computed_again_with_a_warning(spill, tmp_path):
    wanted = sweep(network(), loader(), LAYERS, out=tmp_path)
    file = folder_of(tmp_path) / "0.npz"
    content = file.read_bytes()
    for damaged in (content[:100], b"", bytes([content[0] ^ 1]) + content[1:]):
        file.write_bytes(damaged)
        with pytest.raises(DamagedFileError, match=r"0\.npz: "):
            Sweep.load(tmp_path)
        with pytest.warns(UserWarning, match=r"0\.npz: .* is computed again") as warned:
            again = sweep(network(), loader(), LAYERS, out=tmp_path, spill=spill)
        assert [warning.filename for warning in warned] == [__file__]
        assert file.read_bytes() == content
        for key, result in wanted.results.items():
            assert same(again[key], result)


def test_a_damaged_file_of_another_layer_stays(tmp_path, recwarn):
    sweep(network(), loader(), ["0"], out=tmp_path)
    file = folder_of(tmp_path) / "0.npz"
    file.write_bytes(b"?")
    with pytest.warns(UserWarning, match=r"0\.npz: "):
        sweep(network(), loader(), ["2"], out=tmp_path)
    assert file.read_bytes() == b"?"


def test_a_finished_sweep_is_only_read(tmp_path, monkeypatch):
    model = nn.Sequential(nn.Linear(5, 4), nn.Identity())
    model[1].forward = lambda x: "text"
    with pytest.warns(UserWarning, match="must give a tensor"):
        wanted = sweep(model, loader(), ["0", "1"], out=tmp_path, spill=True)
    before = all_files(tmp_path)
    opened = os.open

    def reading(path, flags, *more, **options):
        assert not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT), path
        return opened(path, flags, *more, **options)

    monkeypatch.setattr(os, "open", reading)
    for call in ("mkdir", "replace", "unlink", "utime", "rename", "rmdir"):
        monkeypatch.setattr(os, call, interrupted)
    with pytest.warns(UserWarning, match="must give a tensor"):
        again = sweep(model, loader(), ["0", "1"], out=tmp_path, spill=True)
    assert again.errors == wanted.errors
    assert same(again["Sequential", "data", "0"], wanted["Sequential", "data", "0"])
    assert all_files(tmp_path) == before


def test_what_those_that_were_killed_have_left_is_removed(monkeypatch, tmp_path):
    sweep(network(), loader(), ["0"], out=tmp_path, spill=True)
    folder = folder_of(tmp_path)
    for layers in (["0"], ["0", "2"]):  # with nothing left to do, and with something
        (folder / ".0123.partial").write_text("half")
        (folder / "features" / "job").mkdir(parents=True)
        (folder / "features" / "job" / "000_2.npy").write_text("half")
        (folder / "claim.4").write_text('{"host": "x"}')
        monkeypatch.setattr(claims, "is_gone", lambda says: says["host"] == "x")
        sweep(network(), loader(), layers, out=tmp_path)
        assert sorted(path.name for path in folder.iterdir()) == [f"{name}.npz" for name in layers]


def test_links_below_the_directory_lead_nowhere(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "job").mkdir(parents=True)
    (elsewhere / "kept.npz").write_text("kept")
    out = tmp_path / "out"
    folder = folder_of(out)
    folder.mkdir(parents=True)
    (folder / "features").symlink_to(elsewhere)
    (folder / "0.npz").symlink_to(elsewhere / "kept.npz")
    with pytest.warns(UserWarning, match=r"0\.npz: a file is wanted, got a link"):
        sweep(network(), loader(), LAYERS, out=out, spill=True)
    assert (elsewhere / "kept.npz").read_text() == "kept"
    assert (elsewhere / "job").is_dir()
    assert len(Sweep.load(out)) == 2
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / file_name("Sequential")).symlink_to(elsewhere)
    for use in (Sweep.load, lambda out: sweep(network(), loader(), LAYERS, out=out)):
        with pytest.raises(DamagedFileError, match="a folder is wanted, got a link"):
            use(linked)
    assert len(Sweep.load(out)) == 2


@pytest.mark.parametrize("depth", [1, 2])
def test_results_elsewhere_are_not_read_by_a_link(depth, tmp_path):
    out = tmp_path / "out"
    sweep(network(), loader(), ["0"], out=out)
    (tmp_path / "chosen").symlink_to(out)  # by the user
    assert len(Sweep.load(tmp_path / "chosen")) == 1
    place = [out, folder_of(out).parent, folder_of(out)][depth]
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    for ask in (Sweep.load, lambda path: sweep(network(), loader(), ["0"], out=path)):
        with pytest.raises(ValueError, match=f"{place}: a folder is wanted, got a link"):
            ask(out)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(models=network(1)), "was made with model_sha256"),
        (dict(loaders=loader(labels=LABELS.flip(0))), "was made with other inputs or labels"),
        (dict(loaders=loader(INPUTS + 1)), "was made with other inputs or labels"),
        (dict(pool="flatten"), "was made with pool 'auto', now it is 'flatten'"),
        (dict(metric="cosine"), "was made with metric 'euclidean', now it is 'cosine'"),
        (dict(dtype=torch.float16), "was made with dtype 'None', now it is 'torch.float16'"),
    ],
)
def test_a_directory_of_something_else_is_refused(change, message, tmp_path):
    given = dict(models=network(), loaders=loader(), layers=LAYERS, out=tmp_path)
    sweep(**given)
    with pytest.raises(ValueError, match=message):
        sweep(**(given | change))


def test_another_mixed_precision_is_another_sweep(monkeypatch, tmp_path):
    given = dict(models=network(), loaders=loader(), layers=["0"], out=tmp_path)
    sweep(**given, amp=True)
    with pytest.raises(ValueError, match=r"was made with amp 'torch\.bfloat16', now it is False"):
        sweep(**given)
    monkeypatch.setattr(torch, "get_autocast_dtype", lambda kind: torch.float16)  # as on a GPU
    with pytest.raises(ValueError, match=r"amp 'torch\.bfloat16', now it is 'torch\.float16'"):
        sweep(**given, amp=True)


def relu_or(activation):
    model = network()
    model[1] = activation()
    return model


def test_the_same_parameters_are_not_the_same_network(tmp_path):
    sweep(relu_or(nn.ReLU), loader(), ["2"], out=tmp_path)
    with pytest.raises(ValueError, match="was made with model_sha256"):
        sweep(relu_or(nn.Tanh), loader(), ["2"], out=tmp_path)
    compiled = nn.DataParallel(relu_or(nn.ReLU).train())
    sweep({"Sequential": compiled}, loader(), {"Sequential": ["module.2"]}, out=tmp_path)


def test_a_directory_of_an_earlier_version_is_refused(tmp_path):
    sweep(network(), loader(), LAYERS, out=tmp_path)
    (folder_of(tmp_path) / "run.json").write_text("{}")
    for use in (Sweep.load, lambda out: sweep(network(), loader(), LAYERS, out=out)):
        with pytest.raises(ValueError, match=r"run\.json: .* made by another version of kstar_gpu"):
            use(tmp_path)


def test_an_earlier_version_had_other_names_for_folders(tmp_path):
    """Of a model named with a capital, for example: nothing new is put beside it."""
    folder = tmp_path / "Sequential" / "data"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    with pytest.raises(ValueError, match=r"run\.json: .* made by another version of kstar_gpu"):
        sweep(network(), loader(), LAYERS, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["Sequential"]


@pytest.mark.parametrize("names", [["x", "y"], ("x", "y")])
def test_settings_are_those_of_the_file(names, tmp_path):
    """Which knows lists, and no tuples."""

    class Adds(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = network()

        def forward(self, x, y):
            return self.layer(x + y)

    batches = [{"x": INPUTS, "y": INPUTS, "labels": LABELS}]
    for _ in range(2):
        sweep(Adds(), batches, ["layer"], inputs=names, out=tmp_path)


def test_another_version_of_python_is_named(monkeypatch, tmp_path):
    given = dict(models=seeded(), loaders=loader(INPUTS[:, :3]), layers=["layer"], out=tmp_path)
    sweep(**given)
    monkeypatch.setattr(sys.implementation, "cache_tag", "cpython-399")
    with pytest.raises(ValueError, match=r"bytecode 'cpython-\d+', now it is 'cpython-399'"):
        sweep(**given)


def test_what_changes_no_result_may_change(tmp_path):
    given = dict(models=network(), loaders=loader(), layers=LAYERS, out=tmp_path)
    sweep(**given)
    again = sweep(**given, metric="euclidean", backend="torch", class_names=["a", "b", "c"])
    assert again["Sequential", "data", "2"].class_names == ("a", "b", "c")


def test_layers_keep_their_order(tmp_path):
    sweep(network(), loader(), ["2"], out=tmp_path)
    sweep(network(), loader(), ["0", "1", "2"], out=tmp_path)
    assert [key.layer for key in Sweep.load(tmp_path).results] == ["0", "1", "2"]


def test_names_that_are_no_file_names(tmp_path):
    models = {"a/b": network(0), "a_b": network(1), "..": network(2), "../x": network(3)}
    models |= {"Net": network(4), "net": network(5), "con": network(6), "": network(7)}
    models |= {"x" * 300: network(8), "猫" * 10_000: network(9), "\x1b[2J\n": network(10)}
    out = tmp_path / "out"
    wanted = sweep(models, {"x y" * 100: loader()}, ["2"], out=out, spill=True)
    assert [*tmp_path.iterdir()] == [out]
    assert len({path.name.lower() for path in out.iterdir()}) == len(models)
    loaded = Sweep.load(out)
    assert set(loaded.results) == set(wanted.results)
    for key, result in wanted.results.items():
        assert same(loaded[key], result)
