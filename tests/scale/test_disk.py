"""Features on disk, walked over within a memory limit, give what they give in memory."""

import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from helpers.families import labels, lattice

from kstar_gpu import available_backends, kstar, kstar_distribution
from kstar_gpu.scale import disk
from kstar_gpu.scale.stored import on_disk

pytestmark = pytest.mark.skipif(
    not available_backends()["cpu"].available, reason="the CPU engine is not built"
)


def stored(folder, x, name="x.npy"):
    np.save(folder / name, x)
    return folder / name


@pytest.fixture
def cuts(monkeypatch):
    """Make shards short, whatever the limit; give how many there were, walk by walk."""
    made, plan_of = [], disk.plan_of

    def short(count, *given):
        plan = plan_of(count, *given)
        made.append(-(-count // 70))
        return plan._replace(shard=70)

    monkeypatch.setattr(disk, "plan_of", short)
    return made


def assert_as_in_memory(features, x, y, **options):
    found = kstar(features, y, return_foreign=True, **options)
    wanted = kstar(x, y, return_foreign=True, **{**options, "memory_limit": None})
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("dtype", ["float32", "int64", "float16", ">f8"])
def test_a_walk_gives_what_memory_gives(dtype, metric, cuts, tmp_path, rng):
    x, y = (3 + lattice(rng, 400, 5)).astype(dtype), labels(rng, 400, 4)
    assert_as_in_memory(on_disk(stored(tmp_path, x)), x, y, metric=metric)
    assert_as_in_memory(on_disk(stored(tmp_path, x)), x, np.sort(y), metric=metric, normalize=True)
    assert cuts == [6, 6]


def test_one_shard_where_all_fits(tmp_path, rng):
    x, y = rng.standard_normal((300, 20)), labels(rng, 300, 3)
    assert_as_in_memory(on_disk(stored(tmp_path, x)), x, y)


def test_queries_and_references(cuts, tmp_path, rng):
    x, y = lattice(rng, 500, 4).astype(np.float32), labels(rng, 500, 4)
    path = stored(tmp_path, x[:200]), stored(tmp_path, x[200:], "r.npy")
    for features in (on_disk(path[0]), x[:200]):
        given = {
            "references": on_disk(path[1]),
            "reference_labels": y[200:],
            "return_foreign": True,
        }
        found = kstar(features, y[:200], **given)
        wanted = kstar(x[:200], y[:200], **{**given, "references": x[200:]})
        for ours, theirs in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def limit_for(call):
    """Return the least memory limit, as the refusal of a smaller one tells."""
    with pytest.raises(ValueError, match="memory_limit: at least") as refused:
        call(memory_limit=1)
    return int(re.search(r"at least (\d+) bytes", str(refused.value)).group(1))


def test_a_memory_map_is_walked_over_where_the_limit_wants_it(monkeypatch, tmp_path, rng):
    x, y = rng.standard_normal((20000, 32)).astype(np.float32), labels(rng, 20000, 4)
    mapped = np.load(stored(tmp_path, x), mmap_mode="r")
    walked, walk = [], disk.kstar

    def watched(sides, classes, metric, pairs, limit, progress):
        walked.append(limit)
        return walk(sides, classes, metric, pairs, limit, progress)

    monkeypatch.setattr(disk, "kstar", watched)
    whole = limit_for(lambda **limit: kstar(x, y, backend="cpu", **limit))
    least = limit_for(lambda **limit: kstar(mapped, y, backend="cpu", **limit))
    assert least < whole
    for limit in (None, whole, whole - 1, (least + whole) // 2):
        assert_as_in_memory(mapped, x, y, backend="cpu", memory_limit=limit)
    assert walked == [1, whole - 1, (least + whole) // 2]


def test_no_more_than_two_shards_are_held(cuts, monkeypatch, tmp_path, rng):
    x, y = rng.standard_normal((400, 5)), labels(rng, 400, 4)
    held, loads, turn_to = [], [], disk.Held.turn_to
    get = disk.Held.get

    def watched(self, pair, following):
        turn_to(self, pair, following)
        held.append(len(self.ready))

    def counted(self, side, number):
        loads.append(self._key(side, number) not in self.ready)
        result = get(self, side, number)
        assert len(self.ready) <= 2
        return result

    monkeypatch.setattr(disk.Held, "turn_to", watched)
    monkeypatch.setattr(disk.Held, "get", counted)
    kstar(on_disk(stored(tmp_path, x)), y)
    assert len(held) == 2 * 6 * 7 // 2
    assert sum(loads) <= 2 * 6 * 7 // 2 - 10


class Ended(Exception):  # noqa: N818  # no error: it stands for a kill
    pass


@pytest.mark.parametrize("step", [2, 10, 22, 25, 42])
def test_a_walk_goes_on_from_its_checkpoint(step, cuts, monkeypatch, tmp_path, rng):
    x, y = lattice(rng, 400, 5).astype(np.float32), labels(rng, 400, 4)
    wanted = kstar(x, y, return_foreign=True)
    keep, done = tmp_path / "kept", []
    monkeypatch.setattr(disk, "SECONDS", 0)
    turn_to = disk.Held.turn_to

    def ended(self, *pairs):
        done.append(pairs)
        if len(done) == step:
            raise Ended
        turn_to(self, *pairs)

    monkeypatch.setattr(disk.Held, "turn_to", ended)
    path = stored(tmp_path, x)
    with pytest.raises(Ended):
        kstar(on_disk(path, checkpoint=keep), y)
    assert len(done) == step
    with pytest.raises(ValueError, match="checkpoint: one of the same samples"):
        kstar(on_disk(path, checkpoint=keep), np.roll(y, 1))
    found = kstar(on_disk(path, checkpoint=keep), y, return_foreign=True)
    assert len(done) == 42 + 1  # the step that was cut off twice
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not keep.exists()


WALK = """
import signal, sys, time
import numpy as np
from kstar_gpu import kstar
from kstar_gpu.scale import disk
from kstar_gpu.scale.stored import on_disk
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
features, labels, keep, step = sys.argv[1:]
plan_of, save, saved = disk.plan_of, disk.save, []
def announced(*arguments):
    save(*arguments)
    saved.append(arguments)
    if len(saved) == int(step):
        print("saved", flush=True)
        time.sleep(60)
disk.SECONDS, disk.save = 0, announced
disk.plan_of = lambda *given: plan_of(*given)._replace(shard=70)
kstar(on_disk(features, checkpoint=keep), np.load(labels))
"""


@pytest.mark.parametrize("ended", [signal.SIGKILL, signal.SIGINT], ids=str)
@pytest.mark.parametrize("step", [1, 60])  # of 36 pairs that meet twice
def test_a_process_that_was_ended_is_gone_on_with(ended, step, cuts, tmp_path, rng):
    x, y = lattice(rng, 500, 5).astype(np.float32), labels(rng, 500, 4)
    path, keep = stored(tmp_path, x), tmp_path / "kept"
    files = [path, stored(tmp_path, y, "y.npy"), keep]
    walk = [sys.executable, "-c", WALK, *files, str(step)]
    with subprocess.Popen(walk, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout.readline() == "saved\n"
        process.send_signal(ended)
        _, errors = process.communicate(timeout=60)
    assert ended == signal.SIGKILL or "KeyboardInterrupt" in errors
    assert keep.exists()
    np.testing.assert_array_equal(kstar(on_disk(path, checkpoint=keep), y), kstar(x, y))


def test_distributions_of_features_on_disk(tmp_path, rng):
    x, y = rng.standard_normal((300, 4)), labels(rng, 300, 3)
    found = kstar_distribution(on_disk(stored(tmp_path, x)), y)
    np.testing.assert_array_equal(found.kstar, kstar(x, y))


def test_bad_rows_are_named_where_they_are(cuts, tmp_path, rng):
    x, y = rng.standard_normal((300, 4)), labels(rng, 300, 3)
    x[203, 2] = np.nan
    with pytest.raises(ValueError, match=r"features\[180:240\]: finite .* in row 23"):
        kstar(on_disk(stored(tmp_path, x)), y)
    x[203] = 0
    with pytest.raises(ValueError, match=r"features\[180:240\]: .*, got row 23"):
        kstar(on_disk(stored(tmp_path, x)), y, metric="cosine")
    with pytest.raises(ValueError, match=r"labels: one label per sample is wanted"):
        kstar(on_disk(stored(tmp_path, x)), y[1:])


def test_references_that_are_none_are_named(tmp_path, rng):
    x, y = rng.standard_normal((300, 4)), labels(rng, 300, 3)
    mapped = np.load(stored(tmp_path, x), mmap_mode="r")
    for limit in (10**5, 10**9):
        with pytest.raises((TypeError, ValueError), match="references"):
            kstar(mapped, y, references=x + 1j, reference_labels=y, memory_limit=limit)


def test_what_cannot_be_on_disk_is_refused(tmp_path, rng):
    x, y = rng.standard_normal((30, 4)), labels(rng, 30, 3)
    features = on_disk(stored(tmp_path, x))
    with pytest.raises(ValueError, match="features: arrays are wanted where the CPU engine"):
        kstar(features, y, backend="torch")
    with pytest.raises(ValueError, match="features are wanted where samples come in shards"):
        kstar(features, y, metric="precomputed")
