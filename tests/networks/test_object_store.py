"""Sweeps in an object store: whole objects alone, believed where their sums are right."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch

import pytest
from fsspec.implementations.local import LocalFileSystem
from helpers.object_stores import Broken, Objects, put
from helpers.small_sweep import INPUTS, LAYERS, interrupted, loader, network, partly, same

from kstar_gpu import DamagedFileError, Sweep, sweep
from kstar_gpu.networks import object_store
from kstar_gpu.networks import sweep as sweeps
from kstar_gpu.networks.object_store import ObjectStore, absolute, is_address, kept_at


@pytest.fixture
def out():
    Objects.store.clear()
    put.clear()
    return "objects://bucket/runs"


def objects():
    return sorted(Objects.store)


@pytest.mark.parametrize("spill", [False, True])
def test_a_sweep_is_kept_and_gone_on_with(spill, out):
    models = {"a": network(1), "b": network(2)}
    whole = sweep(models, loader(), LAYERS)
    sweep({"a": models["a"]}, loader(), ["0"], out=out)
    assert objects() == ["/bucket/runs/a/data/0.npz"]
    found = sweep(models, loader(), LAYERS, out=out, spill=spill)
    assert put == [f"/bucket/runs/{name}.npz" for name in ("a/data/0", "a/data/2")] + [
        f"/bucket/runs/b/data/{layer}.npz" for layer in LAYERS
    ]
    with patch.object(sweeps, "kstar_distribution", interrupted):
        again = sweep(models, loader(), LAYERS, out=out)  # nothing is computed
    for each in (found, again, Sweep.load(out), Sweep.load(f"{out}/")):
        assert [*each.results] == [*whole.results]
        assert all(same(each[key], whole[key]) for key in whole.results)


def test_what_was_interrupted_is_there(out):
    plain = sweeps.kstar_distribution
    calls = []

    def second_fails(*arguments, **options):
        calls.append(None)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return plain(*arguments, **options)

    with patch.object(sweeps, "kstar_distribution", second_fails), pytest.raises(KeyboardInterrupt):
        sweep(network(), loader(), LAYERS, out=out)
    assert len(Sweep.load(out)) == 1


@pytest.mark.parametrize("length", [0, 1, 100])
def test_an_upload_that_was_broken_off(length, out):
    Objects.broken_after = length
    with pytest.raises(KeyboardInterrupt):
        sweep({"a": network()}, loader(), LAYERS, out=out)
    with pytest.raises(DamagedFileError, match=rf"^{out}/a/data/0\.npz: "):
        Sweep.load(out)
    with pytest.warns(UserWarning, match=rf"^{out}/a/data/0\.npz: .* is computed again"):
        found = sweep({"a": network()}, loader(), LAYERS, out=out)
    assert all(same(Sweep.load(out)[key], result) for key, result in found.results.items())


def test_errors_name_what_is_in_the_store(out):
    sweep({"a": network()}, loader(), LAYERS, out=out)
    with pytest.raises(ValueError, match=rf"{out}/a/data/0\.npz was made with model_sha256"):
        sweep({"a": network(1)}, loader(), LAYERS, out=out)
    with pytest.raises(ValueError, match=rf"{out}/a/data was made with other inputs or labels"):
        sweep({"a": network()}, loader(INPUTS + 1), LAYERS, out=out)
    with pytest.raises(ValueError, match="objects://none: a sweep's directory is wanted"):
        Sweep.load("objects://none")


def test_what_is_wrong_with_a_layer_goes_when_it_is_computed_after_all(out):
    with pytest.warns(UserWarning, match="failed"):
        sweep({"a": partly()}, loader(), ["0", "3"], out=out)
    assert objects() == ["/bucket/runs/a/data/0.npz", "/bucket/runs/a/data/3.failed.json"]
    assert [*Sweep.load(out).errors] == [("a", "data", "3")]
    with kept_at(out) as (folder, store):
        store.fetch_all()
        (folder / "a/data/3.failed.json").unlink()
        for _ in range(2):  # of what is not there, nothing is left to remove
            store.push(folder / "a/data/3.failed.json")
    assert objects() == ["/bucket/runs/a/data/0.npz"]


def test_others_put_something_meanwhile(out):
    """Found there when the layers are about to be computed, and not computed."""
    sweep({"a": network()}, loader(), LAYERS, out=out)
    kept = dict(Objects.store)
    Objects.store.clear()
    plain = ObjectStore.fetch
    fetched = []

    def fetch(store, folder):
        if fetched:
            Objects.store.update(kept)
        fetched.append(folder)
        plain(store, folder)

    with (
        patch.object(ObjectStore, "fetch", fetch),
        patch.object(sweeps, "kstar_distribution", interrupted),
    ):
        assert len(sweep({"a": network()}, loader(), LAYERS, out=out)) == 2


def test_names_that_lead_elsewhere_are_left_alone(out, tmp_path):
    sweep({"a": network()}, loader(), LAYERS, out=out)
    content = bytes(Objects.store["/bucket/runs/a/data/0.npz"].getbuffer())
    names = ["../../x/0.npz", "../x/0.npz", "a/../0.npz", "a/data/more/0.npz", "a/0.npz", "0.npz"]
    for name in names:
        Objects().pipe_file(f"/bucket/runs/{name}", content)
    store = ObjectStore(Objects(), "/bucket/runs", tmp_path / "here", out)
    (tmp_path / "here").mkdir()
    store.fetch_all()
    store.fetch(tmp_path / "here" / "a" / "data")
    there = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(map(str, there)) == ["here/a/data/0.npz", "here/a/data/2.npz"]


def test_a_store_of_folders(tmp_path):
    """One that wants a folder before what is in it."""
    (tmp_path / "here").mkdir()
    store = ObjectStore(LocalFileSystem(), str(tmp_path / "there"), tmp_path / "here", "x://y")
    (tmp_path / "here" / "file").write_bytes(b"content")
    store.push(tmp_path / "here" / "file")
    assert (tmp_path / "there" / "file").read_bytes() == b"content"


def test_addresses_of_files_are_folders(tmp_path):
    sweep({"a": network()}, loader(), LAYERS, out=f"file://{tmp_path}/runs")
    assert len(Sweep.load(tmp_path / "runs")) == 2
    with kept_at(f"file://{tmp_path}") as kept:
        assert kept == (tmp_path, None)


def test_what_is_an_address():
    for address in ("s3://bucket/runs", "memory://x", "simplecache::gs://b", "abfs://a@b.c/d"):
        assert is_address(address)
        assert absolute(address) == address
    for path in ("runs", "C://runs", "/s3://x", "runs/s3://x", "://", Path("s3://bucket"), None, 3):
        assert not is_address(path)
    assert absolute("runs") == str(Path.cwd() / "runs")
    assert absolute(None) is None


def never():
    raise AssertionError("a model was made, or a loader")


UNREAD = {
    "broken://denied/runs": (OSError, "cannot be read: PermissionError: not for you"),
    "broken://unreachable/runs": (OSError, "cannot be read: Exception: no such host"),
    "broken://silent/runs": (TimeoutError, "cannot be read: no answer within 0.1 seconds"),
    "lacking://bucket/runs": (ImportError, "needs a package of its own: Install no-such-package"),
}
UNWRITTEN = {
    "broken://missing/runs": (OSError, "to: FileNotFoundError: there is no bucket"),
    "broken://full/runs": (OSError, "cannot be written to: OSError: read-only"),
}


@pytest.mark.parametrize("out", [*UNREAD, *UNWRITTEN])
def test_a_place_that_takes_nothing_is_refused_before_anything_is_made(out, monkeypatch):
    monkeypatch.setattr(object_store, "PATIENCE", 0.1)
    Broken.go_on.clear()
    kind, message = {**UNREAD, **UNWRITTEN}[out]
    with pytest.raises(kind, match=f"out.*{out}.*{message}"):
        sweep({"a": never}, never, LAYERS, out=out)
    with ThreadPoolExecutor() as executor, pytest.raises(kind, match=f"out.*{out}.*{message}"):
        sweep({"a": never}, never, LAYERS, out=out, executor=executor)
    load = UNREAD.get(out, (ValueError, "a sweep's directory is wanted, got none"))
    with pytest.raises(load[0], match=f"{out}.*{load[1]}"):
        Sweep.load(out)
    Broken.go_on.set()


def test_a_place_that_has_something_is_not_written_to_for_a_trial(out):
    sweep({"a": network()}, loader(), LAYERS, out=out)
    with patch.object(Objects, "pipe_file", side_effect=OSError("read-only")):
        assert len(sweep({"a": network()}, loader(), LAYERS, out=out)) == 2


def test_where_nothing_can_be_removed_nothing_is_begun(out):
    """A sweep removes what was wrong with a layer that is computed after all."""
    with (
        patch.object(Objects, "rm_file", side_effect=PermissionError("may not")),
        pytest.raises(OSError, match=f"{out} cannot be written to: PermissionError: may not"),
    ):
        sweep({"a": never}, never, LAYERS, out=out)


def test_others_who_try_the_same_are_no_fault(out):
    plain = Objects.rm_file

    def twice(store, path):
        plain(store, path)
        plain(store, path)

    with patch.object(Objects, "rm_file", twice):
        object_store.check_place(out)
    assert objects() == []


@pytest.mark.parametrize("load", [Sweep.load, lambda out: sweep(network, loader, LAYERS, out=out)])
def test_what_is_refused(load, monkeypatch):
    with pytest.raises(ValueError, match=r"out: an address is wanted as text.*got s3:"):
        load(Path("s3://bucket/runs"))
    with pytest.raises(ValueError, match="out: an address is wanted, got 'nosuch:"):
        load("nosuch://bucket/runs")
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(ImportError, match=r'needs fsspec: pip install "kstar-gpu\[stores\]"'):
        load("s3://bucket/runs")
