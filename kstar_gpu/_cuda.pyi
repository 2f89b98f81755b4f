ASKS: int
DEPTH: int
TILE_SIDE: int
WARP_PAIRS: int
WARPS: int

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
        self, rows: Side, columns: Side, same: bool, foreign: bool, tiles: int, count: int
    ) -> None: ...

class Survivors:
    def __init__(self, pairs: int, capacity: int, reserved: int, ended: int) -> None: ...

class Radii:
    def __init__(self, outer: int, inner: int, give: int, weights: int, counts: int) -> None: ...

class Nearest:
    def __init__(self, squared: int, row: int, noted_at: int) -> None: ...

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
def search(
    walk: Walk,
    row_thresholds: int,
    column_thresholds: int,
    row_tails: int,
    column_tails: int,
    survivors: Survivors,
    device: int,
    stream: int,
) -> None: ...
def count(
    walk: Walk, rows: Radii, columns: Radii, survivors: Survivors, device: int, stream: int
) -> None: ...
def screen(
    rows: Side,
    columns: Side,
    row_thresholds: int,
    column_thresholds: int,
    pairs: int,
    count: int,
    open: int,
    device: int,
    stream: int,
) -> None: ...
def refine(
    rows: Members,
    columns: Members,
    pairs: int,
    count: int,
    distances: int,
    row_nearest: Nearest,
    column_nearest: Nearest,
    device: int,
    stream: int,
) -> None: ...
def count_open(
    rows: Members,
    columns: Members,
    pairs: int,
    count: int,
    row_squared: int,
    column_squared: int,
    row_weights: int,
    column_weights: int,
    row_counts: int,
    column_counts: int,
    device: int,
    stream: int,
) -> None: ...
