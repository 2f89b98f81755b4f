"""The visit without a GPU: what hangs is cut off, what fails is told, and the next step runs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import visit_report
from gpu_visit import carry_out
from marked_section import END, begin
from visit import journal, ncu, sanitizers, summary, tests
from visit.plan import STEPS, Step, chosen, shared

if sys.platform != "linux":
    pytest.skip("a visit is of a machine with Linux", allow_module_level=True)

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CHILD = "import subprocess, sys; print(subprocess.Popen(['sleep', '600']).pid, flush=True); "


def step(name: str, code: str, seconds: float = 60, **more: Any) -> Step:
    """Return a step that runs some Python."""
    return Step(name, seconds / 2, seconds, command=(sys.executable, "-c", code), **more)


def visited(folder: Path, *steps: Step, seconds: float = 600) -> tuple[int, dict[str, Any]]:
    """Carry out some steps; return the exit status and how each ended."""
    code = carry_out(steps, folder, seconds, rehearse=False)
    return code, journal.outcomes(journal.read(folder / journal.NAME))


def gone(process: int) -> bool:
    """Whether a process is no more, or is but a name that nobody has asked for yet."""
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_step_that_hangs_and_one_that_fails_do_not_stop_the_next(tmp_path: Path) -> None:
    """Each is recorded; what the one that hangs had started is ended with it."""
    hangs = step("hangs", CHILD + "import time; time.sleep(600)", seconds=2)
    fails = step("fails", "print('before'); raise SystemExit('what went wrong')")
    works = step("works", "print('fine')")
    code, outcomes = visited(tmp_path, hangs, fails, works)
    assert code == 1
    ended = {name: line["outcome"] for name, line in outcomes.items()}
    assert ended == {"hangs": "cut off", "fails": "failed", "works": "ok"}
    assert outcomes["hangs"]["took"] < 60
    child = int(outcomes["hangs"]["log"])
    for _ in range(50):
        if gone(child):
            break
        time.sleep(0.1)
    assert gone(child)
    assert outcomes["fails"]["log"] == "before\nwhat went wrong\n"
    assert {path.name for path in tmp_path.iterdir()} == {"visit.jsonl", "log.txt"}
    assert "what went wrong" in (tmp_path / "log.txt").read_text()


def test_what_ignores_its_end_is_ended(tmp_path: Path) -> None:
    """A process that does not listen is killed."""
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    _, outcomes = visited(tmp_path, step("deaf", deaf, seconds=1))
    assert outcomes["deaf"]["outcome"] == "cut off"
    assert outcomes["deaf"]["code"] == -signal.SIGKILL


@pytest.mark.parametrize("code", ["raise SystemExit(1)", "import time; time.sleep(600)"])
def test_without_a_build_the_visit_ends(code: str, tmp_path: Path) -> None:
    """But for the table, all steps after it are left out, and say why."""
    build = step("build", code, seconds=1, fatal=True)
    code_, outcomes = visited(tmp_path, build, step("next", "print()"), step("table", "print()"))
    assert code_ == 1
    assert outcomes["next"]["outcome"] == "skipped"
    assert outcomes["next"]["why"].startswith("build ")
    assert outcomes["table"]["outcome"] == "ok"


def test_all_well(tmp_path: Path) -> None:
    """Then the exit status is 0."""
    assert visited(tmp_path, step("one", "pass"), step("two", "pass"))[0] == 0


def test_steps_for_which_no_time_is_left(tmp_path: Path) -> None:
    """They are left out as the clock says, not as was planned."""
    slow, late = step("slow", "import time; time.sleep(600)", seconds=3), step("late", "pass", 4)
    _, outcomes = visited(tmp_path, slow, late, seconds=4.5)
    assert outcomes["slow"]["outcome"] == "cut off"
    assert outcomes["late"]["outcome"] == "skipped"
    assert outcomes["late"]["why"].endswith("s are left")


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM])
def test_ended_from_outside(with_signal: signal.Signals, tmp_path: Path) -> None:
    """What there is is kept, the step in hand is ended, and those to come are left out."""
    code = f"""
import signal, sys
sys.path.insert(0, {str(BENCHMARKS)!r})
from pathlib import Path
from gpu_visit import carry_out
from marked_section import END, begin
from visit.plan import Step
signal.signal(signal.SIGTERM, signal.default_int_handler)
signal.signal(signal.SIGINT, signal.default_int_handler)
def step(name, code):
    return Step(name, 60, 60, command=(sys.executable, "-c", code))
