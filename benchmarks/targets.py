"""The targets of speed and memory, and what results say of them."""

from typing import Any, NamedTuple

import pandas as pd

KSTAR = "kstar()"  # timed beside every other method: ratios are to it
MEGABYTE = 1e6


class Target(NamedTuple):
    """At least so many times faster than another method; on every set, if none is named."""

    engine: str
    name: str | None
    against: str
    least: float

    def wanted(self) -> str:
        """Return what is asked."""
        return f"{self.least:.3g}x"

    def measured(self, results: pd.DataFrame) -> pd.Series:
        """Return how many times faster the engine was, by set."""
        ratios = results.pivot_table(index="set", columns="method", values="ratio", sort=False)
        ratios[KSTAR] = 1.0
        return ratios.get(self.against, pd.Series(dtype=float)) / ratios.get(self.engine, 1.0)

    def told(self, value: float) -> str:
        """Return a measured value as text."""
        return f"{value:.1f}x"


class Memory(NamedTuple):
    """No more memory beyond the input than the input's own, and so many megabytes."""

    engine: str
    extra: float
    name: None = None
    against: str = "memory beyond the input"
    least: float = 1.0

    def wanted(self) -> str:
        """Return what is asked."""
        return f"<= the input + {self.extra:g} MB"

    def measured(self, results: pd.DataFrame) -> pd.Series:
        """Return how many times as much was allowed as was taken, by set."""
        own = results[results["method"] == self.engine].set_index("set")
        allowed = 4 * own["samples"] * own["dimensions"] + self.extra * MEGABYTE
        return allowed / own["peak_bytes"].clip(lower=1)

    def told(self, value: float) -> str:
        """Return a measured value as text."""
        return f"{1 / value:.0%} of that"


TARGETS: list[Target | Memory] = [
    Target(KSTAR, "fc1", "product", 15),
    Target(KSTAR, "conv3", "product", 6),
    Target(KSTAR, "effnet", "product", 5),
    Target(KSTAR, "minilm", "product", 5.5),
    Target(KSTAR, "logits", "product", 18),
    Target(KSTAR, "gaussian:20000x512", "product", 3.5),
    Target(KSTAR, "fc1", "faiss", 30),
    Target(KSTAR, "fc1", "authors", 130),
    Target(KSTAR, "effnet[1280]", "authors", 5),
    Target("kstar (torch)", None, "authors", 5),
    Target("kstar (torch)", None, "product", 1 / 1.2),
    Memory("kstar (cpu)", 64),
    Memory("kstar (torch)", 256),
]


def outcome(target: Target | Memory, results: pd.DataFrame) -> str:
    """Return what one file of results says of a target."""
    values = target.measured(results[results["why"] == ""]).dropna()
    if target.name is not None:
        values = values[values.index == target.name]
    if values.empty:
        return "-"
    least, met = values.min(), int((values >= target.least).sum())
    verdict = "met" if met == len(values) else "**missed**"
    if target.name is not None:
        return f"{target.told(least)}, {verdict}"
    worst = f"worst {values.idxmin()}, {target.told(least)}"
    return f"{verdict}: on {met} of {len(values)} sets; {worst}"


def targets(results: pd.DataFrame) -> pd.DataFrame:
    """Return each target beside what every file of results says of it."""
    files = list(results.groupby("file", sort=False))
    rows: list[dict[str, Any]] = [
        {
            "engine": target.engine,
            "set": target.name or "all",
            "against": target.against,
            "target": target.wanted(),
            **{name: outcome(target, part) for name, part in files},
        }
        for target in TARGETS
    ]
    return pd.DataFrame(rows)
