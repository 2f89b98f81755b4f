"""One table from what a visit saw: phase, time, share of the measured roof, what limits it."""

from statistics import median
from typing import Any, NamedTuple

from visit.journal import Record, records

NOTHING = "-"
MOSTLY_KERNELS = 0.6  # of a phase's time in its tile kernel: less is time between kernels
BUSY = 60  # per cent: what is less busy limits by how long it takes to answer
LIMITS = {
    "L1/TEX Cache Throughput": "shared memory and L1",
    "L2 Cache Throughput": "L2",
    "DRAM Throughput": "memory",
    "Issue Slots Busy": "instructions",
}
TENSOR = "tensor"  # in the names of what tensor cores do
TILE_PAIRS = 128 * 128
FIRST_CHUNK = 32  # dimensions of a tile that ends early
TILE_KERNELS = {"search": "search_tiles", "count": "count_tiles"}


class Row(NamedTuple):
    """One line of the table."""

    set: str
    phase: str
    seconds: str
    share: str
    limit: str


def table(lines: list[Record]) -> list[Row]:
    """Return all rows that the records bear."""
    roof = product_roof(lines)
    limits = {line["kernel"]: limit(line["values"]) for line in records(lines, "ncu", "kernel")}
    rows = []
    for step in ("kstar", "large"):
        profiles = {name(line): line for line in records(lines, step, "profile")}
        for call in records(lines, step, "call"):
            seconds = told(median(call["seconds"]))
            rows.append(Row(name(call), whole(call), seconds, NOTHING, NOTHING))
        for line in records(lines, step, "phases"):
            kernels = profiles.get(name(line), {}).get("kernels", {})
            for phase in line["seconds"]:
                rows.append(phase_row(line, phase, kernels, roof, limits))
        for line in profiles.values():
            rows += kernel_rows(line, roof, limits)
    sets = [row.set for row in rows]
    rows.sort(key=lambda row: sets.index(row.set))
    for line in records(lines, "roofs", "tiles"):
        for kernel, rate in line["multiply_adds_per_second"].items():
            why = limits.get(kernel, NOTHING)
            rows.append(Row(line["set"], kernel, told(line[kernel][1]), share(rate, roof), why))
    return rows


def phase_row(
    line: Record,
    phase: str,
    kernels: dict[str, list[float]],
    roof: float | None,
    limits: dict[str, str],
) -> Row:
    """Return the row of one phase of a call."""
    seconds = line["seconds"][phase]
    work = multiply_adds(line, phase)
    rate = work / seconds if work and seconds else None
    kernel = TILE_KERNELS.get(phase)
    why = "host and small kernels" if kernel is None else limits.get(kernel, NOTHING)
    if kernel in kernels and kernels[kernel][1] < MOSTLY_KERNELS * seconds:
        why = f"{kernel} runs {kernels[kernel][1] / seconds:.0%} of the time"
    return Row(name(line), phase, told(seconds), share(rate, roof), why)


def kernel_rows(line: Record, roof: float | None, limits: dict[str, str]) -> list[Row]:
    """Return a row for each kernel of a call, the longest first."""
    rows = []
    for kernel, (launches, seconds) in sorted(
        line["kernels"].items(), key=lambda item: -item[1][1]
    ):
        what = f"{kernel}, {launches:.0f} launches"
        rate = line["multiply_adds_per_second"].get(kernel)
        why = limits.get(kernel, NOTHING)
        rows.append(Row(name(line), what, told(seconds), share(rate, roof), why))
    return rows


def multiply_adds(line: Record, phase: str) -> float | None:
    """Return how many multiply-adds a phase's tiles took; Count looks at full width."""
    if phase not in line["work"]:
        return None
    work = line["work"][phase]
    width = line["width"] if phase == "search" else line["dimensions"]
    return TILE_PAIRS * float(work["tiles"] * width + work["early"] * FIRST_CHUNK)


def product_roof(lines: list[Record]) -> float | None:
    """Return the multiply-adds per second of the float16 product, if it was measured."""
    rates = [
        line["multiply_adds_per_second"]
        for line in records(lines, "roofs", "product")
        if line["name"] == "float16"
    ]
    return rates[0] if rates else None


def limit(values: dict[str, str]) -> str:
    """Return what a kernel kept busiest, from Nsight Compute's figures."""
    busy: dict[str, float] = {}
    for metric, text in values.items():
        number, _, unit = text.partition(" ")
        what = "tensor cores" if TENSOR in metric.lower() else LIMITS.get(metric)
        if unit == "%" and what:
            busy[what] = max(busy.get(what, 0.0), as_number(number))
    if not busy:
        return NOTHING
    most = max(busy, key=busy.__getitem__)
    text = f"{most}, {busy[most]:.0f} % busy"
    return text if busy[most] >= BUSY else f"waiting; {text}"


def as_number(text: str) -> float:
    """Return a number as ncu writes it; nothing is zero."""
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return 0.0


def name(line: Record) -> str:
    """Return what a record is about."""
    if "set" in line:
        return str(line["set"])
    return f"{line['samples']} x {line['dimensions']}, {line['classes']} classes"


def whole(call: Record) -> str:
    """Return what is said of a whole call."""
    return "whole call, the first" if call.get("warm") else "whole call"


def told(seconds: float) -> str:
    """Return a time with as many digits as it deserves."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1e3 * seconds:.2f} ms"


def share(rate: float | None, roof: float | None) -> str:
    """Return how much of the roof a rate reaches."""
    return NOTHING if rate is None or roof is None else f"{rate / roof:.0%}"


def markdown(head: tuple[str, ...], rows: list[Any]) -> str:
    """Return a table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


HEAD = ("set", "phase", "time", "of the float16 product's rate", "what limits it")
