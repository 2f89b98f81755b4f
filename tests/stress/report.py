"""Write the tables of docs/reliability.md from what a run has kept: never by hand.

cd tests && PYTHONPATH=../benchmarks python -m stress.report ../build/stress.json
"""

import argparse
import json
from pathlib import Path
from statistics import median

from marked_section import rewritten

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
SCRIPT = "tests/stress/report.py"
COUNTS = ("tried", "survived", "noticed", "wrong", "lost")


def section(kept):
    """Return the tables, and what they were measured on."""
    machine = kept["machine"]
    on = (
        f"Measured with seed {kept['seed']} on {machine['cores']} cores, {machine['system']}, "
        f"Python {machine['python']}, torch {machine['torch']}."
    )
    parts = [on, counts(kept["tallies"]), times(kept["tallies"])]
    return "\n\n".join(filter(None, parts))


def counts(tallies):
    """Return what came of the trials of each scenario, and of all."""
    rows = [[tally["scenario"], *(tally[name] for name in COUNTS)] for tally in tallies]
    rows.append(["all", *(sum(tally[name] for tally in tallies) for name in COUNTS)])
    return table(["scenario", *COUNTS], rows)


def times(tallies):
    """Return how long calls took where that was measured: the median of each engine's."""
    timed = [tally for tally in tallies if tally["times"]]
    if not timed:
        return ""
    engines = [*timed[0]["times"]]
    rows = [
        [tally["scenario"], *(f"{1e3 * median(tally['times'][name]):.1f} ms" for name in engines)]
        for tally in timed
    ]
    return table(["median of a call", *engines], rows)


def table(head, rows):
    """Return a table of Markdown; numbers stand at the right."""
    texts = [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in rows]
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *texts]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main():
    parser = argparse.ArgumentParser(prog="python -m stress.report", description=__doc__)
    parser.add_argument("kept", type=Path, help="what `python -m stress --out` has written")
    parser.add_argument("--page", type=Path, default=PAGE)
    given = parser.parse_args()
    measured = section(json.loads(given.kept.read_text(encoding="utf-8")))
    page = given.page.read_text(encoding="utf-8")
    given.page.write_text(rewritten(page, SCRIPT, measured), encoding="utf-8")
    print(f"written: {given.page}")


if __name__ == "__main__":
    main()
