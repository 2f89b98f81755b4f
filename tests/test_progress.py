"""Bars: where none is shown there is no tqdm, no thread, no lock; none is shared with a child."""

import io
import multiprocessing
import os
import re
import subprocess
import sys
import threading
import types

import pytest
import torch
from tqdm import tqdm

import kstar_gpu
from kstar_gpu import kstar, progress
from kstar_gpu.progress import counter, each, is_shown

WITHOUT_TQDM = """
import sys
import torch
sys.modules["tqdm"] = None  # torch has loaded it: to import it is an error from now on
from kstar_gpu import available_backends, kstar, label_null, resampled_intervals
x, y = torch.arange(16.0)[:, None].sin(), [0, 1] * 8
for backend, status in available_backends().items():
    if status.available:
        kstar(x, y, backend=backend)
kstar(torch.cdist(x, x), y, metric="precomputed")
label_null(x, y, permutations=2)
resampled_intervals(x, y, resamples=2)
"""

KILLED_WITH_THE_LOCK = """
import os, signal
from tqdm import tqdm
from kstar_gpu import kstar
tqdm.monitor_interval = 0
with tqdm(disable=False):
    kstar([[0.0], [1.0], [3.0]], [0, 0, 1], progress=True)
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    signal.alarm(50)
    tqdm.get_lock().acquire()
    os.write(writing, b"x")
    signal.pause()
os.read(reading, 1)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
for progress in (False, True):
    kstar([[0.0], [1.0], [3.0]], [0, 0, 1], progress=progress)
print("returned")
"""

FORKED_WHILE_LOCKED = """
import os, signal, threading
from kstar_gpu import kstar, progress
held = threading.Event()
def hold():
    with progress._bars()._lock:
        held.set()
        threading.Event().wait()
threading.Thread(target=hold, daemon=True).start()
held.wait()
child = os.fork()
if child == 0:
    signal.alarm(50)
    kstar([[0.0], [1.0], [3.0]], [0, 0, 1], progress=True)
    print("returned", flush=True)
    os._exit(0)
os.waitpid(child, 0)
os._exit(0)
"""

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are not forked here")


def output_of(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def test_without_a_bar_tqdm_is_not_imported():
    output_of(WITHOUT_TQDM)


@forks
def test_a_killed_child_that_held_the_lock_of_tqdm_stops_nobody():
    assert output_of(KILLED_WITH_THE_LOCK) == "returned\n"


@forks
def test_a_child_that_was_forked_while_a_bar_was_drawn_can_draw_its_own():
    assert output_of(FORKED_WHILE_LOCKED) == "returned\n"


def test_no_bar_starts_a_thread(backend):
    before = threading.enumerate()
    for shown in (False, True):
        kstar([[0.0], [1.0], [3.0]], [0, 0, 1], backend=backend, progress=shown)
    assert threading.enumerate() == before


def test_items_pass_through_whether_or_not_they_are_counted(capsys):
    items = [3, 1, 2]
    assert each(items, False, "rounds") is items
    assert capsys.readouterr().err == ""
    assert [*each(items, True, "rounds", "round")] == items
    shown = capsys.readouterr().err
    assert "rounds: 100%" in shown
    assert "3/3" in shown


def test_a_counter_moves_its_bar(capsys):
    with counter(False, "search", "tile") as count:
        count.add(2)
        count.reach(3, 4)
    assert capsys.readouterr().err == ""
    with counter(True, "search", "tile", total=4) as count:
        count.add(1)
        count.add(1)
    assert "search:  50%|█████     | 2/4" in capsys.readouterr().err
    with counter(True, "count", "tile") as count:
        count.reach(1, 5)
        count.reach(5, 5)
    assert "5/5" in capsys.readouterr().err


def test_a_bar_stands_below_those_of_others(capsys):
    with tqdm([1], desc="outer") as outer, counter(True, "inner", "tile") as inner:
        assert (outer.pos, abs(inner._bar.pos)) == (0, 1)
    capsys.readouterr()


def test_the_lock_is_no_semaphore_of_processes():
    with counter(True, "search", "tile") as count:
        assert isinstance(count._bar.get_lock(), type(threading.RLock()))
        assert not isinstance(count._bar.get_lock(), type(multiprocessing.RLock()))


class Terminal(io.StringIO):
    """A stderr that somebody watches."""

    def isatty(self):
        return True


def watched(monkeypatch):
    """Put it in the place of stderr: within a test, before which pytest puts its own."""
    monkeypatch.setattr(sys, "stderr", Terminal())
    return sys.stderr


class ZMQInteractiveShell:
    """What IPython calls the shell of a notebook's kernel."""


@pytest.mark.parametrize("long", [False, True])
def test_by_default_a_bar_is_shown_on_a_terminal_where_it_takes_long(long, monkeypatch):
    terminal = watched(monkeypatch)
    monkeypatch.setattr(progress, "LONG", 0 if long else 1e9)
    assert [*each([3, 1], None, "rounds")] == [3, 1]
    with counter(None, "search", "tile") as count:
        count.reach(1, 2)
    assert ("rounds: 100%" in terminal.getvalue()) == long
    assert ("search:" in terminal.getvalue()) == long
    for name in ("kstar", "label_null", "resampled_intervals"):
        getattr(kstar_gpu, name)(torch.arange(9.0)[:, None], [0, 1, 1] * 3)
    if not long:
        assert terminal.getvalue() == ""


def test_by_default_none_is_shown_where_nobody_watches(capsys, monkeypatch):
    monkeypatch.setattr(progress, "LONG", 0)
    assert [*each([3, 1], None, "rounds")] == [3, 1]
    kstar([[0.0], [1.0], [3.0]], [0, 0, 1])
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys, "stderr", None)  # as where Python has no console
    assert not is_shown(None)


@pytest.mark.parametrize(("kind", "shown"), [(ZMQInteractiveShell, True), (object, False)])
def test_by_default_a_bar_is_shown_in_a_notebook(kind, shown, monkeypatch):
    shell = types.SimpleNamespace(get_ipython=kind)
    monkeypatch.setitem(sys.modules, "IPython", shell)
    assert is_shown(None) == shown
    assert not is_shown(False)
    assert is_shown(True)


def test_every_engine_shows_it(backend, monkeypatch):
    terminal = watched(monkeypatch)
    monkeypatch.setattr(progress, "LONG", 0)
    kstar(torch.arange(99.0)[:, None], [0, 1, 1] * 33, backend=backend)
    assert "search" in terminal.getvalue()
    before = terminal.getvalue()
    kstar(torch.arange(99.0)[:, None], [0, 1, 1] * 33, backend=backend, progress=False)
    assert terminal.getvalue() == before


@pytest.mark.parametrize("name", ["label_null", "resampled_intervals"])
def test_rounds_have_one_bar_and_not_one_each(name, monkeypatch):
    terminal = watched(monkeypatch)
    monkeypatch.setattr(progress, "LONG", 0)
    getattr(kstar_gpu, name)(torch.arange(99.0)[:, None], [0, 1, 1] * 33)
    assert re.search(r"(permutations|resamples): +100%", terminal.getvalue())
    assert len(re.findall(r"search: +100%", terminal.getvalue())) <= 2  # of what was observed
