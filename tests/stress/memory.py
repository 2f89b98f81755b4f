"""Memory that is not to be had: MemoryError or the right result, and with room the right one.

Address space is what is limited, for a process of its own: as much as it has already, and a little.
"""

import gc
import resource
from pathlib import Path

from helpers import families

from kstar_gpu import kstar

from .problems import BACKENDS, Problem
from .tally import LOST, NOTICED, SURVIVED, WRONG, Verdict
from .trial import call

SHAPE = (1500, 64)
ROOM = (0, 64 << 20)  # bytes beyond what the process has, between which limits are drawn
ROUNDS = 300  # of which none may keep anything
GROWTH = 1 << 19  # bytes that may come in the last half of them: 5 kB a round are seen


def limits(random):
    """Calls of every engine under a limit, and again without it."""
    problem = Problem(families.gaussian_float32, random.randrange(1 << 30), SHAPE)
    while True:
        for backend in BACKENDS:
            room = int(random.triangular(*ROOM, 0))
            yield _verdict(f"{backend}, {room} bytes", call(_limited, problem, backend, room))


def _limited(problem, backend, room):
    """Return what is wrong, if anything, and whether memory was missing."""
    kstar(problem.features[:40], problem.labels[:40], backend=backend)  # libraries are loaded
    have = _status("VmSize")
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (have + room, hard))
    missing = False
    try:
        if problem.wrong(backend):
            return "another result under the limit", missing
    except MemoryError:
        missing = True
    except BaseException as error:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
        return f"under the limit: {error!r}", missing
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        return ("another result with room" if problem.wrong(backend) else ""), missing
    except Exception as error:
        return f"with room: {error!r}", missing


def _verdict(what, ended):
    if not ended.returned:
        return Verdict(LOST, f"{what}: {ended}")
    wrong, missing = ended.value
    if wrong:
        return Verdict(WRONG, f"{what}: {wrong}")
    return Verdict(NOTICED if missing else SURVIVED)


def leaks(random):
    """Memory after many rounds is what it was after a few; a round is a call, right or refused."""
    for backend in BACKENDS:
        problem = Problem(families.gaussian_float32, random.randrange(1 << 30))
        ended = call(_rounds, problem, backend)
        if not ended.returned:
            yield Verdict(LOST, f"{backend}: {ended}")
            continue
        grown, wrong = ended.value
        if wrong:
            yield Verdict(WRONG, f"{backend}: {wrong} k* differ")
        elif grown > GROWTH:
            yield Verdict(LOST, f"{backend}: {grown} bytes in {ROUNDS} rounds")
        else:
            yield Verdict(SURVIVED)


def _rounds(problem, backend):
    """Return by how many bytes the process grew, and how many k* were wrong.

    What allocators hold on to comes and goes: the least at the end counts, and the most before.
    """
    wrong, resident = 0, []
    for _ in range(ROUNDS):
        wrong += problem.wrong(backend)
        _refused(problem, backend)
        resident.append(_resident())
    grown = min(resident[-ROUNDS // 6 :]) - max(resident[ROUNDS // 3 : ROUNDS // 2])
    return max(grown, 0), wrong


def _refused(problem, backend):
    for given in (dict(labels=problem.labels[1:]), dict(memory_limit=1)):
        try:
            kstar(problem.features, **{"labels": problem.labels, "backend": backend, **given})
        except ValueError:
            continue
        raise AssertionError(f"not refused: {[*given]}")


def _resident():
    gc.collect()
    return _status("VmRSS")


def _status(name):
    """Return a number of bytes that the system knows of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) << 10
    raise LookupError(name)
