from collections.abc import Callable
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Points = NDArray[np.int16]
Bytes = NDArray[np.int8]
Sums = NDArray[np.int32]

LONGEST: float
WIDTH_STEP: int
BYTE_STEP: int
BOXED_WIDTH: int
TREE_WIDTH: int
TREE_SAMPLES: int

def targets() -> list[str]: ...

class Certificate:
    def __init__(
        self, scale: float, relative: float, absolute: float, weight: float, largest: float
    ) -> None: ...

class Members:
    def __init__(
        self, values: NDArray[Any], element: str, norms: Floats | None, order: Integers
    ) -> None: ...

class Balls:
    def __init__(
        self,
        points: Points | Bytes,
        width: int,
        squares: Sums,
        sums: Sums | None,  # None only of 16-bit numbers
        radii: Floats,
        certificate: Certificate,
    ) -> None: ...

class Side:
    def __init__(
        self,
        members: Members,
        codes: NDArray[np.int32],
        ids: Integers,
        weights: NDArray[np.int32],
        full: Balls,
        narrow: Balls,
    ) -> None: ...
    @property
    def width(self) -> int: ...
    @property
    def bytes(self) -> bool: ...

def measure_rows(
    samples: Members,
    centre: Floats,
    weights: Floats,
    lengths: Floats,
    fingerprints: Floats,
    threads: int,
    target: str,
) -> None: ...
def make_full(
    samples: Members,
    centre: Floats,
    scale: float,
    longest: float,
    points: Points,
    squares: Sums,
    radii: Floats,
    threads: int,
    target: str,
) -> None: ...
def make_narrow(
    full: Balls,
    basis: Points,
    norm: float,
    points: Points,
    squares: Sums,
    radii: Floats,
    threads: int,
    target: str,
) -> None: ...
def make_bytes(
    balls: Balls,
    middle: Points,
    signs: Points | None,
    factor: float,
    points: Bytes,
    squares: Sums,
    sums: Sums,
    radii: Floats,
    threads: int,
    target: str,
) -> None: ...
def largest_byte(target: str) -> int: ...
def arrange(balls: Balls, codes: NDArray[np.int32], order: Integers, threads: int) -> None: ...
def products(
    queries: Points,
    points: Points,
    width: int,
    result: NDArray[np.int32],
    threads: int,
    target: str,
) -> None: ...
@overload
def matrix_product(
    a: Floats, b: NDArray[np.float32], to: Floats, threads: int, target: str
) -> None: ...
@overload
def matrix_product(
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    to: NDArray[np.float32],
    threads: int,
    target: str,
) -> None: ...
def gram_schmidt(gram: Floats, transform: Floats, target: str) -> int: ...
def nearest_foreign(
    samples: Side,
    references: Side | None,
    squared: Floats,
    ids: Integers,
    reference_squared: Floats | None,
    reference_ids: Integers | None,
    threads: int,
    target: str,
    progress: Callable[[int, int], object] | None,
) -> dict[str, int]: ...
def start_among(
    samples: Side,
    references: Side,
    squared: Floats,
    ids: Integers,
    threads: int,
    target: str,
) -> None: ...
def count_within(
    samples: Side,
    references: Side | None,
    squared: Floats,
    counts: Integers,
    reference_squared: Floats | None,
    reference_counts: Integers | None,
    threads: int,
    target: str,
    progress: Callable[[int, int], object] | None,
) -> dict[str, int]: ...
