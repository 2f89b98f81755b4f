"""The tests that need a GPU, and those of exactness on it, side by side; a JUnit file of them."""

import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from contextlib import suppress
from pathlib import Path

from visit.context import Visit
from visit.plan import ROOT

WORKERS, WORKERS_TO_REHEARSE = 8, 2
# Not the sanitizers: they are a step of their own. Of the others those that a GPU decides.
CHOSEN = "(gpu or cuda) and not compute_sanitizer"
ON_A_GPU = [f"tests/engines/cuda/{name}.py" for name in ("test_on_a_gpu", "test_cupy")]
FILES = [*ON_A_GPU, "tests/test_definition.py", "tests/networks"]
CHOSEN_TO_REHEARSE, FILES_TO_REHEARSE = "two_samples or on_a_line", ["tests/test_definition.py"]
JUNIT = "tests.xml"
TO_WRITE = 6  # seconds before the step's end: pytest is asked to stop, and writes what it has
TOLD = 40  # failures


def run(visit: Visit) -> None:
    """Run them; what pytest has done when time is up counts."""
    path = visit.folder / JUNIT
    pytest = subprocess.Popen(command(visit.rehearse, path), cwd=ROOT)
    in_time = True
    try:
        pytest.wait(timeout=max(1, visit.left() - TO_WRITE))
    except subprocess.TimeoutExpired:
        in_time = False
        pytest.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):  # then there is no file
            pytest.wait(timeout=TO_WRITE - 1)
    found = counted(path) if path.exists() else {}
    visit.record("tests", in_time=in_time, code=pytest.returncode, **found)
    if pytest.returncode != 0:
        raise SystemExit("not all tests passed")
    if not visit.rehearse and not found["exact_on_cuda"]:
        raise SystemExit("tests/test_definition.py did not run on the CUDA engine")


def command(rehearse: bool, path: Path) -> list[str]:
    """Return pytest's command line."""
    chosen, files = (CHOSEN_TO_REHEARSE, FILES_TO_REHEARSE) if rehearse else (CHOSEN, FILES)
    workers = WORKERS_TO_REHEARSE if rehearse else WORKERS
    line = [sys.executable, "-m", "pytest", "-q", "-k", chosen, "-n", str(workers)]
    line += ["-p", "no:cacheprovider", "--tb=short", "-o", "junit_logging=no"]
    return [*line, f"--junitxml={path}", *files]


def counted(path: Path) -> dict[str, object]:
    """Return what a JUnit file says: how many, of exactness on the CUDA engine, failed."""
    cases = list(ElementTree.parse(path).getroot().iter("testcase"))
    failed = [(case, bad) for case in cases for bad in case if bad.tag in ("failure", "error")]
    return {
        "tests": len(cases),
        "exact_on_cuda": sum(
            "test_definition" in case.get("classname", "") and "cuda" in case.get("name", "")
            for case in cases
        ),
        "skipped": sum(case.find("skipped") is not None for case in cases),
        "failed": len(failed),
        "failures": {
            f"{case.get('classname')}.{case.get('name')}": bad.get("message", "")[:300]
            for case, bad in failed[:TOLD]
        },
    }
