"""Processes: which is this, and which is gone."""

import os
import subprocess
import sys

import pytest

from kstar_gpu.networks import processes
from kstar_gpu.networks.processes import is_gone, this_process

pytestmark = pytest.mark.skipif(not processes.PROCESSES.is_dir(), reason="not told here")


def test_this_one_is_here():
    assert is_gone(this_process()) is False
    assert this_process() == this_process()
    assert this_process()["pid"] == os.getpid()


def test_one_that_was_killed_whether_it_was_asked_for_or_not():
    code = "import json, time; from kstar_gpu.networks.processes import this_process;"
    code += "print(json.dumps(this_process()), flush=True); time.sleep(99)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    says = eval(process.stdout.readline())
    assert is_gone(says) is False
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is not asked yet
    assert is_gone(says) is True
    process.wait()
    assert is_gone(says) is True
    process.stdout.close()


@pytest.mark.parametrize("says", [{"started": "1"}, {"pid": 2**30}, {"pid": 2**31 - 1}])
def test_another_one_of_the_same_number(says):
    assert is_gone(this_process() | says) is True


@pytest.mark.parametrize(
    "says",
    [
        *({"host": "another"}, {"host": None}, {"started": ""}, {"started": None}),
        *({"pid": pid} for pid in (0, -1, 2**31, "1", None, 1.5, True)),
    ],
)
def test_what_is_not_known(says):
    assert is_gone(this_process() | says) is None
    assert is_gone({}) is None


def test_processes_that_are_hidden(monkeypatch):
    says = this_process()
    monkeypatch.setattr(processes, "_state", lambda process: ("", ""))
    assert is_gone(says) is None  # it is there, but since when?

    def forbidden(process, signal):
        raise PermissionError

    monkeypatch.setattr(os, "kill", forbidden)
    assert is_gone(says) is None


def test_where_the_system_tells_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "PROCESSES", tmp_path)
    assert this_process()["started"] == ""
    assert is_gone(this_process()) is None
