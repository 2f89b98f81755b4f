"""All that is to be known of the CUDA engine, in minutes, on a machine with a GPU.

    python benchmarks/gpu_visit.py --out visit --minutes 9

Machine, build, a first k* against the definition, tests, whole calls, roofs, a large set,
sanitizers, Nsight Compute, peers, and one table: in this order, so that a visit that is cut short
has told the most. Each step is a process with a limit of its own; what it sees stands in
`visit.jsonl` at once. A build that fails or a first k* that is wrong ends the visit; after any
other failure the next step runs. Nothing is fetched. `--rehearse` goes through every step on a
machine without a GPU: the build is real, kernels run on the host, and what needs a device is named.
"""

import argparse
import math
import signal
import time
from pathlib import Path
from typing import Any

from visit import journal
from visit.plan import STEPS, Step, chosen, shared
from visit.process import run

SLOWER = 8  # how much longer steps may take where one rehearses, with few cores


def carry_out(steps: tuple[Step, ...], folder: Path, seconds: float, rehearse: bool) -> int:
    """Run the steps, each as long as the time that is left allows; return the exit status."""
    begun = time.monotonic()
    stopped = ""  # why the steps to come are left out
    for number, step in enumerate(steps):
        left = math.inf if rehearse else seconds - (time.monotonic() - begun)
        given = shared(steps[number:], min(left, seconds)).get(step.name)
        if stopped and step.name != "table":
            skip(folder, step, stopped)
        elif given is None:
            skip(folder, step, f"{left:.0f} s are left")
        else:
            limit = given * step.patience * (SLOWER if rehearse else 1)
            outcome = carry(step, folder, given, min(limit, max(left, step.least)), rehearse)
            if outcome == "interrupted":
                stopped = "interrupted"
            elif outcome != "ok" and step.fatal:
                stopped = f"{step.name} {outcome}"
    ended = journal.outcomes(journal.read(folder / journal.NAME))
    print("\n" + "\n".join(told(name, line) for name, line in ended.items()), flush=True)
    return int(any(line["outcome"] not in ("ok", "skipped") for line in ended.values()))


def carry(step: Step, folder: Path, seconds: float, limit: float, rehearse: bool) -> str:
    """Run one step and keep how it ended."""
    journal.append(folder, step.name, journal.START, {"seconds": seconds, "limit": limit})
    print(f"{step.name}: {seconds:.0f} s ...", flush=True)
    ended = run(step.arguments(folder, seconds, rehearse), folder, step.name, limit)
    fields: dict[str, Any] = {"outcome": ended.outcome, "took": round(ended.seconds, 2)}
    if ended.outcome != "ok":
        fields |= {"code": ended.code, "log": ended.log}
        print(ended.log, flush=True)
    elif step.name == "table":
        print(ended.log, flush=True)
    journal.append(folder, step.name, journal.OUTCOME, fields)
    return ended.outcome


def skip(folder: Path, step: Step, why: str) -> None:
    """Keep that a step was left out, and why."""
    journal.append(folder, step.name, journal.OUTCOME, {"outcome": "skipped", "why": why})


def told(name: str, line: journal.Record) -> str:
    """Return how a step ended, as a line."""
    took = f"{line['took']:7.1f} s" if "took" in line else " " * 9
    return f"{name:<12} {line['outcome']:<12} {took}  {line.get('why', '')}".rstrip()


def main() -> None:
    """Go through the visit."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for at most 8 small files")
    parser.add_argument("--minutes", type=float, default=9)
    parser.add_argument("--steps", default=",".join(step.name for step in STEPS))
    parser.add_argument("--rehearse", action="store_true", help="without a GPU")
    given = parser.parse_args()
    try:
        steps = chosen(STEPS, given.steps.split(","))
    except ValueError as error:
        parser.error(str(error))
    given.out.mkdir(parents=True, exist_ok=True)
    # Whoever ends this process otherwise must not leave a step behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = given.out.resolve()
    raise SystemExit(carry_out(steps, folder, 60 * given.minutes, given.rehearse))


if __name__ == "__main__":
    main()
