"""Ctrl-C at any moment, and input that changes while it is computed with."""

import os
import random as randoms
import signal
import threading
import time

import numpy as np

from kstar_gpu import kstar

from .problems import BACKENDS, problems
from .tally import LOST, NOTICED, SURVIVED, WRONG, Verdict
from .trial import call

ROUNDS = 20  # in a process
LATEST = 5.0  # seconds until which a signal is heard, if a process sleeps: it ends the sleep


def control_c(random):
    """KeyboardInterrupt, or the right result if it came too late; then the next call is right."""
    yield from _verdicts(random, _interrupted)


def scribbled(random):
    """Another thread writes to features and labels: any result or a refusal, but a call that ends.

    The call after that, on what nobody writes to, is right.
    """
    yield from _verdicts(random, _scribbled)


def _verdicts(random, function):
    while True:
        for backend in BACKENDS:
            ended = call(function, backend, random.randrange(1 << 30))
            if not ended.returned:
                yield Verdict(LOST, f"{backend}: {ended}")
                continue
            yield from (Verdict(outcome, f"{backend}: {note}") for outcome, note in ended.value)


def _interrupted(backend, seed):
    random = randoms.Random(seed)
    asked = problems(seed)
    lengths = {problem: _seconds(problem, backend) for problem in asked}
    found = []
    for _ in range(ROUNDS):
        problem = random.choice(asked)
        outcome = _one_interruption(problem, backend, random.uniform(0, lengths[problem]))
        if differing := problem.wrong(backend):
            outcome = WRONG, f"next call: {differing} k* differ"
        found.append(outcome)
    return found


def _one_interruption(problem, backend, after):
    """Return what came of a call that a signal interrupts after some seconds."""
    timer = threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT))
    outcome = NOTICED, ""
    try:
        timer.start()
        differing = problem.wrong(backend)
        outcome = (WRONG, f"{differing} k* differ") if differing else (SURVIVED, "")
        timer.join()
        time.sleep(LATEST)
        outcome = WRONG, "no KeyboardInterrupt"
    except KeyboardInterrupt:
        timer.join()
    except Exception as error:
        timer.join()
        outcome = WRONG, repr(error)
    return outcome


def _seconds(problem, backend):
    problem.wrong(backend)
    start = time.perf_counter()
    problem.wrong(backend)
    return time.perf_counter() - start


def _scribbled(backend, seed):
    found = []
    for problem in problems(seed):
        features, labels = problem.features.copy(), problem.labels.copy()
        done = threading.Event()
        writer = threading.Thread(target=_scribble, args=(features, labels, seed, done))
        writer.start()
        outcome = SURVIVED, ""
        try:
            for _ in range(4):
                kstar(features, labels, backend=backend)
        except ValueError:
            outcome = NOTICED, ""
        except Exception as error:
            outcome = WRONG, f"{problem.name}: {error!r}"
        finally:
            done.set()
            writer.join()
        if differing := problem.wrong(backend):
            outcome = WRONG, f"next call: {differing} k* differ"
        found.append(outcome)
    return found


def _scribble(features, labels, seed, done):
    """Write rows of other scales, copies, zeros, infinities and labels into the arrays."""
    rng = np.random.default_rng(seed)
    rows = len(features)
    while not done.is_set():
        row, other = rng.integers(0, rows, 2)
        kind = rng.integers(0, 6)
        with np.errstate(all="ignore"):
            if kind == 0:
                features[row] = features[other]
            elif kind == 1:
                features[row] = features[row] * 10.0 ** int(rng.integers(-3, 4))
            elif kind == 2:
                features[row] = 0
            elif kind == 3:
                features[row] = rng.integers(-9, 9, features.shape[1])
            elif kind == 4 and features.dtype.kind == "f" and rng.random() < 0.01:
                features[row] = rng.choice([np.inf, np.nan])
            else:
                labels[row] = rng.integers(0, 5)
