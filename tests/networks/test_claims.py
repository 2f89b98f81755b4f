"""Claims: one process at a time, none that is gone, and no two that take over from the same."""

import errno
import io
import json
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kstar_gpu.networks import claims
from kstar_gpu.networks.claims import Claim, claim_at_once, is_claimed, wait_for_claim
from kstar_gpu.networks.processes import PROCESSES, this_process


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(claims, "ROUND", 0.005)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def left_behind(folder, number=1, **says):
    """A claim of which nobody is there any more."""
    who = {**this_process(), "pid": 2**22 + 5, "started": "1", "token": "gone", **says}
    (folder / f"claim.{number}").write_text(json.dumps(who))


def test_one_at_a_time(tmp_path):
    with wait_for_claim(tmp_path) as claim:
        assert names(tmp_path) == ["claim.1"]
        says = json.loads(claim.path.read_text())
        assert says["pid"] == os.getpid()
        assert claim_at_once(tmp_path) is None
    assert names(tmp_path) == []
    with claim_at_once(tmp_path):
        assert names(tmp_path) == ["claim.1"]


def test_whether_a_folder_is_claimed(tmp_path):
    """What is to be watched first may be: nobody is kept waiting for this answer."""
    assert not is_claimed(tmp_path / "none")
    assert not is_claimed(tmp_path)
    with wait_for_claim(tmp_path):
        assert is_claimed(tmp_path)
    assert not is_claimed(tmp_path)
    left_behind(tmp_path, host="another")
    assert is_claimed(tmp_path)
    if PROCESSES.is_dir():
        left_behind(tmp_path, 2)
        assert not is_claimed(tmp_path)


def test_who_waits_says_so_once_and_goes_on(tmp_path, caplog):
    first = wait_for_claim(tmp_path)
    threading.Timer(0.2, first.release).start()
    with caplog.at_level(logging.WARNING), wait_for_claim(tmp_path):
        pass
    assert caplog.text.count(f"waiting until process {os.getpid()} on ") == 1


@pytest.mark.parametrize(
    "says", [{}, {"pid": os.getpid()}, {"pid": os.getpid(), "started": "0"}, {"pid": 1}]
)
def test_a_process_that_is_gone(says, tmp_path):
    if not PROCESSES.is_dir():
        pytest.skip("where processes do not say when they were started, a minute tells")
    left_behind(tmp_path, 7, **says)
    with claim_at_once(tmp_path):
        assert names(tmp_path) == ["claim.7", "claim.8"]
    assert names(tmp_path) == []


def test_a_process_that_was_killed_and_not_asked_for(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from kstar_gpu.networks.claims import *;"
        f"wait_for_claim(Path({str(tmp_path)!r})).__enter__(); print(1, flush=True); time.sleep(99)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    process.stdout.readline()
    assert claim_at_once(tmp_path) is None
    process.kill()
    with wait_for_claim(tmp_path):
        assert "claim.2" in names(tmp_path)
    process.wait()
    assert names(tmp_path) == []


def test_a_claim_of_this_process_that_nobody_made(tmp_path):
    left_behind(tmp_path, **this_process(), token=["x"])
    with claim_at_once(tmp_path):
        pass
    assert names(tmp_path) == []


def test_any_number_is_followed_by_another(tmp_path):
    left_behind(tmp_path, 999_999_999)
    with claim_at_once(tmp_path) as claim:
        assert claim.number == 1_000_000_000
    assert names(tmp_path) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "[" * 5000, '{"host": 1, "pid": "x"}'])
def test_what_nobody_touches_is_over_after_a_while(text, tmp_path, monkeypatch):
    (tmp_path / "claim.1").write_text(text)
    monkeypatch.setattr(claims, "PATIENCE", 0.1)
    assert claim_at_once(tmp_path) is None
    with wait_for_claim(tmp_path):
        assert names(tmp_path) == ["claim.1", "claim.2"]
    assert names(tmp_path) == []


def test_another_host_is_waited_for_as_long_as_it_touches_its_claim(tmp_path, monkeypatch):
    left_behind(tmp_path, host="another")
    monkeypatch.setattr(claims, "PATIENCE", 0.3)
    touched = []

    def touch():
        for _ in range(8):
            os.utime(tmp_path / "claim.1")
            touched.append(time.monotonic())
            time.sleep(0.1)

    threading.Thread(target=touch).start()
    with wait_for_claim(tmp_path):
        assert len(touched) == 8


def test_a_claim_is_touched(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "BEAT", 0.01)
    with wait_for_claim(tmp_path) as claim:
        os.utime(claim.path, (0, 0))
        tries = 0
        while claim.path.stat().st_mtime == 0:
            time.sleep(0.01)
            tries += 1
            assert tries < 1000


