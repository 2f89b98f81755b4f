"""Threads that compute while another one flips every switch that torch has."""

import random as randoms
import threading
import time
import warnings

import torch

from .problems import BACKENDS, problems
from .tally import LOST, SURVIVED, WRONG, Verdict
from .trial import call

THREADS = 4
SECONDS = 1.5  # of one process


def threads(random):
    """Four threads on all engines; a trial is a call."""
    while True:
        ended = call(_under_switches, random.randrange(1 << 30), SECONDS)
        if not ended.returned:
            yield Verdict(LOST, str(ended))
            continue
        calls, wrong = ended.value
        yield from (Verdict(WRONG, note) for note in wrong)
        yield from (Verdict(SURVIVED) for _ in range(calls - len(wrong)))


def _under_switches(seed, seconds):
    """Return how many calls were made, and what was wrong with which."""
    warnings.simplefilter("ignore")  # torch warns of switches that it means to replace
    asked = problems(seed)
    end = time.monotonic() + seconds
    calls, wrong = [], []

    def compute(number):
        random = randoms.Random(seed + number)
        while time.monotonic() < end:
            flip_own(random)
            problem, backend = random.choice(asked), random.choice(BACKENDS)
            calls.append(backend)
            with torch.autocast("cpu", enabled=random.random() < 0.5):
                try:
                    if differing := problem.wrong(backend):
                        wrong.append(f"{backend}, {problem.name}: {differing} k* differ")
                except Exception as error:
                    wrong.append(f"{backend}, {problem.name}: {error!r}")

    workers = [threading.Thread(target=compute, args=(number,)) for number in range(THREADS)]
    for worker in workers:
        worker.start()
    random = randoms.Random(seed - 1)
    while time.monotonic() < end:
        flip_shared(random)
        time.sleep(random.uniform(0, 0.003))
    for worker in workers:
        worker.join()
    return len(calls), wrong


def flip_own(random):
    """Flip what each thread has of its own."""
    torch.set_flush_denormal(random.random() < 0.5)
    torch.set_grad_enabled(random.random() < 0.5)


def flip_shared(random):
    """Flip one of the switches that a process has."""
    random.choice(
        (
            lambda: torch.set_float32_matmul_precision(
                random.choice(["highest", "high", "medium"])
            ),
            lambda: torch.use_deterministic_algorithms(
                random.random() < 0.5, warn_only=random.random() < 0.5
            ),
            lambda: torch.set_default_dtype(random.choice([torch.float64, torch.float32])),
            lambda: torch.set_num_threads(random.randint(1, 3)),
            lambda: setattr(torch.backends.mkldnn, "enabled", random.random() < 0.5),
            lambda: torch.set_flush_denormal(random.random() < 0.5),
        )
    )()
