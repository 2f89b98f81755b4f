"""What the benchmarks run on: sets and sizes, the small ones and the large ones."""

from typing import NamedTuple

Cases = list[tuple[str, int | None]]  # name of a set, and how many of its samples


class Series(NamedTuple):
    """Sets that differ in one size alone, so that an exponent can be fitted."""

    kind: str
    growing: str  # samples or dimensions
    cases: Cases

    def names(self) -> list[str]:
        """Return the names of its sets."""
        return [set_name(*case) for case in self.cases]


def set_name(name: str, size: int | None) -> str:
    """Return what `feature_sets.load` calls a set, or a part of one."""
    return f"{name}[{size}]" if size else name


SIZES = (2_500, 5_000, 10_000, 20_000)
SERIES = [
    Series("fc1", "samples", [("fc1", size) for size in SIZES]),
    Series("gaussian", "samples", [(f"gaussian:{size}x64", None) for size in SIZES]),
    Series("gaussian", "dimensions", [(f"gaussian:2500x{d}", None) for d in (16, 64, 256, 1024)]),
]
SMALL: Cases = [
    ("digits", None),
    ("effnet", 1_280),  # the paper's size
    ("conv3", 2_500),
    ("minilm", 5_000),
    ("logits", 10_000),
    ("letter", 5_000),
    ("shuttle", 5_000),
    ("clusters:5000x64", None),
    ("gaussian:2500x64x2", None),
    ("gaussian:2500x64x100", None),
    *dict.fromkeys(case for series in SERIES for case in series.cases),  # each once
]
LARGE: Cases = [
    ("fc1", None),
    ("conv3", None),
    ("effnet", None),
    ("minilm", None),
    ("logits", None),
    ("gaussian:20000x512", None),
    ("letter", None),
    ("shuttle", None),
]
