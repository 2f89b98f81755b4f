"""Processes that fork: children are killed in the middle of a call, and the parent goes on.

A child inherits locks as they are, and no thread but its own. The engine in plain torch is left
out: a child cannot use the threads that torch had in the parent.
"""

import os
import random as randoms
import signal
import threading
import time

from helpers import families

from .problems import Problem
from .tally import LOST, SURVIVED, WRONG, Verdict
from .trial import call

BACKEND = "cpu"
CHILDREN = 12  # of a parent
LONGEST = 0.05  # seconds until a child is killed


def killed(random):
    """A parent forks children that are killed, with and without a bar; its own calls are right."""
    yield from _verdicts(random, _parent_of_killed)


def during_calls(random):
    """A process forks while a thread of it is inside a call; the child's own call is right."""
    yield from _verdicts(random, _parent_of_callers)


def _verdicts(random, parent):
    problem = Problem(families.gaussian_float32, random.randrange(1 << 30))
    while True:
        ended = call(parent, problem, random.randrange(1 << 30))
        if not ended.returned:
            yield Verdict(LOST, str(ended))
            continue
        for wrong in ended.value:
            yield Verdict(WRONG if wrong else SURVIVED, f"{wrong} k* differ")


def _parent_of_killed(problem, seed):
    """Return of each child how many k* were wrong in the parent, after its death."""
    random = randoms.Random(seed)
    found = [problem.wrong(BACKEND)]  # the parent has threads of its own
    for _ in range(CHILDREN):
        progress = random.random() < 0.5
        child = os.fork()
        if child == 0:
            _silence()
            while True:
                problem.wrong(BACKEND, progress=progress)
        time.sleep(random.uniform(0, LONGEST))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found.append(problem.wrong(BACKEND))
    return found


def _parent_of_callers(problem, seed):
    """Return how many k* were wrong in the parent's calls, and in its children's."""
    random = randoms.Random(seed)
    found = [problem.wrong(BACKEND)]  # modules are imported: Python's locks of that are inherited
    done = threading.Event()

    def compute():
        while not done.is_set():
            found.append(problem.wrong(BACKEND, progress=False))

    worker = threading.Thread(target=compute)
    worker.start()
    try:
        for _ in range(CHILDREN):
            time.sleep(random.uniform(0, LONGEST))
            child = os.fork()
            if child == 0:
                os._exit(min(problem.wrong(BACKEND), 255))
            found.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    finally:
        done.set()
        worker.join()
    return found


def _silence():
    """A bar of a child is nobody's business."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
