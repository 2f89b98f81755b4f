DEPTH: int
TILE_SIDE: int
WARP_PAIRS: int

class Machine:
    runtime: int
    driver: int
    devices: int

def machine() -> Machine: ...
def code_missing(device: int) -> str | None: ...

class Array:
    def __init__(
        self,
        address: int,
        type: str,
        rows: int,
        columns: int,
        stride: int,
        device: int,
        owner: object,
    ) -> None: ...

class Rows:
    def __init__(self, values: Array, norms: Array | None) -> None: ...

class Members:
    def __init__(self, rows: Rows, place: Array, number: Array) -> None: ...

class Side:
    def __init__(self, points: Array, seeds: Array, codes: Array, count: int) -> None: ...

class Walk:
    def __init__(
        self,
        rows: Side,
        columns: Side,
        same: bool,
        foreign: bool,
        strips: Array,
        first: int,
        count: int,
        done: Array | None,
    ) -> None: ...

class Survivors:
    def __init__(self, pairs: Array, cursor: Array) -> None: ...

class Reach:
    def __init__(self, radii: Array, slack: Array, thresholds: Array | None) -> None: ...

class Sieve:
    def __init__(
        self, rows: Reach, columns: Reach, unit: float, above: float, farther: float
    ) -> None: ...

class Radii:
    def __init__(
        self,
        outer: Array,
        inner: Array,
        give: Array,
        weights: Array | None,
        counts: Array | None,
        squared: Array | None,
        members: Members,
    ) -> None: ...

class Nearest:
    def __init__(
        self, squared: Array, row: Array, noted_at: Array, limit: Array, settled: Array
    ) -> None: ...

def measure_rows(
    samples: Members,
    centre: Array,
    weights: Array,
    squared_lengths: Array,
    fingerprints: Array,
    stream: int,
) -> None: ...
def make_full(
    samples: Members,
    centres: Rows,
    centre_of: Array,
    scale: float,
    points: Array,
    squares: Array,
    squared_errors: Array,
    stream: int,
) -> None: ...
def seed(walk: Walk, sieve: Sieve, nearest: Nearest, stream: int) -> None: ...
def search(
    walk: Walk,
    sieve: Sieve,
    row_tails: Array | None,
    column_tails: Array | None,
    full_rows: Side,
    full_columns: Side,
    full: Sieve,
    rows: Members,
    columns: Members,
    row_nearest: Nearest,
    column_nearest: Nearest | None,
    survivors: Survivors,
    distances: Array,
    stream: int,
) -> None: ...
def count(walk: Walk, rows: Radii, columns: Radii, survivors: Survivors, stream: int) -> None: ...
