"""What the benchmarks run on: sets and sizes, the small ones and the large ones.

Two series grow, one in samples and one in dimensions, so that exponents can be fitted.
"""

Cases = list[tuple[str, int | None]]  # name of a set, and how many of its samples

SAMPLES: Cases = [("fc1", size) for size in (2_500, 5_000, 10_000, 20_000)]
DIMENSIONS: Cases = [(f"gaussian:5000x{d}", None) for d in (16, 64, 256, 1024)]
SMALL: Cases = [
    ("digits", None),
    ("effnet", 1_280),  # the paper's size
    ("conv3", 2_500),
    ("minilm", 5_000),
    ("logits", 10_000),
    ("letter", 5_000),
    ("shuttle", 5_000),
    ("clusters:5000x64", None),
    *SAMPLES,
    *DIMENSIONS,
]
LARGE: Cases = [  # those that have targets
    ("fc1", None),
    ("conv3", None),
    ("effnet", None),
    ("minilm", None),
    ("logits", None),
    ("gaussian:20000x512", None),
    ("letter", None),
    ("shuttle", None),
]


def set_name(name: str, size: int | None) -> str:
    """Return what `feature_sets.load` calls a set, or a part of one."""
    return f"{name}[{size}]" if size else name