steps = step("long", "import time; time.sleep(600)"), step("next", ""), step("table", "")
sys.exit(carry_out(steps, Path({str(tmp_path)!r}), 600, False))
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while "long:" not in process.stdout.readline():
        pass
    time.sleep(1)
    process.send_signal(with_signal)
    assert process.wait(timeout=60) == 1
    lines = journal.read(tmp_path / journal.NAME)
    ended = {name: line["outcome"] for name, line in journal.outcomes(lines).items()}
    assert ended == {"long": "interrupted", "next": "skipped", "table": "ok"}


def test_half_a_line_is_left_out(tmp_path: Path) -> None:
    """The machine may go while one is written; but no other line may be broken."""
    path = tmp_path / journal.NAME
    journal.append(tmp_path, "one", journal.RECORD, {"what": "x", "value": 1})
    whole = path.read_text()
    path.write_text(whole + '{"step": "tw')
    assert [line["value"] for line in journal.read(path)] == [1]
    path.write_text('{"step": "tw\n' + whole)
    with pytest.raises(ValueError, match="Unterminated"):
        journal.read(path)


def test_minutes_are_shared_out_by_what_tells_most() -> None:
    """All fit into nine and into six; of three, the least telling steps get none."""
    everything = {step.name for step in STEPS}
    for minutes in (9, 6, 5):
        given = shared(STEPS, 60 * minutes)
        assert set(given) == everything
        assert sum(given.values()) == pytest.approx(60 * minutes)  # sums of fractions of seconds
        assert all(given[step.name] >= step.least for step in STEPS)
    assert everything - set(shared(STEPS, 180)) == {"sanitizers", "ncu", "peers"}
    assert set(shared(STEPS, 1)) == {"machine", "build", "first", "table"}


def test_steps_are_chosen_by_name() -> None:
    """In their order; an unknown one is refused."""
    assert [step.name for step in chosen(STEPS, ["large", "build"])] == ["build", "large"]
    with pytest.raises(ValueError, match=r"machine, build, .* are known, got 'larg'"):
        chosen(STEPS, ["larg"])


def test_every_step_has_its_module() -> None:
    """And a function to run."""
    for name in (step.name for step in STEPS):
        code = f"from visit import {name}; {name}.run"
        variables = {
            **os.environ,
            "PYTHONPATH": f"{BENCHMARKS}:{BENCHMARKS.parent / 'tests'}:{BENCHMARKS.parent}",
        }
        subprocess.run([sys.executable, "-c", code], check=True, env=variables)


JUNIT = """<testsuites><testsuite>
<testcase classname="tests.test_definition" name="test_a[cuda-1]"/>
<testcase classname="tests.test_definition" name="test_b[cuda]">
<failure message="3 != 4">x</failure></testcase>
<testcase classname="tests.test_gpu" name="test_c"><skipped message="no"/></testcase>
</testsuite></testsuites>"""


def test_a_junit_file_is_counted(tmp_path: Path) -> None:
    """How many, on which engine, and what failed."""
    path = tmp_path / "tests.xml"
    path.write_text(JUNIT)
    assert tests.counted(path) == {
        "tests": 3,
        "exact_on_cuda": 2,
        "skipped": 1,
        "failed": 1,
        "failures": {"tests.test_definition.test_b[cuda]": "3 != 4"},
    }


OTHERS = """========= Uninitialized __global__ memory read of size 4 bytes
=========     at void at::native::fill<float>(float*)+0x40
========= ERROR SUMMARY: 1 error
"""
OURS = """========= Uninitialized __global__ memory read of size 2 bytes
=========     at kstar::cuda::search_tiles(kstar::cuda::Search)+0x1a0 in search.hpp:40
========= ERROR SUMMARY: 1 error
"""


@pytest.mark.parametrize(
    ("tool", "code", "log", "clean"),
    [
        ("memcheck", 0, "", True),
        ("memcheck", sanitizers.ERRORS, "", False),
        ("memcheck", None, "", False),
        ("initcheck", 0, "", True),
        ("initcheck", sanitizers.ERRORS, OTHERS, True),
        ("initcheck", sanitizers.ERRORS, OTHERS + OURS, False),
        ("initcheck", sanitizers.ERRORS, "", False),  # it did not come to its end
        ("initcheck", 1, OTHERS, False),  # a case was wrong
    ],
)
def test_what_a_sanitizer_says(tool: str, code: int | None, log: str, clean: bool) -> None:
    """What initcheck says of other kernels than ours is none of ours."""
    assert sanitizers.clean(tool, code, log) is clean


