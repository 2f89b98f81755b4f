"""A step's process: watched, ended in time with all that it started, and its log kept short."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from visit.plan import ROOT

GRACE = 3  # seconds to end by itself once asked to
KEPT_LOG = 30_000  # characters of a step's log
TOLD_LOG = 3000  # of which these stand beside a failure
RUNNING_LOG, LOG = "running.log", "log.txt"
CUDA_TOOLS = "/usr/local/cuda/bin"  # where nvcc, ncu and compute-sanitizer are by default
PATHS = [ROOT / "benchmarks", ROOT / "tests", ROOT]


@dataclass(frozen=True)
class Ended:
    """How a step's process ended."""

    outcome: str  # "ok", "failed", "cut off" or "interrupted"
    seconds: float
    code: int
    log: str  # its last lines


def run(command: list[str], folder: Path, name: str, limit: float) -> Ended:
    """Run a command until it ends or its limit is over; keep the end of what it prints."""
    start = time.monotonic()
    variables = {**os.environ, "PYTHONUNBUFFERED": "1"}
    variables["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), CUDA_TOOLS])
    variables["PYTHONPATH"] = os.pathsep.join([*map(str, PATHS), os.environ.get("PYTHONPATH", "")])
    running = folder / RUNNING_LOG
    with running.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=limit)
            outcome = "ok" if code == 0 else "failed"
        except subprocess.TimeoutExpired:
            outcome = "cut off"
        except KeyboardInterrupt:
            outcome = "interrupted"
        finally:
            end_group(process)
        code = process.wait()
    text = running.read_text(errors="replace")[-KEPT_LOG:]
    running.unlink()
    seconds = time.monotonic() - start
    with (folder / LOG).open("a") as whole:
        whole.write(f"\n===== {name}: {outcome}, {seconds:.1f} s, code {code}\n{text}")
    return Ended(outcome, seconds, code, text[-TOLD_LOG:])


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, whether or not it has ended itself."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=GRACE)
    with suppress(ProcessLookupError):  # nobody is left
        os.killpg(process.pid, signal.SIGKILL)
