"""Which steps a visit has, in the order of what they tell, and how its minutes are shared out."""

import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Step:
    """One step: a module of this package, or in tests any command."""

    name: str
    least: float  # seconds below which it tells nothing
    share: float  # seconds that it may take
    fatal: bool = False  # whether the visit ends with it if it fails
    always: bool = False  # whether even the shortest visit has it
    patience: float = 1  # how many times its seconds it may take before it is ended
    command: tuple[str, ...] = ()

    def arguments(self, folder: Path, seconds: float, rehearse: bool) -> list[str]:
        """Return the command line of its process."""
        if self.command:
            return [*self.command]
        line = [sys.executable, "-m", "visit", self.name, str(folder), f"{seconds:.0f}"]
        return line + ["--rehearse"] * rehearse


# Without a build there is nothing, so it may take longer. The last step before the table has the
# rest of the time: it is given more than there is.
STEPS = (
    Step("machine", 8, 10, always=True),
    Step("build", 25, 30, always=True, fatal=True, patience=3),
    Step("first", 10, 10, always=True, fatal=True, patience=3),
    Step("tests", 30, 60),
    Step("kstar", 30, 60),
    Step("roofs", 15, 20),
    Step("large", 40, 60),
    Step("sanitizers", 45, 90),
    Step("ncu", 40, 80),
    Step("peers", 25, 600),
    Step("table", 3, 5, always=True, patience=6),
)


def chosen(steps: tuple[Step, ...], names: list[str]) -> tuple[Step, ...]:
    """Return the steps of these names, in the order of all.

    Raises
    ------
    ValueError
        If there is no step of a name.
    """
    known = [step.name for step in steps]
    for name in names:
        if name not in known:
            raise ValueError(f"--steps: {', '.join(known)} are known, got {name!r}")
    return tuple(step for step in steps if step.name in names)


def shared(steps: tuple[Step, ...], seconds: float) -> dict[str, float]:
    """Return how many seconds each step gets; those that a short visit has no time for get none.

    The least telling ones, which come last, are left out until what the others need at least fits.
    What is beyond that is shared out by what each wants.
    """
    kept = list(steps)
    while sum(step.least for step in kept) > seconds:
        droppable = [step for step in kept if not step.always]
        if not droppable:
            break
        kept.remove(droppable[-1])
    spare = max(0.0, seconds - sum(step.least for step in kept))
    given = {}
    for step in kept:  # the most telling first, each as much as it wants
        more = min(step.share - step.least, spare)
        given[step.name] = step.least + more
        spare -= more
    return given
