"""What a call takes beside its input: no more than the memory limit, the least one and above."""

import subprocess
import sys

from helpers import peak_memory

from .problems import BACKENDS
from .tally import LOST, SURVIVED, WRONG, Verdict

SHAPES = [(30000, 4), (5000, 256), (20000, 128), (1000, 8000), (300, 20)]
TABLE = 2500  # samples of given distances
METRICS = ("euclidean", "cosine", "precomputed")
TIMES = (1, 1.5, 3)  # the least limit
LIMIT = 200  # seconds


def kept(random):
    """One call each, in a process of its own."""
    while True:
        backend, metric = random.choice(BACKENDS), random.choice(METRICS)
        shape = (TABLE, 2) if metric == "precomputed" else random.choice(SHAPES)
        layout, times = random.choice([*peak_memory.LAYOUTS]), random.choice(TIMES)
        if metric == "precomputed" and layout == "list":
            continue  # a small part of it, to begin with, is not taken from lists of lists
        yield _verdict(backend, *shape, layout, metric, times)


def _verdict(*arguments):
    what = " ".join(map(str, arguments))
    command = [sys.executable, peak_memory.__file__, *map(str, arguments)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return Verdict(LOST, f"{what}: did not end within {LIMIT} s")
    if ended.returncode != 0:
        return Verdict(LOST, f"{what}: {ended.stderr[-300:]}")
    limit, peak = map(int, ended.stdout.split())
    if peak > limit:
        return Verdict(WRONG, f"{what}: {peak} bytes, where the limit is {limit}")
    return Verdict(SURVIVED)
