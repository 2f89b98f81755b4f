DEPTH: int
TILE_SIDE: int
WARP_PAIRS: int

class Machine:
    runtime: int
    driver: int
    devices: int

def machine() -> Machine: ...
def code_missing(device: int) -> str | None: ...

# Memory is given by addresses on the device; 0 is none.

class Rows:
    def __init__(
        self, data: int, element: str, stride: int, dimensions: int, norms: int
    ) -> None: ...

class Members:
    def __init__(self, rows: Rows, place: int, number: int) -> None: ...

class Side:
    def __init__(self, points: int, seeds: int, codes: int, count: int, width: int) -> None: ...

class Walk:
    def __init__(
        self,
        rows: Side,
        columns: Side,
        same: bool,
        foreign: bool,
        strips: int,
        strip_count: int,
        first: int,
        count: int,
        done: int,
    ) -> None: ...

class Survivors:
    def __init__(self, pairs: int, capacity: int, cursor: int) -> None: ...

class Reach:
    def __init__(self, radii: int, slack: int, thresholds: int) -> None: ...

class Sieve:
    def __init__(
        self, rows: Reach, columns: Reach, unit: float, above: float, farther: float
    ) -> None: ...

class Radii:
    def __init__(
        self,
        outer: int,
        inner: int,
        give: int,
        weights: int,
        counts: int,
        squared: int,
        members: Members,
    ) -> None: ...

class Nearest:
    def __init__(self, squared: int, row: int, noted_at: int, limit: int, settled: int) -> None: ...

def survey(
    samples: Members,
    count: int,
    centre: int,
    weights: int,
    squared_lengths: int,
    fingerprints: int,
    device: int,
    stream: int,
) -> None: ...
def round(
    samples: Members,
    count: int,
    centres: Rows,
    centre_of: int,
    scale: float,
    points: int,
    width: int,
    squares: int,
    squared_errors: int,
    device: int,
    stream: int,
) -> None: ...
def seed(walk: Walk, sieve: Sieve, nearest: Nearest, device: int, stream: int) -> None: ...
def search(
    walk: Walk,
    sieve: Sieve,
    row_tails: int,
    column_tails: int,
    full_rows: Side,
    full_columns: Side,
    full: Sieve,
    rows: Members,
    columns: Members,
    row_nearest: Nearest,
    column_nearest: Nearest,
    survivors: Survivors,
    distances: int,
    device: int,
    stream: int,
) -> None: ...
def count(
    walk: Walk, rows: Radii, columns: Radii, survivors: Survivors, device: int, stream: int
) -> None: ...
