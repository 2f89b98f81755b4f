"""Input that others write to during a call: never a crash, nor a call that does not end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "helpers" / "changing_input.py"
CALLS = 12


def run(backend, **environment):
    """Return what calls ended with, by number."""
    command = [sys.executable, str(SCRIPT), backend, str(CALLS), "500", "20"]
    environment = {**os.environ, **environment}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=200, env=environment)
    assert ended.returncode == 0, ended.stderr
    return dict(reversed(line.split(" ", 1)) for line in ended.stdout.splitlines())


def test_a_call_ends_whatever_is_written_meanwhile(backend):
    found = run(backend)
    assert sum(map(int, found.values())) == 4 * CALLS
    assert "a result" in found
    assert len(found) > 1


def test_without_instructions_of_its_own():
    pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")
    run("cpu", KSTAR_CPU_TARGET="portable")
