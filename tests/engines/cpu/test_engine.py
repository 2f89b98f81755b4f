"""The native engine: every instruction set, narrow balls, bounded work, threads, interruption."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from helpers.exact import assert_exact
from helpers.families import FAMILIES, HARD, HARD_SAMPLES, labels, problem_of

from kstar_gpu import available_backends, definition, kstar

if not available_backends()["cpu"].available:
    pytest.skip("the cpu backend is not built", allow_module_level=True)

from kstar_gpu.engines.cpu import _cpu, sides
from kstar_gpu.engines.cpu import engine as cpu

CPU = torch.device("cpu")
TREE_SAMPLES = 17_000  # fewer are looked at in tiles


@pytest.fixture(params=_cpu.targets())
def target(request, monkeypatch):
    """Every instruction set that this machine can run."""
    monkeypatch.setenv("KSTAR_CPU_TARGET", request.param)
    return request.param


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("shape", [(260, 1, 2), (700, 45, 5), (97, 33, 60)], ids=str)
def test_every_instruction_set(family, shape, target, rng):
    n, d, classes = shape
    assert_exact(family(rng, n, d), labels(rng, n, classes), backend="cpu")


@pytest.mark.parametrize("family", FAMILIES)
def test_narrow_balls(family, target, narrow_balls, rng):
    x = family(rng, 600, 40)
    assert_exact(x, labels(rng, 600, 4), backend="cpu")
    assert_exact(
        x[:200],
        labels(rng, 200, 4),
        references=x[200:],
        reference_labels=labels(rng, 400, 4),
        backend="cpu",
    )


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_narrow_balls_by_any_number_of_threads(threads, narrow_balls, rng):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert_exact(rng.standard_normal((900, 64)), labels(rng, 900, 5), backend="cpu")
    finally:
        torch.set_num_threads(before)


def test_an_unknown_instruction_set_is_refused(monkeypatch):
    monkeypatch.setenv("KSTAR_CPU_TARGET", "abacus")
    with pytest.raises(ValueError, match="cannot run the instruction set abacus"):
        kstar(np.eye(3), [0, 1, 1], backend="cpu")


def work(x, y):
    """Return how many pairs each stage of the engine looked at."""
    engine = cpu.Engine(problem_of(x, y), CPU, None, False)
    engine.count_within(engine.nearest_foreign()[0])
    return engine.work


# Of a collapsed class, a quarter may be nearer to each other than 16-bit integers can tell.
REFINED = {"collapsed classes": HARD_SAMPLES / 10 / 4}


@pytest.mark.parametrize("case", HARD)
def test_work_is_bounded(case, rng):
    x, y = HARD[case](rng)
    done = work(x, y)
    # Half of all pairs, each once, and padding; of those only a few per sample to the last digit.
    assert done["search"]["tile_pairs"] <= 0.55 * HARD_SAMPLES**2
    assert done["count"]["tile_pairs"] <= 0.6 * HARD_SAMPLES**2
    assert done["search"]["refined"] <= REFINED.get(case, 20) * HARD_SAMPLES
    assert done["count"]["refined"] <= 20 * HARD_SAMPLES


@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("classes", [3, 1000])  # so small ones share leaves of the tree
def test_trees_pass_over_most_pairs(classes, d, target, rng):
    y = labels(rng, TREE_SAMPLES, classes)
    x = rng.standard_normal((TREE_SAMPLES, d))
    x[:, 0] += 3 * y  # classes of neighbouring numbers are neighbours
    x[7] *= 1e5  # an outlier
    assert work(x, y)["search"]["tile_pairs"] <= TREE_SAMPLES**2 / 30
    rows = np.append(rng.integers(0, TREE_SAMPLES, 200), 7)
    wanted = definition.table(x, y, rows=rows)
    result = kstar(x, y, return_foreign=True, backend="cpu")
    np.testing.assert_array_equal(result.kstar[rows], wanted.kstar)
    np.testing.assert_array_equal(result.index[rows], wanted.row)
    assert_exact(x[:200], y[:200], references=x[200:], reference_labels=y[200:], backend="cpu")


def test_equal_samples_are_looked_at_once(rng):
    x = np.repeat(rng.standard_normal((40, 6)), 50, axis=0)
    y = np.repeat(np.arange(4), 500)
    assert work(x, y)["search"]["tile_pairs"] <= 40**2
    assert_exact(x, y, backend="cpu")


# Minutes at least, on any machine: one thread, and no instructions that are made for it.
LONG = """
import signal
import numpy as np
import torch
from kstar_gpu import kstar
from kstar_gpu.engines.cpu import engine as cpu
from kstar_gpu.engines.cpu import sides
plain = cpu._cpu.nearest_foreign
def announced(*arguments):
    print("started", flush=True)
    return plain(*arguments)
cpu._cpu.nearest_foreign = announced
torch.set_num_threads(1)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
x = np.random.default_rng(0).standard_normal((250_000, 64), dtype=np.float32)
kstar(x, np.arange(250_000) % 10, backend="cpu")
"""


def test_it_can_be_interrupted(monkeypatch):
    monkeypatch.setenv("KSTAR_CPU_TARGET", "portable")
    process = subprocess.Popen([sys.executable, "-c", LONG], stdout=-1, stderr=-1, text=True)
    try:
        assert process.stdout.readline() == "started\n"
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)  # a second where nothing else runs
    finally:
        process.kill()
    assert "KeyboardInterrupt" in errors
    assert process.returncode != 0


def test_progress_reaches_its_end(capfd, rng):
    kstar(rng.standard_normal((500, 8)), labels(rng, 500, 3), backend="cpu", progress=True)
    shown = capfd.readouterr().err
    assert "search" in shown
    assert "count" in shown


@pytest.mark.parametrize("written", [np.nan, np.inf, 1e30])
def test_features_that_change_once_measured_are_refused(written, target, monkeypatch, rng):
    x, y = rng.standard_normal((300, 40)), labels(rng, 300, 5)
    plain = sides.make_full

    def make_full(*arguments):
        x[7] = written
        return plain(*arguments)

    monkeypatch.setattr(sides, "make_full", make_full)
    with pytest.raises(ValueError, match="features: numbers that stay as they are during a call"):
        kstar(x, y, backend="cpu")


@pytest.mark.parametrize("written", [np.nan, np.inf, 1e30])
def test_features_that_change_during_a_search_are_refused(written, target, rng):
    x, y = rng.standard_normal((300, 40)), labels(rng, 300, 5)
    engine = cpu.Engine(problem_of(x, y), CPU, None, False)
    x *= written
    with pytest.raises(ValueError, match="features: numbers that stay as they are during a call"):
        engine.nearest_foreign()
