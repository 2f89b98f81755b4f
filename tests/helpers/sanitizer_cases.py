"""Small problems that reach every path of the CUDA engine: run as a script, under a sanitizer.

    python tests/helpers/sanitizer_cases.py [--host]

A sanitizer makes kernels a hundred times slower, so that each case is as small as it can be:
narrow balls with screening and an early end, panels that are streamed, a buffer of survivors that
overflows, and references of their own. Each is compared with the definition. `--host` takes the
kernels on the host (csrc/simt), and what was reached is told: see test_sanitizer_cases.py.
"""

import argparse
import json
import sys
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from unittest.mock import patch

import numpy as np
from cuda_on_host import install, modules
from narrow import narrowest

from kstar_gpu import definition, kstar
from kstar_gpu.engines import projection

CENTRES = np.array([0, 3, 60, 63])  # of the classes: where they are far, tiles end early
CASES = {
    "full balls": {"shape": (300, 70)},
    "narrow balls": {"shape": (400, 160), "settings": ["narrow"]},
    "narrow balls of references": {"shape": (600, 160), "settings": ["narrow"], "queries": 250},
    "streamed panels": {"shape": (400, 160), "settings": ["narrow", "streamed"]},
    "references": {"shape": (400, 70), "queries": 150},
    "ties": {"shape": (256, 256), "ties": True},
    "overflow": {"shape": (256, 256), "ties": True, "settings": ["overflow"]},
}


def clusters(rng, n, d):
    """Return samples and labels; the first directions hold most of the variance."""
    y = rng.integers(0, len(CENTRES), n)
    x = rng.standard_normal((n, d)) / np.arange(1, d + 1)
    x[:, 0] += CENTRES[y]
    return x.astype(np.float32), y


def ties(rng, n, d):
    """Return samples all equally far from each other: every pair may be the nearest."""
    return np.eye(n, d, dtype=np.float32), rng.integers(0, len(CENTRES), n)


def changes(settings, backend):
    """Give what is to be patched for a case to reach what it is there for."""
    make_plan = backend.engine.make_plan

    def planned(**sizes):
        return patch.object(
            backend.engine, "make_plan", lambda *given: replace(make_plan(*given), **sizes)
        )

    if "narrow" in settings:
        yield patch.object(projection, "choose_balls", narrowest)
        yield patch.object(backend.balls, "WIDTHS", (63,))  # two chunks: a tile may end early
    if "streamed" in settings:
        yield patch.object(backend.panels, "is_there", lambda *_: False)
        yield patch.object(backend.memory, "is_there", lambda *_: False)
        yield planned(panel=128)
    if "overflow" in settings:
        kernels = import_module("kstar_gpu.engines.cuda._cuda")
        yield planned(pairs=kernels.WARP_PAIRS)  # one warp's always fit


def run(name, backend):
    """Run a case; return how many samples differ from the definition, and the engine."""
    case = CASES[name]
    rng = np.random.default_rng(0)
    x, y = (ties if "ties" in case else clusters)(rng, *case["shape"])
    given, others = (x, y), ()
    if "queries" in case:
        given, others = zip(*(np.split(part, [case["queries"]]) for part in (x, y)), strict=True)
    named = dict(zip(("references", "reference_labels"), others, strict=False))
    engines = []

    class Engine(backend.engine.Engine):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            engines.append(self)

    with ExitStack() as stack:
        for change in changes(case.get("settings", ()), backend):
            stack.enter_context(change)
        stack.enter_context(patch.object(backend.engine, "Engine", Engine))
        found = kstar(*given, **named, backend="cuda", return_foreign=True)
    wanted = definition.table(*given, **named)
    return int(((found.kstar != wanted.kstar) | (found.index != wanted.row)).sum()), engines[0]


def counted(kernels, calls):
    """Count the calls of each function that starts a kernel (one that takes a stream)."""

    def counting(name, function):
        def called(*arguments):
            calls[name] = calls.get(name, 0) + 1
            return function(*arguments)

        return called

    for name, function in list(vars(kernels).items()):
        if "stream:" in (getattr(function, "__doc__", None) or "") and not name.startswith("_"):
            setattr(kernels, name, counting(name, function))


def main():
    """Run all cases and print what each did, as JSON; fail if one is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", action="store_true", help="with the kernels on the host")
    if parser.parse_args().host:
        import pytest

        install(pytest.MonkeyPatch())  # for as long as this process lives
    backend = modules()
    calls = {}
    counted(import_module("kstar_gpu.engines.cuda._cuda"), calls)
    wrong = 0
    for name in CASES:
        calls.clear()
        differ, engine = run(name, backend)
        early = engine.work["search"]["early"]
        narrow = engine.task.directions is not None
        told = {"case": name, "wrong": differ, "narrow": narrow, "early": early, "calls": calls}
        print(json.dumps(told), flush=True)
        wrong += differ
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
