"""Write the measured section of docs/performance.md from what `engine.py --keep` kept.

    python benchmarks/engine_report.py benchmarks/results/engine-*.json

Never by hand: `make engine-bench` measures, `make engine-report` writes.
"""

import argparse
import json
from pathlib import Path
from statistics import median
from typing import Any

import growth
import kernels
from engine import told
from marked_section import rewritten
from visit.summary import markdown

PAGE = kernels.ROOT / "docs" / "performance.md"
SCRIPT = "benchmarks/engine_report.py"
NONE_YET = """\
Nothing yet: there is no result of `make engine-bench` under `benchmarks/results`.
`make engine-report` writes this section from `engine-*.json` there."""


def section(name: str, kept: dict[str, Any]) -> str:
    """Return what one file says, as a part of the page."""
    machine = ", ".join(f"{key} {value}" for key, value in kept["machine"].items())
    parts = [f"### `{name}`", f"{machine}.", tiles(kept["rates"])]
    for target, rates in kept["rates"].items():
        threads = kept["machine"]["torch threads"]
        lines = [told(each, rates, threads) for each in kept["sets"] if each["target"] == target]
        head = tuple(lines[0])
        parts += [f"`{target}`:", markdown(head, [tuple(line.values()) for line in lines])]
    return "\n\n".join([*parts, grown(kept["growth"])])


def tiles(rates: dict[str, dict[str, kernels.Rates]]) -> str:
    """Return the rates of the tiles alone, and which instruction sets were not to be had."""
    widths = kernels.widths(next(iter(rates.values())))
    head = ("instruction set", "numbers", "kernel", "peak", *(f"width {w}" for w in widths))
    rows = [(target, *row) for target, found in rates.items() for row in kernels.rows(found)]
    missing = [target for target in kernels.known() if target not in rates]
    text = "Tiles alone, G multiply-adds/s of one thread while all work, and share of the peak:"
    parts = [text, markdown(head, rows)]
    if missing:
        parts.append(f"Not measured here: {', '.join(missing)}.")
    return "\n\n".join(parts)


def grown(timed: list[growth.Timed]) -> str:
    """Return the growth with samples."""
    rows = [
        (
            f"{one['samples']:,}",
            f"{median(one['seconds']):.3f} s",
            f"{min(one['seconds']):.3f} to {max(one['seconds']):.3f} s",
        )
        for one in timed
    ]
    table = markdown(("samples", "whole call", "fastest to slowest"), rows)
    return f"Growth, `{growth.KIND.format('N')}`: {growth.told(timed)}.\n\n{table}"


def main() -> None:
    """Write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="*", type=Path, help="files of `engine.py --keep`")
    parser.add_argument("--page", type=Path, default=PAGE)
    given = parser.parse_args()
    sections = [section(path.name, json.loads(path.read_text())) for path in given.results]
    measured = "\n\n".join(sections) or NONE_YET
    given.page.write_text(rewritten(given.page.read_text(), SCRIPT, measured))
    print(f"written: {given.page}")


if __name__ == "__main__":
    main()