def test_two_that_judge_the_same_claim(tmp_path):
    """The second one finds the next number taken, or taken and left meanwhile, and withdraws."""
    left_behind(tmp_path)
    found = claims._highest(tmp_path)
    with claims._take(tmp_path, found, 0.0):
        assert claims._take(tmp_path, found, 0.0) is None
    assert names(tmp_path) == []
    assert claims._take(tmp_path, found, 0.0) is None  # what it judged is gone
    assert names(tmp_path) == []
    with claim_at_once(tmp_path):
        assert claims._take(tmp_path, found, 0.0) is None  # or another one
        assert names(tmp_path) == ["claim.1"]


def test_two_that_find_nothing(tmp_path):
    left_behind(tmp_path, 2)
    assert claims._take(tmp_path, None, 0.0) is None  # created between look and claim
    assert names(tmp_path) == ["claim.2"]


def test_what_is_in_the_way_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "PATIENCE", 0.1)
    (tmp_path / "elsewhere").write_text("kept")
    (tmp_path / "claim.1").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "claim.2").mkdir()
    with wait_for_claim(tmp_path) as claim:
        assert claim.number == 3
    assert names(tmp_path) == ["claim.2", "elsewhere"]
    assert (tmp_path / "elsewhere").read_text() == "kept"


def test_a_child_does_not_release(tmp_path):
    with wait_for_claim(tmp_path) as claim:
        child = os.fork() if hasattr(os, "fork") else pytest.skip("no fork")
        if child == 0:
            claim.release()
            os._exit(0)
        os.waitpid(child, 0)
        assert names(tmp_path) == ["claim.1"]


def test_no_room_for_a_thread(tmp_path, monkeypatch):
    def full(thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", full)
        with pytest.raises(RuntimeError, match="new thread"):
            wait_for_claim(tmp_path).__enter__()
    assert names(tmp_path) == []


def test_a_release_that_was_interrupted(tmp_path, monkeypatch):
    claim = wait_for_claim(tmp_path)

    def interrupted(folder):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(claims, "_numbers", interrupted)
        with pytest.raises(KeyboardInterrupt):
            claim.release()
    assert names(tmp_path) == ["claim.1"]
    with claim_at_once(tmp_path) as other:
        assert other.number == 2


def test_another_ones_claim_is_not_released(tmp_path):
    claim = wait_for_claim(tmp_path)
    claim.path.unlink()  # with the folder, say, which somebody has made anew
    other = Claim(tmp_path, 1)
    claim.release()
    assert names(tmp_path) == ["claim.1"]
    other.release()
    assert names(tmp_path) == []


def test_a_full_disk_leaves_no_claim(tmp_path, monkeypatch):
    """One that takes a part of what is written to it."""

    def full(path):
        return FullFile(path)

    class FullFile(io.FileIO):
        def __init__(self, path):
            super().__init__(path, "x")
            self.room = 20

        def write(self, content):
            if not self.room:
                raise OSError(errno.ENOSPC, "No space left on device")
            taken, self.room = self.room, 0
            return super().write(content[:taken])

    monkeypatch.setattr(claims, "create_file", full)
    with pytest.raises(OSError, match="No space"):
        wait_for_claim(tmp_path)
    assert names(tmp_path) == []


def test_claims_that_say_nothing_have_no_name():
    for text in ("", "[]", "{}", "[" * 5000):
        assert claims._whose(text) == "another process"
    assert claims._whose('{"pid": "\\u001b[1m", "host": "a b"}') == r"process \x1b[1m on a"


def contend(folder, rounds, start):
    """Count up in a file, which goes wrong if two do it at a time."""
    claims.ROUND = 0.002
    start.wait()
    counter = Path(folder) / "counter"
    for number in range(rounds):
        claim = wait_for_claim(Path(folder)).__enter__()
        value = int(counter.read_text())
        time.sleep(0.001)
        counter.write_text(str(value + 1))
        if number == rounds - 1:  # the last one is not released
            os.kill(os.getpid(), signal.SIGKILL)
        claim.release()


def test_many_that_are_killed(tmp_path):
    if not PROCESSES.is_dir():
        pytest.skip("a minute for each of them")
    (tmp_path / "counter").write_text("0")
    context = multiprocessing.get_context("fork")
    start = context.Event()
    crew = [context.Process(target=contend, args=(str(tmp_path), 10, start)) for _ in range(4)]
    for process in crew:
        process.start()
    start.set()
    for process in crew:
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
    assert (tmp_path / "counter").read_text() == "40"
    with claim_at_once(tmp_path):
        pass
    assert names(tmp_path) == ["counter"]
