"""Run one step: `python -m visit STEP FOLDER SECONDS [--rehearse]`, as `gpu_visit.py` does."""

import argparse
from importlib import import_module
from pathlib import Path

from visit.context import Visit


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step")
    parser.add_argument("folder", type=Path)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--rehearse", action="store_true")
    given = parser.parse_args()
    visit = Visit(given.step, given.folder, given.seconds, given.rehearse)
    import_module(f"visit.{given.step}").run(visit)


if __name__ == "__main__":
    main()
