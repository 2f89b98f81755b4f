"""One method on one set: how long, how much memory, how many wrong; or why there is no time."""

import ctypes
import gc
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import pytest
from exactness import chosen_rows, defined
from feature_sets import FeatureSet
from memory import RESET_PEAK, kilobytes
from numpy.typing import NDArray

Call = Callable[[], Any]
CHECKED_ROWS = 500
TRIALS = 500, 1000  # samples of the calls from which a long one is foretold
LONG = 2  # seconds of a call that needs no other before it to warm up
NOT_TIMED = pytest.StashKey[list[dict[str, Any]]]()  # records of methods without a time, and why
MEMORY_ERRORS = ("not enough memory", "can't allocate memory", "bad_alloc", "Unable to allocate")


class Case(NamedTuple):
    """A set, and what is right for some of its rows."""

    feature_set: FeatureSet
    rows: NDArray[np.int64]  # (M,)
    truth: NDArray[np.int64]  # (M,) k*


def checked(feature_set: FeatureSet) -> Case:
    """Return a set with what is right for some of its rows."""
    rows = chosen_rows(feature_set.features, CHECKED_ROWS, seed=0)
    return Case(feature_set, rows, defined(feature_set, rows))


def differing(found: NDArray[np.int64] | None, case: Case) -> tuple[int | None, int]:
    """Return how many k* of those checked differ from the definition; None of none."""
    if found is None:
        return None, 0
    return int(np.count_nonzero(found[case.rows] != case.truth)), len(case.rows)


class NotTimedError(Exception):
    """Why a method has no time on a set: a result, too."""


def part_of(feature_set: FeatureSet, size: int) -> FeatureSet:
    """Return a seeded part of a set."""
    rows = np.sort(np.random.default_rng(0).permutation(len(feature_set.features))[:size])
    features, labels, name = feature_set
    _, codes = np.unique(labels[rows], return_inverse=True)
    return FeatureSet(features[rows], codes.reshape(-1).astype(np.int64), f"{name}[{size}]")


def foretold(prepare: Callable[[FeatureSet], Call], feature_set: FeatureSet) -> float:
    """Return the seconds that a call should take, N^2 times what two smaller ones differ by."""
    times = []
    for size in TRIALS:
        call = prepare(part_of(feature_set, size))
        call()
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    per_pair = (times[1] - times[0]) / (TRIALS[1] ** 2 - TRIALS[0] ** 2)
    return max(0.0, per_pair) * len(feature_set.features) ** 2


def ready(
    prepare: Callable[[FeatureSet], Call], feature_set: FeatureSet, longest: float
) -> tuple[Call, float]:
    """Return the call that is to be timed, if it will end in time, and how long it should take.

    Raises
    ------
    NotTimedError
        If it should take longer than `longest` seconds.
    """
    small = len(feature_set.features) <= 2 * TRIALS[1]
    seconds = 0.0 if small else foretold(prepare, feature_set)
    if seconds > longest:
        raise NotTimedError(f"over {longest:g} s")
    return prepare(feature_set), seconds


def watched(call: Call) -> tuple[Any, float, int]:
    """Return what a call gives, its seconds, and its peak of memory beyond what was there (Linux).

    Raises
    ------
    NotTimedError
        If memory does not suffice.
    """
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text(RESET_PEAK)
    before = kilobytes("VmRSS")
    start = perf_counter()
    try:
        result = call()
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or any(text in str(error) for text in MEMORY_ERRORS):
            raise NotTimedError("out of memory") from error
        raise
    seconds = perf_counter() - start
    return result, seconds, 1024 * (kilobytes("VmHWM") - before)


def rounds_for(seconds: float) -> int:
    """Return how often a call is timed."""
    return 5 if seconds < 0.5 else 3 if seconds < LONG else 1
