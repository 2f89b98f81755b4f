"""Write the section "Measured" of docs/cuda.md from what visits kept: never by hand.

    python benchmarks/visit_report.py benchmarks/results/visit-*.jsonl

Takes the files of `gpu_visit.py`, copied to benchmarks/results; without any the page says so.
"""

import argparse
from pathlib import Path
from typing import Any

from marked_section import rewritten
from visit import journal
from visit.summary import HEAD, markdown, table, told

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "cuda.md"
SCRIPT = "benchmarks/visit_report.py"
NONE_YET = """\
Nothing yet: there is no result of `python benchmarks/gpu_visit.py` under `benchmarks/results`.
`make visit-report` writes this section from `visit-*.jsonl` there."""


def section(path: Path) -> str:
    """Return what a visit says, as a part of the page."""
    lines = journal.read(path)
    parts = [f"### `{path.name}`", machine(lines), outcomes(lines), correctness(lines)]
    parts += [markdown(HEAD, table(lines)), roofs(lines), launches(lines), peers(lines)]
    return "\n\n".join(part for part in parts if part)


def machine(lines: list[journal.Record]) -> str:
    """Return a line about the device and its software."""
    said = []
    for line in journal.records(lines, "machine", "device"):
        memory = f"{line['total_memory'] / 2**30:.0f} GiB" if "total_memory" in line else ""
        said += [str(line.get("name", "no device")), memory, f"CUDA {line['cuda']}"]
    for line in journal.records(lines, "machine", "software"):
        known = ("torch", "numpy", "triton")
        said += [f"{name} {line['packages'][name]}" for name in known if name in line["packages"]]
    return ", ".join(part for part in said if part) + "." if said else ""


def outcomes(lines: list[journal.Record]) -> str:
    """Return how each step ended."""
    rows: list[tuple[str, ...]] = []
    for name, line in journal.outcomes(lines).items():
        took = told(line["took"]) if "took" in line else ""
        rows.append((name, line["outcome"], took, line.get("why", "")))
    return markdown(("step", "outcome", "time", "why"), rows)


def correctness(lines: list[journal.Record]) -> str:
    """Return what tests, sanitizers and checks against the definition found."""
    said = []
    for line in journal.records(lines, "tests", "tests"):
        if "tests" in line:
            exact = f"{line['exact_on_cuda']} of them of exactness on the CUDA engine"
            counts = f"{line['tests']} tests, {exact}"
            said.append(f"- {counts}: {line['failed']} failed, {line['skipped']} skipped")
    for tool in ("memcheck", "racecheck", "synccheck", "initcheck"):
        for line in journal.records(lines, "sanitizers", tool):
            found = "; ".join(text.strip("= ") for text in line["summary"]) or "not done"
            said.append(f"- {tool}: {'clean' if line['clean'] else '**not clean**'} ({found})")
    for step in ("kstar", "large"):
        for line in journal.records(lines, step, "checked"):
            size = f"{line['samples']:,} x {line['dimensions']}"
            said.append(
                f"- {size}: {line['wrong']} of {line['rows']} rows differ from the definition"
            )
    return "\n".join(said)


def roofs(lines: list[journal.Record]) -> str:
    """Return what the device can do at most."""
    rows: list[tuple[str, str]] = []
    for line in journal.records(lines, "roofs", "product"):
        rate = line["multiply_adds_per_second"] / 1e12
        rows.append((f"product, {line['name']}", f"{rate:.1f} T multiply-adds/s"))
    for what in ("copy", "copy in L2"):
        for line in journal.records(lines, "roofs", what):
            rows.append((what, f"{line['bytes_per_second'] / 1e12:.2f} TB/s, read and written"))
    for line in journal.records(lines, "roofs", "tiles"):
        for kernel, rate in line["multiply_adds_per_second"].items():
            rows.append((f"{kernel}, {line['set']}", f"{rate / 1e12:.1f} T multiply-adds/s"))
    return markdown(("roof", "measured"), rows) if rows else ""


def launches(lines: list[journal.Record]) -> str:
    """Return how often the device was started and waited for, and the pairs that were left open."""
    work = {line["set"]: line["work"] for line in journal.records(lines, "kstar", "phases")}
    rows: list[tuple[Any, ...]] = []
    for line in journal.records(lines, "kstar", "profile"):
        left = work.get(line["set"], {})
        open_ = [
            f"{left[phase]['survivors'] / line['samples']:.2f}" if left.get(phase) else "-"
            for phase in ("search", "count")
        ]
        counts = (line[what] for what in ("launches", "syncs", "operations"))
        rows.append((line["set"], *counts, *open_))
    open_by = ("left open per sample by Search", "by Count")
    head = ("set", "launches", "syncs", "torch operations", *open_by)
    return markdown(head, rows) if rows else ""


def peers(lines: list[journal.Record]) -> str:
    """Return the times of what else computes k* there."""
    rows: list[tuple[str, ...]] = []
    for line in journal.records(lines, "peers", "peer"):
        if "times" not in line:
            rows.append((line["set"], line["method"], line["why"], ""))
            continue
        wrong = f"{line['wrong']} of {line['checked']}" if line["checked"] else "-"
        rows.append((line["set"], line["method"], told(min(line["times"])), wrong))
    return markdown(("set", "method", "fastest", "wrong"), rows) if rows else ""


def main() -> None:
    """Write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="*", type=Path, help="files of gpu_visit.py")
    parser.add_argument("--page", type=Path, default=PAGE)
    given = parser.parse_args()
    measured = "\n\n".join(map(section, given.results)) or NONE_YET
    given.page.write_text(rewritten(given.page.read_text(), SCRIPT, measured))
    print(f"written: {given.page}")


if __name__ == "__main__":
    main()
