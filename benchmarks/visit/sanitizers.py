"""compute-sanitizer's four tools side by side, on the cases of tests/helpers/sanitizer_cases.py."""

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep

from visit.context import Visit
from visit.plan import ROOT

TOOLS = ("memcheck", "racecheck", "synccheck", "initcheck")
CASES = [sys.executable, str(ROOT / "tests" / "helpers" / "sanitizer_cases.py")]
# Calls of torch's that fail as they should are none of ours.
OPTIONS = ["--report-api-errors", "no", "--launch-timeout", "120", "--print-limit", "1000"]
OURS_ALONE = ["--kernel-name", "kns=kstar"]  # a part of the mangled names
# It has to see what torch's kernels write, so it watches all, and what it says of ours counts.
WATCHES_ALL = "initcheck"
FIRST_PORT, PORTS = 49_152, 100  # each listens at others
FOUND = re.compile(r"=+ .*\n=+ +at .*kstar")  # a report whose place is in a kernel of ours
SUMMARY = re.compile(r"=+ (?:ERROR|RACECHECK) SUMMARY: .*")
FILE = "sanitizers.txt"
KEPT_LINES = 150
TO_WRITE = 5  # seconds before the step's end
ERRORS = 9  # exit status for what was found


def command(tool: str) -> list[str]:
    """Return a tool's command line."""
    line = ["compute-sanitizer", "--tool", tool, "--error-exitcode", str(ERRORS), *OPTIONS]
    line += ["--port", str(FIRST_PORT + PORTS * TOOLS.index(tool))]
    return [*line, *(OURS_ALONE if tool != WATCHES_ALL else []), *CASES]


def clean(tool: str, code: int | None, log: str) -> bool:
    """Return whether a tool has ended and has found nothing in our kernels."""
    if tool == WATCHES_ALL and code == ERRORS:
        return SUMMARY.search(log) is not None and not FOUND.search(log)
    return code == 0


def run(visit: Visit) -> None:
    """Run them all at once; keep what each said last."""
    if visit.rehearse:
        visit.without_device(*map(command, TOOLS))
        on_host = subprocess.run([*CASES, "--host"], capture_output=True, text=True, check=True)
        visit.record("cases on the host", lines=on_host.stdout.splitlines())
        return
    # Its allocator gives out parts of large pieces, between which nobody sees an overrun.
    variables = {**os.environ, "PYTORCH_NO_CUDA_MEMORY_CACHING": "1"}
    with TemporaryDirectory() as folder:
        logs = {tool: Path(folder) / tool for tool in TOOLS}
        running = {}
        for tool, log in logs.items():
            with log.open("wb") as file:
                running[tool] = subprocess.Popen(
                    command(tool), cwd=ROOT, env=variables, stdout=file, stderr=subprocess.STDOUT
                )
        dirty = watch(visit, running, logs)
    if dirty:
        raise SystemExit(f"not clean, or not done: {', '.join(dirty)}")


def watch(
    visit: Visit, running: dict[str, subprocess.Popen[bytes]], logs: dict[str, Path]
) -> list[str]:
    """Keep how each tool ended as soon as it did, or that time was up; return those not clean."""
    waiting, dirty = set(running), []
    while waiting:
        in_time = visit.left() > TO_WRITE
        for tool in sorted(waiting):
            code = running[tool].poll()
            if code is None and in_time:
                continue
            waiting.remove(tool)
            if code is None:
                running[tool].kill()
            log = logs[tool].read_text(errors="replace")
            fine = clean(tool, code, log)
            dirty += [tool] * (not fine)
            summary = SUMMARY.findall(log)
            seen = {"cases": log.count('"case"'), "first": FOUND.findall(log)[:1]}
            visit.record(tool, in_time=in_time, code=code, clean=fine, summary=summary, **seen)
            with (visit.folder / FILE).open("a") as kept:
                kept.write(f"\n===== {tool}, code {code}\n")
                kept.write("\n".join(log.splitlines()[-KEPT_LINES:]) + "\n")
        sleep(0.2)
    return dirty
