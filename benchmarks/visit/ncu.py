"""Nsight Compute on one launch of each kernel: what the hardware was busy with, as CSV."""

import csv
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from visit.context import Visit
from visit.plan import ROOT

SIZE = ("20000", "2048")
SECTIONS = ("SpeedOfLight", "MemoryWorkloadAnalysis", "ComputeWorkloadAnalysis", "WarpStateStats")
MORE_SECTIONS = ("Occupancy", "LaunchStats", "SchedulerStats")
# What the throughput of a multiprocessor is made up of; the tensor cores are among it.
METRICS = (
    "breakdown:sm__throughput.avg.pct_of_peak_sustained_elapsed,"
    "sm__inst_executed_pipe_tensor_op_hmma.avg.pct_of_peak_sustained_active"
)
FILE = "ncu.csv"
TO_WRITE = 3  # seconds before the end of the step
LEAST = 20  # seconds for a second try
KERNEL, METRIC, VALUE, UNIT = "Kernel Name", "Metric Name", "Metric Value", "Metric Unit"
# Beside all that is a share of something.
KEPT = (
    *("Duration", "Elapsed Cycles", "SM Frequency", "DRAM Frequency", "Registers Per Thread"),
    *("Executed Ipc Active", "Warp Cycles Per Issued Instruction", "Eligible Warps Per Scheduler"),
)


def command(path: Path, metrics: bool) -> list[str]:
    """Return ncu's command line; the clocks are left as they are."""
    line = ["ncu", "--csv", "--log-file", str(path), "--force-overwrite", "--clock-control", "none"]
    line += ["--profile-from-start", "off", "--page", "details", "--print-details", "all"]
    for section in (*SECTIONS, *MORE_SECTIONS):
        line += ["--section", section]
    if metrics:
        line += ["--metrics", METRICS]
    return [*line, sys.executable, "-m", "visit.launches", *SIZE]


def run(visit: Visit) -> None:
    """Profile; where this ncu does not know the metrics, once more without them."""
    path = visit.folder / FILE
    if visit.rehearse:
        visit.without_device(command(path, True), command(path, False))
        return
    found: dict[str, dict[str, str]] = {}
    for metrics in (True, False):
        ncu = subprocess.Popen(command(path, metrics), cwd=ROOT)
        with suppress(subprocess.TimeoutExpired):
            ncu.wait(timeout=max(1, visit.left() - TO_WRITE))
        ncu.kill()  # if it is still there; all that it started ends with this step
        found = parsed(path.read_text(errors="replace")) if path.exists() else {}
        visit.record("ncu", code=ncu.wait(), metrics=metrics, kernels=list(found))
        if found or visit.left() < LEAST:
            break
    for kernel, values in found.items():
        visit.record("kernel", kernel=kernel, values=values)
    if not found:
        raise SystemExit("ncu has profiled nothing")


def parsed(text: str) -> dict[str, dict[str, str]]:
    """Return the metrics of each kernel, with their units, from ncu's CSV and what is around it."""
    lines = [line for line in text.splitlines() if line.startswith('"')]
    kernels: dict[str, dict[str, str]] = {}
    for row in csv.DictReader(lines):
        if row.get(METRIC) and (row[UNIT] == "%" or row[METRIC] in KEPT):
            name = row[KERNEL].split("(")[0].rpartition("::")[2]
            kernels.setdefault(name, {})[row[METRIC]] = f"{row[VALUE]} {row[UNIT]}"
    return kernels
