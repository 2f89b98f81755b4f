"""The targets of speed and memory, and what results say of them."""

from typing import Any, NamedTuple

import pandas as pd

KSTAR = "kstar()"  # timed beside every other method: ratios are to it
MEGABYTE = 1e6


class Speed(NamedTuple):
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
        if not {self.engine, self.against} <= {*ratios}:
            return pd.Series(dtype=float)
        return ratios[self.against] / ratios[self.engine]

    def told(self, value: float) -> str:
        """Return a measured value as text."""
        return f"{value:.1f}x" if value >= 1 else f"{value:.2f}x"


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


TARGETS: list[Speed | Memory] = [
    Speed(KSTAR, "fc1", "product", 15),
    Speed(KSTAR, "conv3", "product", 6),
    Speed(KSTAR, "effnet", "product", 5),
    Speed(KSTAR, "minilm", "product", 5.5),
    Speed(KSTAR, "logits", "product", 18),
    Speed(KSTAR, "gaussian:20000x512", "product", 3.5),
    Speed(KSTAR, "fc1", "faiss", 30),
    Speed(KSTAR, "fc1", "authors", 130),
    Speed(KSTAR, "effnet[1280]", "authors", 5),
    Speed("kstar (torch)", None, "authors", 5),
    Speed("kstar (torch)", None, "product", 1 / 1.2),
    Memory("kstar (cpu)", 64),
    Memory("kstar (torch)", 256),
]


def outcome(target: Speed | Memory, results: pd.DataFrame, wide: bool) -> str:
    """Return what the results of one machine say of a target; `wide` is one with AVX-512."""
    values = target.measured(results[results["why"] == ""]).dropna()
    if target.name is not None:
        values = values[values.index == target.name]
    if values.empty:
        return "-"
    least, met = values.min(), int((values >= target.least).sum())
    if target.name is not None:
        half = target.engine == KSTAR and not wide and least >= target.least / 2
        verdict = "met" if met else "half met" if half else "**missed**"
        return f"{target.told(least)}, {verdict}"
    verdict = "met" if met == len(values) else "**missed**"
    worst = f"worst {values.idxmin()}, {target.told(least)}"
    return f"{verdict}: on {met} of {len(values)} sets; {worst}"


def targets(results: pd.DataFrame, machines: list[dict[str, Any]]) -> pd.DataFrame:
    """Return each target beside what every file of results says of it, those of GPUs left out."""
    instructions = {m["file"]: m["instructions"] for m in machines if "device" not in m}
    rows: list[dict[str, Any]] = [
        {
            "engine": target.engine,
            "set": target.name or "all",
            "against": target.against,
            "target": target.wanted(),
            **{
                name: outcome(target, results[results["file"] == name], "avx512" in best)
                for name, best in instructions.items()
            },
        }
        for target in TARGETS
    ]
    table = pd.DataFrame(rows)
    return table.loc[:, (table != "-").any()]