HEAD = '"ID","Kernel Name","Section Name","Metric Name","Metric Unit","Metric Value"\n'
CSV = f"""==PROF== Connected to process 7
{HEAD}"0","kstar::cuda::search_tiles(kstar::cuda::Search)","SOL","L2 Cache Throughput","%","41.50"
"0","kstar::cuda::search_tiles(kstar::cuda::Search)","","SM: Pipe Tensor Cycles Active","%","62.25"
"0","kstar::cuda::search_tiles(kstar::cuda::Search)","SOL","Duration","ns","1,234.50"
"0","kstar::cuda::search_tiles(kstar::cuda::Search)","SOL","Memory Throughput","byte/second","1.7"
"1","note_rows(Refinement)","SOL","DRAM Throughput","%","3"
"1","note_rows(Refinement)","SOL","Issue Slots Busy","%","n/a"
==PROF== Disconnected
"""


def test_what_ncu_says() -> None:
    """Each kernel's figures, and what kept it busiest."""
    found = ncu.parsed(CSV)
    assert found == {
        "search_tiles": {
            "L2 Cache Throughput": "41.50 %",
            "SM: Pipe Tensor Cycles Active": "62.25 %",
            "Duration": "1,234.50 ns",
        },
        "note_rows": {"DRAM Throughput": "3 %", "Issue Slots Busy": "n/a %"},
    }
    assert summary.limit(found["search_tiles"]) == "tensor cores, 62 % busy"
    assert summary.limit(found["note_rows"]) == "waiting; memory, 3 % busy"
    assert summary.limit({}) == "-"


def test_the_table(tmp_path: Path) -> None:
    """Shares are of the measured product; a phase whose kernel hardly runs says so."""
    work = {"search": {"tiles": 1000, "early": 0}, "count": {"tiles": 10, "early": 0}}
    sizes = {"set": "a set", "samples": 9, "dimensions": 512}
    seconds = {"setup": 0.5, "search": 0.01, "count": 2.0}
    kernels = {"search_tiles": [3, 0.009], "count_tiles": [1, 0.02]}
    rates = {"search_tiles": 5e11}
    for at, what, fields in (
        ("kstar", "call", {**sizes, "seconds": [0.4, 0.3, 0.5]}),
        ("kstar", "phases", {**sizes, "seconds": seconds, "work": work, "width": 256}),
        ("kstar", "profile", {**sizes, "kernels": kernels, "multiply_adds_per_second": rates}),
        ("roofs", "product", {"name": "float16", "multiply_adds_per_second": 1e12}),
        ("ncu", "kernel", {"kernel": "search_tiles", "values": ncu.parsed(CSV)["search_tiles"]}),
    ):
        journal.append(tmp_path, at, journal.RECORD, {"what": what, **fields})
    rows = summary.table(journal.read(tmp_path / journal.NAME))
    assert rows == [
        ("a set", "whole call", "400.00 ms", "-", "-"),
        ("a set", "setup", "500.00 ms", "-", "host and small kernels"),
        ("a set", "search", "10.00 ms", "42%", "tensor cores, 62 % busy"),
        ("a set", "count", "2.00 s", "0%", "count_tiles runs 1% of the time"),
        ("a set", "count_tiles, 1 launches", "20.00 ms", "-", "-"),
        ("a set", "search_tiles, 3 launches", "9.00 ms", "50%", "tensor cores, 62 % busy"),
    ]
    assert summary.table([]) == []


def test_the_page_is_written_from_the_records(tmp_path: Path) -> None:
    """What stands between the marks is replaced, and nothing else; without results it says so."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{begin(visit_report.SCRIPT)}\nold\n{END}\nafter\n")
    command = [sys.executable, str(BENCHMARKS / "visit_report.py"), "--page", str(page)]
    subprocess.run(command, check=True)
    assert visit_report.NONE_YET in page.read_text()
    assert visit_report.NONE_YET in visit_report.PAGE.read_text() or [
        *(BENCHMARKS / "results").glob("visit-*.jsonl")
    ]
    peer = {"set": "a set", "method": "authors", "times": [0.5, 0.25], "wrong": 1, "checked": 64}
    checked = {"samples": 9000, "dimensions": 4, "wrong": 0, "rows": 64}
    journal.append(tmp_path, "peers", journal.RECORD, {"what": "peer", **peer})
    journal.append(tmp_path, "kstar", journal.RECORD, {"what": "checked", **checked})
    journal.append(tmp_path, "peers", journal.OUTCOME, {"outcome": "cut off", "took": 20.5})
    subprocess.run([*command, str(tmp_path / journal.NAME)], check=True)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert visit_report.NONE_YET not in text
    assert "| peers | cut off | 20.50 s |  |" in text
    assert "- 9,000 x 4: 0 of 64 rows differ from the definition" in text
    assert "| a set | authors | 250.00 ms | 1 of 64 |" in text
