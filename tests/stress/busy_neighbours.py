"""Calls beside busy processes that want the cores as well: they end, and are right."""

import time
from itertools import count

from helpers import families

from .problems import BACKENDS, Problem
from .tally import LOST, SURVIVED, WRONG, Verdict
from .trial import Running, call

NEIGHBOURS = (0, 1, 2, 4)
SHAPE = (1000, 256)
CALLS = 5  # in a process


def beside(neighbours, random):
    """Calls beside so many neighbours."""
    busy = [Running(_count_for_ever) for _ in range(neighbours)]
    try:
        problem = Problem(families.gaussian_float32, random.randrange(1 << 30), SHAPE)
        while True:
            for backend in BACKENDS:
                yield from _verdicts(backend, call(_timed, problem, backend))
    finally:
        for one in busy:
            one.wait(limit=0)


def _verdicts(backend, ended):
    if not ended.returned:
        yield Verdict(LOST, f"{backend}: {ended}")
        return
    for wrong, seconds in ended.value:
        note = f"{backend}: {wrong} k* differ"
        yield Verdict(WRONG if wrong else SURVIVED, note, {backend: seconds})


def _timed(problem, backend):
    """Return of each call how many k* are wrong, and its seconds; of all but the first."""
    problem.wrong(backend)
    found = []
    for _ in range(CALLS):
        start = time.perf_counter()
        wrong = problem.wrong(backend)
        found.append((wrong, time.perf_counter() - start))
    return found


def _count_for_ever():
    for _ in count():
        pass
