"""kstar() beside every other way to compute k*: `make bench`.

Before each timed call of another method, kstar() is timed in the same process, so that their ratio
holds for a busy machine, too. The first call of each is not timed, unless it is a long one: its
result is compared with the definition, and its memory is measured.
"""

from collections.abc import Callable
from functools import partial
from time import perf_counter, sleep
from typing import Any

import numpy as np
import pytest
from complexity_peers import LSC_PEERS
from feature_sets import FeatureSet
from in_turns import PAUSE
from measure import (
    LONG,
    NOT_TIMED,
    Call,
    Case,
    NotTimedError,
    differing,
    ready,
    rounds_for,
    watched,
)
from peers import PEERS, fastest_block

from kstar_gpu import available_backends, kstar, kstar_distribution

BACKENDS = [name for name, status in available_backends().items() if status.available]
Benchmark = Any  # pytest-benchmark's fixture, whose methods have no types


def ours(backend: str, feature_set: FeatureSet) -> Call:
    """Return the call of an engine of ours."""
    return partial(kstar, feature_set.features, feature_set.labels, backend=backend)


def peer(name: str, feature_set: FeatureSet) -> Call:
    """Return the call of a peer at the block size that is fastest here."""
    features, labels, _ = feature_set
    block = fastest_block(PEERS[name], features, labels)
    return partial(PEERS[name], features, labels, block=block)


def complexity(name: str, feature_set: FeatureSet) -> Call:
    """Return the call of a library of complexity measures."""
    return partial(LSC_PEERS[name], feature_set.features, feature_set.labels)


METHODS: dict[str, Callable[[FeatureSet], Call]] = {
    **{f"kstar ({name})": partial(ours, name) for name in BACKENDS},
    **{name: partial(peer, name) for name in PEERS},
    **{name: partial(complexity, name) for name in LSC_PEERS},
}


@pytest.mark.parametrize("name", METHODS)
def test_method(benchmark: Benchmark, case: Case, name: str, pytestconfig: pytest.Config) -> None:
    """Time a method beside kstar(), and say how many of its k* are wrong."""
    feature_set = case.feature_set
    n, d = feature_set.features.shape
    classes = len(np.unique(feature_set.labels))
    record: dict[str, Any] = {"set": feature_set.name, "samples": n, "dimensions": d}
    record |= {"classes": classes, "method": name}
    benchmark.group = f"{feature_set.name} {n} x {d}"
    try:
        longest = pytestconfig.getoption("--longest")
        result, peak, kstar_seconds = time_beside(benchmark, METHODS[name], feature_set, longest)
    except NotTimedError as why:
        pytestconfig.stash.setdefault(NOT_TIMED, []).append({**record, "why": str(why)})
        pytest.skip(str(why))
    wrong, checked = wrong_of(result, case)
    record |= {"kstar_s": kstar_seconds, "peak_bytes": peak, "wrong": wrong, "checked": checked}
    if name == "kstar (cpu)":
        record["pairs_per_sample"] = pairs_left(feature_set)
    benchmark.extra_info.update(record)
    if name.startswith("kstar"):
        assert wrong == 0


def time_beside(
    benchmark: Benchmark,
    prepare: Callable[[FeatureSet], Call],
    feature_set: FeatureSet,
    longest: float,
) -> tuple[Any, int, list[float]]:
    """Time a method; return what it gives, its peak of memory, and kstar()'s seconds beside it."""
    beside = ours("auto", feature_set)
    beside()
    kstar_seconds: list[float] = []

    def time_ours() -> None:
        sleep(PAUSE)
        start = perf_counter()
        beside()
        kstar_seconds.append(perf_counter() - start)
        sleep(PAUSE)

    call, expected = ready(prepare, feature_set, longest)
    first = partial(watched, call)
    if expected < LONG:
        result, seconds, peak = first()
        benchmark.pedantic(call, setup=time_ours, rounds=rounds_for(seconds))
    else:
        result, _, peak = benchmark.pedantic(first, setup=time_ours)
    return result, peak, kstar_seconds


def pairs_left(feature_set: FeatureSet) -> dict[str, float]:
    """Return how many pairs per sample each sieve of the CPU engine left over."""
    from engine import profile

    work = profile(feature_set)["work"]
    refined = work["search"]["refined"] + work["count"]["refined"]
    left = {"in tiles": work["search"]["tile_pairs"] + work["count"]["tile_pairs"]}
    left |= {"screened": work["search"]["screened"], "refined": refined}
    return {name: pairs / len(feature_set.features) for name, pairs in left.items()}


def wrong_of(result: Any, case: Case) -> tuple[int | None, int]:
    """Return how many k* of those checked differ from the definition; of LSC, whether it does."""
    if not isinstance(result, float):
        return differing(result, case)
    features, labels, _ = case.feature_set
    right = kstar_distribution(features, labels).lsc().total
    return int(abs(result - right) > 1e-12), 1
