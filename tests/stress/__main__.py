"""Run the scenarios, and keep what came of them.

cd tests && python -m stress --only "kill -9" --seed 7 --out ../build/stress.json
"""

import argparse
import json
import os
import platform
import signal
import sys
import warnings
from dataclasses import asdict
from pathlib import Path

import torch

from kstar_gpu import __version__

from .scenarios import SCENARIOS, run_long


def main():
    parser = argparse.ArgumentParser(prog="python -m stress", description=__doc__)
    parser.add_argument("--only", default="", help="scenarios whose name has this in it")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    parser.add_argument("--out", type=Path, help="a file of JSON")
    given = parser.parse_args()
    names = [name for name in SCENARIOS if given.only in name]
    if not names:
        parser.error(f"--only: one of these is wanted: {', '.join(SCENARIOS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # children are ended, too
    warnings.simplefilter("ignore")  # of damaged files; scenarios that ask for them listen
    print(f"seed {given.seed}", flush=True)
    tallies = []
    for name in names:
        tallies.append(run_long(name, given.seed))
        print(tallies[-1], *tallies[-1].notes, sep="\n    ", flush=True)
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        kept = {"seed": given.seed, "machine": machine(), "tallies": [*map(asdict, tallies)]}
        given.out.write_text(json.dumps(kept, indent=1) + "\n")
    return 1 if any(tally.wrong or tally.lost for tally in tallies) else 0


def machine():
    """Return what the trials ran on and with."""
    return {
        "kstar_gpu": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)),
    }


if __name__ == "__main__":
    sys.exit(main())
