"""k* of Dask arrays is that of the whole, bit for bit, whatever runs the tasks."""

import os
import signal
import time
from contextlib import suppress

import numpy as np
import pytest
import torch
from helpers.families import duplicates, labels, lattice
from helpers.small_blocks import LAYOUTS, assert_as_whole

from kstar_gpu import kstar
from kstar_gpu.engines.shards import Nearest
from kstar_gpu.scale import blocks

dask = pytest.importorskip("dask", reason="Dask is not installed")
da = pytest.importorskip("dask.array", reason="dask[array] is not installed")


@pytest.fixture(autouse=True)
def in_this_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def in_blocks(x, sizes, width=2):
    return da.from_array(x, chunks=(sizes, width))


def assert_lazy_as_whole(features, y, x, plain_y=None, **options):
    """Compare what is computed of lazy arrays with what arrays in memory give."""
    in_memory = {
        name: each.compute() if isinstance(each, da.Array) else each
        for name, each in options.items()
    }
    lazy = kstar(features, y, return_foreign=True, **options)
    assert all(isinstance(each, da.Array) for each in lazy)
    assert all(each.chunks == (features.chunks[0],) for each in lazy)
    found = dask.compute(*lazy)
    assert [each.dtype for each in found] == [each.dtype for each in lazy]
    assert_as_whole(found, x, y if plain_y is None else plain_y, **in_memory)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_blocks_of_any_sizes(layout, metric, backend, rng):
    x, y = 3 + lattice(rng, 300, 5), labels(rng, 300, 4)
    features = in_blocks(x, LAYOUTS[layout])
    assert_lazy_as_whole(features, y, x, metric=metric, backend=backend)


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f8", "int8", "int64", "uint32", "bool"])
def test_types(dtype, rng):
    x, y = (3 + lattice(rng, 300, 12)).astype(dtype), labels(rng, 300, 4)
    assert_lazy_as_whole(in_blocks(x, 90), y, x)


def test_blocks_of_one_class_ties_and_duplicates(rng):
    y = np.sort(labels(rng, 300, 3))
    sizes = tuple(np.bincount(y).tolist())
    tied = np.where(rng.random((300, 1)) < 0.3, lattice(rng, 300, 4), rng.random((300, 4)))
    for x in (tied, duplicates(rng, 300, 6)):
        assert_lazy_as_whole(in_blocks(x, sizes), y, x)
        assert_lazy_as_whole(in_blocks(x, sizes), rng.permutation(y), x)


def test_a_control_without_the_tie_rule(monkeypatch, rng):
    def nearer(known, squared, ids):
        tells = squared < known.squared
        known.squared[tells], known.ids[tells] = squared[tells], ids[tells]

    monkeypatch.setattr(Nearest, "learn", nearer)
    x, y = lattice(rng, 300, 4), labels(rng, 300, 3)
    with pytest.raises(AssertionError, match="not equal"):
        assert_lazy_as_whole(in_blocks(x, LAYOUTS["uneven"]), y, x)


@pytest.mark.parametrize("kind", ["int64", "float32", "bool", "U5", "S3", "object"])
def test_labels_in_blocks_of_their_own(kind, rng):
    x, y = lattice(rng, 300, 5), labels(rng, 300, 2)
    named = (y if kind != "object" else np.array(["a", "bc"], dtype=object)[y]).astype(kind)
    for chunks in (LAYOUTS["uneven"], 77):
        lazy = da.from_array(named, chunks=(chunks,))
        assert_lazy_as_whole(in_blocks(x, LAYOUTS["uneven"]), lazy, x, named, normalize=True)


@pytest.mark.parametrize("lazy", [(1, 1, 1), (1, 0, 0), (0, 1, 1), (0, 0, 1), (1, 1, 0)])
def test_references(lazy, backend, rng):
    x, y = lattice(rng, 400, 5).astype(np.float32), labels(rng, 400, 6)
    kept = y[150:] > 0  # the references lack a class
    others, theirs = x[150:][kept], y[150:][kept]
    given = [y[:150], others, theirs]
    arrays = [
        da.from_array(e, chunks=83) if is_lazy else e
        for e, is_lazy in zip(given, lazy, strict=True)
    ]
    both = {"references": arrays[1], "reference_labels": arrays[2]}
    features = in_blocks(x[:150], (60, 90))
    assert_lazy_as_whole(features, arrays[0], x[:150], y[:150], **both, backend=backend)
    assert_lazy_as_whole(features, arrays[0], x[:150], y[:150], **both, normalize=True)


def test_references_of_other_containers(rng):
    x, y = lattice(rng, 200, 5), labels(rng, 200, 3)
    both = {"references": torch.from_numpy(x).to(torch.bfloat16), "reference_labels": y.tolist()}
    assert_lazy_as_whole(in_blocks(x[:50], 20), y[:50], x[:50], **both)


def test_samples_that_are_arrays_themselves(rng):
    x, y = lattice(rng, 100, 24).reshape(100, 2, 3, 4), labels(rng, 100, 3)
    assert_lazy_as_whole(da.from_array(x, chunks=(40, 1, 2, 3)), y, x)


