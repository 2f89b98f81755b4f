"""Shards as the native engine takes them: every instruction set, every first look, bounded work."""

import numpy as np
import pytest
import torch
from helpers.families import FAMILIES, duplicates, gaussian, labels, lattice, problem_of
from helpers.narrow import full_coarse, narrowest, narrowest_coarse
from helpers.shards import CPU, assert_as_whole, cut, even, uneven

pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")

from kstar_gpu.engines import projection
from kstar_gpu.engines.cpu import _cpu, pairs
from kstar_gpu.engines.cpu import engine as cpu
from kstar_gpu.engines.shards import Nearest
from kstar_gpu.scale import shards


@pytest.fixture(params=_cpu.targets())
def target(request, monkeypatch):
    """Every instruction set that this machine can run."""
    monkeypatch.setenv("KSTAR_CPU_TARGET", request.param)
    return request.param


@pytest.mark.parametrize("look", [narrowest, full_coarse, narrowest_coarse])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_first_look(family, look, target, monkeypatch, rng):
    monkeypatch.setattr(projection, "choose_balls", look)
    assert_as_whole(rng, family(rng, 300, 40), labels(rng, 300, 4), uneven, 3)


def ready(rng, x, y, count, way=even):
    """Return what serves pairs, and the shards as it takes them."""
    parts = cut(rng, x, y, way, count)
    native = pairs.Pairs(CPU)
    native.agree(shards.take_census(native, [parts], "euclidean"))
    return native, parts, [native.ready(part) for part in parts]


def test_shards_that_bytes_do_not_hold_meet_the_others(monkeypatch, rng):
    monkeypatch.setattr(projection, "choose_balls", narrowest_coarse)
    x, y = gaussian(rng, 400, 40), labels(rng, 400, 3)
    made, first_balls = [], pairs.first_balls

    def every_other(common, full, certificate, lengths, crew):
        made.append(full)
        if len(made) % 2 == 0:
            return full, certificate
        return first_balls(common, full, certificate, lengths, crew)

    monkeypatch.setattr(pairs, "first_balls", every_other)
    assert_as_whole(rng, x, y, even, 4)
    assert len(made) == 5  # four shards, and the few that are met first


def test_equal_samples_are_looked_at_once(rng):
    x, y = duplicates(rng, 500, 6), labels(rng, 500, 3)
    *_, sides = ready(rng, x, y, 2)
    for side, rows in zip(sides, np.array_split(np.arange(500), 2), strict=True):
        kinds = np.unique(np.column_stack([x[rows] + 0.0, y[rows]]), axis=0)
        assert len(side.ids) == len(kinds)
        assert side.side.weights.sum() == len(rows)


def test_at_distance_0_a_lower_id_is_still_told(rng):
    x, y = np.zeros((6, 3)), np.array([0, 1, 0, 1, 0, 1])
    x[0] = 1
    native, parts, (low, high) = ready(rng, x, y, 2)
    known = [Nearest.nothing(3), Nearest(np.zeros(3), np.array([5, 4, 4]))]
    assert parts[1].ids.tolist() == [4, 3, 5]
    native.search(high, None, known[1], None)
    assert known[1].ids.tolist() == [3, 4, 4]
    native.search(high, low, known[1], known[0])
    assert known[1].ids.tolist() == [1, 2, 2]
    assert (known[1].squared == 0).all()


@pytest.mark.parametrize("count", [4, 8])
@pytest.mark.parametrize("family", [gaussian, lattice])
def test_work_is_hardly_more_than_that_of_the_whole(family, count, rng):
    x, y = family(rng, 8000, 64).astype(np.float32), labels(rng, 8000, 5)
    engine = cpu.Engine(problem_of(x, y), CPU, None, False)
    engine.count_within(engine.nearest_foreign()[0])
    native, parts, sides = ready(rng, x, y, count)
    known = [Nearest.nothing(len(part)) for part in parts]
    met = list(shards.visits(count))
    for one, other in met:
        theirs = None if other is None else sides[other]
        native.search(sides[one], theirs, known[one], None if other is None else known[other])
    for one, other in met:
        theirs = None if other is None else sides[other]
        radii = None if other is None else known[other].squared
        native.within(sides[one], theirs, known[one].squared, radii)
    for question in ("search", "count"):
        done, whole = native.work[question], engine.work[question]
        assert done["tile_pairs"] <= 1.05 * whole["tile_pairs"]
        assert done["refined"] <= 1.3 * whole["refined"] + 100


def test_threads_are_as_many_as_torch_has(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    assert pairs.Pairs(CPU).crew.threads == 7


def agreed(rng):
    parts = cut(rng, gaussian(rng, 300, 40), labels(rng, 300, 4), even, 2)
    native = pairs.Pairs(CPU)
    native.agree(shards.take_census(native, [parts], "euclidean"))
    return native, [native.ready(part) for part in parts]


def test_several_callers_at_once_have_threads_and_work_of_their_own(rng):
    native, ready = agreed(rng)
    before = dict(native.crew._asdict()), dict(native.work["search"])
    other = native.with_threads(3)
    other.search(*ready, Nearest.nothing(150), Nearest.nothing(150))
    assert other.crew == (3, native.crew.target)
    assert other.work["search"]["tile_pairs"] > 0
    assert (dict(native.crew._asdict()), dict(native.work["search"])) == before


def test_balls_stay_with_the_instruction_set_that_they_were_made_for(monkeypatch, rng):
    """Those of bytes may be too large for another one: where it is missing, that is told."""
    native, ready = agreed(rng)
    assert native.crew.target == _cpu.targets()[0]
    native.crew = native.crew._replace(target="i8mm" if "i8mm" not in _cpu.targets() else "amx")
    with pytest.raises(ValueError, match="this machine cannot run the instruction set"):
        native.search(*ready, Nearest.nothing(150), Nearest.nothing(150))
