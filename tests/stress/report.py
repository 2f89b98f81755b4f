"""Write the tables of docs/reliability.md from what a run has kept: never by hand.

cd tests && PYTHONPATH=../benchmarks python -m stress.report ../build/stress.json

Scenarios that were run alone (`python -m stress --only`, with the same seed) are given besides.
"""

import argparse
import json
from pathlib import Path
from statistics import median

from marked_section import rewritten

from .scenarios import SCENARIOS

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
SCRIPT = "tests/stress/report.py"
COUNTS = ("tried", "survived", "noticed", "wrong", "lost")


def together(runs):
    """Return several runs as one, in the order of the scenarios; a later one counts."""
    for name in ("seed", "machine"):
        if any(run[name] != runs[0][name] for run in runs):
            said = ", ".join(str(run[name]) for run in runs)
            raise ValueError(f"kept: runs of one {name} are wanted, got {said}")
    tallies = {tally["scenario"]: tally for run in runs for tally in run["tallies"]}
    names = [*SCENARIOS]
    ordered = sorted(tallies.values(), key=lambda tally: names.index(tally["scenario"]))
    return runs[0] | {"tallies": ordered}


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
    parser.add_argument(
        "kept",
        type=Path,
        nargs="+",
        help="what `python -m stress --out` has written",
    )
    parser.add_argument("--page", type=Path, default=PAGE)
    given = parser.parse_args()
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in given.kept]
    measured = section(together(runs))
    page = given.page.read_text(encoding="utf-8")
    given.page.write_text(rewritten(page, SCRIPT, measured), encoding="utf-8")
    print(f"written: {given.page}")


if __name__ == "__main__":
    main()