def test_nothing_is_computed_before_it_is_asked_for(rng):
    asked = []

    def block(values):
        asked.append(len(values))
        return values

    x, y = lattice(rng, 100, 4), labels(rng, 100, 3)
    features = in_blocks(x, 30, 4).map_blocks(block, meta=np.empty((0, 0), x.dtype))
    lazy = kstar(features, da.from_array(y).map_blocks(block, meta=np.empty(0, y.dtype)))
    assert asked == []
    assert (lazy + 1).max().compute() == kstar(x, y).max() + 1
    assert sorted(asked) == [10, 30, 30, 30, 100]


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_schedulers_of_one_machine(scheduler, rng):
    x, y = lattice(rng, 300, 5), labels(rng, 300, 4)
    spawned = {"multiprocessing.context": "spawn", "num_workers": 2}
    with dask.config.set({"scheduler": scheduler, **spawned}):
        assert_lazy_as_whole(in_blocks(x, 60), y, x)


def test_the_same_call_has_the_same_name(rng):
    x, y = in_blocks(lattice(rng, 100, 4), 30), labels(rng, 100, 3)
    assert kstar(x, y).name == kstar(x, y).name
    others = [kstar(x, y, normalize=True), kstar(x, y, metric="cosine"), kstar(x, np.roll(y, 1))]
    assert len({kstar(x, y).name, *(other.name for other in others)}) == 4


REFUSED = {
    "memory_limit: None is wanted": {"memory_limit": 10**9},
    "progress: False is wanted": {"progress": True},
    "metric: features are wanted": {"metric": "precomputed"},
    "backend: 'auto', .* are known": {"backend": "gpu"},
    "device: a torch device is wanted": {"device": "moon"},
    "labels: one label per sample is wanted": {"labels": np.arange(9)},
    "labels: at least two classes": {"labels": np.zeros(100)},
    "labels: .* are wanted, got dtype complex": {"labels": da.zeros(100, dtype=complex)},
    "labels: one label per sample, shape": {"labels": da.zeros((100, 1))},
    "labels: blocks of known sizes .* compute_chunk_sizes": {
        "labels": (lambda y: y[y >= 0])(da.zeros(100))
    },
    "features: .* are wanted, got dtype complex": {"features": da.ones((100, 4), dtype=complex)},
    "features: shape .N, d. or": {"features": da.ones(100)},
    "features: at least one sample": {"features": da.ones((0, 4)), "labels": [0, 1]},
    "features: blocks of known sizes .* compute_chunk_sizes": {
        "features": (lambda x: x[x[:, 0] > 0])(da.ones((100, 4)))
    },
    "references: as many features": {"references": da.ones((2, 3)), "reference_labels": [0, 1]},
    "reference_labels: references and": {"references": da.ones((2, 4))},
}


@pytest.mark.parametrize("error", REFUSED)
def test_what_cannot_be_is_refused_at_once(error, rng):
    given = {"features": in_blocks(lattice(rng, 100, 4), 30), "labels": labels(rng, 100, 3)}
    with pytest.raises((TypeError, ValueError), match=rf"^{error}"):
        kstar(**{**given, **REFUSED[error]})


def test_queries_to_be_planned_are_refused(rng):
    """They are experimental, and another class: this stands for it."""

    class Query(da.Array):
        expr = None

    x, y = in_blocks(lattice(rng, 100, 4), 30), labels(rng, 100, 3)
    with pytest.raises(TypeError, match=r"features: .* set array\.query-planning to False"):
        kstar(Query(x.dask, x.name, x.chunks, meta=x._meta), y)


def test_devices_are_looked_for_where_tasks_are(rng):
    x, y = in_blocks(lattice(rng, 100, 4), 30), labels(rng, 100, 3)
    for device, error in (("meta", "holds numbers"), ("cuda:77", "torch sees")):
        lazy = kstar(x, y, device=device)
        with pytest.raises(ValueError, match=f"device: .*{error}"):
            lazy.compute()


def test_what_only_the_blocks_tell_is_refused_when_they_are_there(rng):
    x, y = rng.standard_normal((100, 4)), labels(rng, 100, 3)
    with pytest.raises(ValueError, match="labels: at least two classes are wanted"):
        kstar(in_blocks(x, 30), da.zeros(100)).compute()
    x[47] = np.nan
    with pytest.raises(ValueError, match=r"features\[30:60\]: finite .* in row 17"):
        kstar(in_blocks(x, 30), y).compute()
    with pytest.raises(ValueError, match="largest magnitude"):
        kstar(in_blocks(np.full((100, 4), 1e200), 30), y).compute()


def test_a_worker_that_is_killed_changes_nothing(monkeypatch, tmp_path, rng):
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    x, y = lattice(rng, 1000, 6).astype(np.float32), labels(rng, 1000, 4)
    search, asked, last = blocks.search, tmp_path / "asked", tmp_path / "last words"
    asked.mkdir()

    def killed(*given):  # about the 30th of 55 pairs ends its worker
        (asked / f"{os.getpid()} {time.monotonic_ns()}").touch()
        if len(os.listdir(asked)) >= 30:
            with suppress(FileExistsError):
                last.touch(exist_ok=False)
                os.kill(os.getpid(), signal.SIGKILL)
        return search(*given)

    monkeypatch.setattr(blocks, "search", killed)
    local = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**local) as cluster, distributed.Client(cluster):
        lazy = kstar(in_blocks(x, 100), y, return_foreign=True)
        assert_as_whole(dask.compute(*lazy, scheduler="distributed"), x, y)
    assert last.exists()
    assert 55 < len(os.listdir(asked)) < 2 * 55
