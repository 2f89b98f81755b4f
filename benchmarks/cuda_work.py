"""How much work the CUDA engine has on real features, counted without a GPU.

The engine's own Python runs on the CPU, and numpy stands in for its kernels: the same balls, the
same certificates, the same order of tiles. Prints a line per set: run with --help for arguments.
"""

import argparse
import ctypes
import importlib
import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import torch
from feature_sets import FeatureSet, load
from numpy.typing import NDArray

import kstar_gpu
from kstar_gpu import definition
from kstar_gpu.distance import row_chunks, squared_distances
from kstar_gpu.problem import make_classes, make_problem

SIDE = 128  # of a tile
DEPTH = 32  # dimensions of its first chunk
ELEMENTS = {"float16": np.float16, "float32": np.float32, "float64": np.float64}
CHECKED_ROWS = 200


def at(address: int, kind: Any, *shape: int) -> NDArray[Any]:
    """Return the array that lies at an address."""
    count = int(np.prod(shape)) * np.dtype(kind).itemsize
    return np.frombuffer((ctypes.c_char * count).from_address(address), kind).reshape(shape)


def rows_of(members: Any, positions: Any) -> NDArray[np.float64]:
    """Return rows by position, in float64."""
    rows = members.rows
    places = at(members.place, np.int64, int(positions.max()) + 1)[positions]
    kind = ELEMENTS[rows.element]
    values = at(rows.data, kind, int(places.max()) + 1, rows.stride)[places, : rows.dimensions]
    return values.astype(np.float64)


class Kernels(ModuleType):
    """Numpy in place of `kstar_gpu._cuda`."""

    TILE_SIDE, DEPTH, WARPS, WARP_PAIRS = SIDE, DEPTH, 8, 2048

    def __init__(self) -> None:
        super().__init__("kstar_gpu._cuda")
        self.work: dict[str, int] = {}

    def note(self, name: str, amount: int) -> None:
        """Add to a count of work."""
        self.work[name] = self.work.get(name, 0) + int(amount)

    def __getattr__(self, name: str) -> Any:
        fields = {
            "Rows": "data element stride dimensions norms",
            "Members": "rows place number",
            "Side": "points seeds codes count width",
            "Walk": "rows columns same foreign tiles count",
            "Survivors": "pairs capacity reserved ended",
            "Radii": "outer inner give weights counts",
            "Nearest": "squared row noted_at",
        }
        if name not in fields:
            raise AttributeError(name)
        names = fields[name].split()
        return lambda *values: SimpleNamespace(**dict(zip(names, values, strict=True)))

    def survey(self, samples: Any, count: int, centre: int, weights: int, *rest: int) -> None:
        """Write lengths and fingerprints."""
        d = samples.rows.dimensions
        lengths, prints = at(rest[0], np.float64, count), at(rest[1], np.float64, count)
        for chunk in row_chunks(count, d):
            rows = rows_of(samples, np.arange(chunk.start, chunk.stop))
            lengths[chunk] = ((rows - at(centre, np.float64, d)) ** 2).sum(1)
            prints[chunk] = (rows * at(weights, np.float64, d)).sum(1)

    def round(
        self,
        samples: Any,
        count: int,
        centres: Any,
        centre_of: int,
        scale: float,
        points: int,
        width: int,
        squares: int,
        errors: int,
        *_: int,
    ) -> None:
        """Write points of float16."""
        d = samples.rows.dimensions
        which = at(centre_of, np.int64, count)
        kind = ELEMENTS[centres.element]
        centre_rows = at(centres.data, kind, int(which.max()) + 1, centres.stride)
        stored = at(points, np.float16, count, width)
        for chunk in row_chunks(count, d):
            rows = rows_of(samples, np.arange(chunk.start, chunk.stop))
            exact = (rows - centre_rows[which[chunk], :d].astype(np.float64)) * scale
            stored[chunk, :d] = exact
            stored[chunk, d:] = 0
            kept = stored[chunk, :d].astype(np.float64)
            at(squares, np.float64, count)[chunk] = (kept**2).sum(1)
            at(errors, np.float64, count)[chunk] = ((kept - exact) ** 2).sum(1)

    def _tiles(self, walk: Any) -> Any:
        """Give each tile's number, positions, and products; those not asked about at -infinity."""
        tiles = at(walk.tiles, np.int32, walk.count, 3)
        rows, columns = walk.rows, walk.columns
        x = at(rows.points, np.float16, rows.count, rows.width).astype(np.float32)
        y = at(columns.points, np.float16, columns.count, rows.width).astype(np.float32)
        codes = at(rows.codes, np.int32, rows.count)
        others = at(columns.codes, np.int32, columns.count)
        seeds = at(rows.seeds, np.float32, rows.count)
        other_seeds = at(columns.seeds, np.float32, columns.count)
        for number, (r, c, _) in enumerate(tiles):
            i = np.arange(r * SIDE, min((r + 1) * SIDE, rows.count))
            j = np.arange(c * SIDE, min((c + 1) * SIDE, columns.count))
            base = seeds[i, None] + other_seeds[j]
            head = x[i, :DEPTH] @ y[j, :DEPTH].T + base
            acc = head + x[i, DEPTH:] @ y[j, DEPTH:].T
            asked = (codes[i, None] != others[j]) == walk.foreign
            if walk.same:
                asked &= i[:, None] < j
            yield number, i, j, np.where(asked, acc, -np.inf), np.where(asked, head, -np.inf)

    def _append(self, survivors: Any, tile: NDArray[np.int32], pairs: NDArray[Any]) -> bool:
        reserved = at(survivors.reserved, np.int64, 1)
        start = int(reserved[0])
        reserved += len(pairs)
        if start + len(pairs) > survivors.capacity:
            ended = at(survivors.ended, np.int64, 1)
            ended[:] = np.minimum(ended, start)
            return False
        at(survivors.pairs, np.int32, survivors.capacity, 2)[start : start + len(pairs)] = pairs
        tile[2] = 0
        return True

    def search(
        self,
        walk: Any,
        rows: int,
        columns: int,
        row_tails: int,
        column_tails: int,
        survivors: Any,
        *_: int,
    ) -> None:
        """Append the pairs that may be nearest."""
        tiles = at(walk.tiles, np.int32, walk.count, 3)
        own = at(rows, np.float32, walk.rows.count)
        other = at(columns, np.float32, walk.columns.count)
        for number, i, j, acc, head in self._tiles(walk):
            least = np.minimum(own[i, None], other[j])
            self.note("tiles", 1)
            if row_tails and walk.rows.width > DEPTH:
                tail = at(row_tails, np.float32, walk.rows.count)[i, None]
                most = head + tail * at(column_tails, np.float32, walk.columns.count)[j]
                if not (most >= least).any():
                    self.note("tiles that end early", 1)
                    tiles[number, 2] = 0
                    continue
            r, c = np.nonzero(acc >= least)
            if self._append(survivors, tiles[number], np.stack([i[r], j[c]], 1)):
                self.note("survivors", len(r))

    def screen(
        self,
        rows: Any,
        columns: Any,
        own: int,
        other: int,
        pairs: int,
        count: int,
        still: int,
        *_: int,
    ) -> None:
        """Say which pairs full balls leave open."""
        chosen = at(pairs, np.int32, count, 2)
        x = at(rows.points, np.float16, rows.count, rows.width)
        y = at(columns.points, np.float16, columns.count, rows.width)
        for chunk in row_chunks(count, rows.width):
            i, j = chosen[chunk].T
            acc = np.einsum("ik,ik->i", x[i].astype(np.float32), y[j].astype(np.float32))
            acc += at(rows.seeds, np.float32, rows.count)[i]
            acc += at(columns.seeds, np.float32, columns.count)[j]
            thresholds = at(own, np.float32, rows.count)[i]
            least = np.minimum(thresholds, at(other, np.float32, columns.count)[j])
            at(still, np.bool_, count)[chunk] = acc >= least
        self.note("screened", count)

    def refine(
        self,
        rows: Any,
        columns: Any,
        pairs: int,
        count: int,
        distances: int,
        own: Any,
        other: Any,
        *_: int,
    ) -> None:
        """Measure pairs, and keep the nearest."""
        self.note("measured", count)
        chosen = at(pairs, np.int32, count, 2)
        for chunk in row_chunks(count, rows.rows.dimensions):
            i, j = chosen[chunk].T
            squared = _canonical(rows_of(rows, i), rows_of(columns, j))
            _keep(own, i, squared, at(columns.number, np.int64, int(j.max()) + 1)[j])
            if other.squared:
                _keep(other, j, squared, at(rows.number, np.int64, int(i.max()) + 1)[i])

    def count(self, walk: Any, rows: Any, columns: Any, survivors: Any, *_: int) -> None:
        """Count the pairs within a radius; append those left open."""
        tiles = at(walk.tiles, np.int32, walk.count, 3)
        for number, i, j, acc, _head in self._tiles(walk):
            inside = acc > _of(rows.inner, i)[:, None] + _of(columns.give, j)
            open_row = (acc >= _of(rows.outer, i)[:, None]) & ~inside
            inside_column = acc > _of(columns.inner, j) + _of(rows.give, i)[:, None]
            open_column = (acc >= _of(columns.outer, j)) & ~inside_column
            r, c = np.nonzero(open_row | open_column)
            marks = np.iinfo(np.int32).min
            pairs = np.stack([i[r], j[c]], 1).astype(np.int32)
            pairs[:, 0] |= np.where(open_row[r, c], marks, 0).astype(np.int32)
            pairs[:, 1] |= np.where(open_column[r, c], marks, 0).astype(np.int32)
            if self._append(survivors, tiles[number], pairs):
                self.note("counted tiles", 1)
                self.note("left open", len(r))
                _of(rows.counts, i, np.int32)[:] += inside @ _of(columns.weights, j, np.int32)
                weights = _of(rows.weights, i, np.int32)
                _of(columns.counts, j, np.int32)[:] += inside_column.T @ weights

    def count_open(self, rows: Any, columns: Any, pairs: int, count: int, *rest: int) -> None:
        """Measure the pairs left open."""
        chosen = at(pairs, np.int32, count, 2)
        asks, positions = chosen < 0, chosen & np.iinfo(np.int32).max
        for chunk in row_chunks(count, rows.rows.dimensions):
            i, j = positions[chunk].T
            squared = _canonical(rows_of(rows, i), rows_of(columns, j))
            for side, (own, other) in enumerate(((i, j), (j, i))):
                radii, weights, counts = rest[side], rest[3 - side], rest[4 + side]
                within = asks[chunk, side] & (squared < at(radii, np.float64, own.max() + 1)[own])
                added = at(weights, np.int32, other.max() + 1)[other]
                np.add.at(at(counts, np.int32, own.max() + 1), own[within], added[within])


def _of(address: int, positions: NDArray[np.int64], kind: Any = np.float32) -> NDArray[Any]:
    return at(address, kind, int(positions[-1]) + 1)[positions[0] :]


def _canonical(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    squared: NDArray[np.float64] = squared_distances(
        torch.from_numpy(x), torch.from_numpy(y)
    ).numpy()
    return squared


def _keep(nearest: Any, own: Any, squared: Any, numbers: Any) -> None:
    count = int(own.max()) + 1
    best, row = at(nearest.squared, np.float64, count), at(nearest.row, np.int64, count)
    before = best[own]
    np.minimum.at(best, own, squared)
    row[own[best[own] < before]] = np.iinfo(np.int64).max
    reached = squared == best[own]
    np.minimum.at(row, own[reached], numbers[reached])


def count_work(feature_set: FeatureSet) -> str:
    """Run the engine on one set, and return its counts as a line of a table."""
    kernels = Kernels()
    vars(kstar_gpu)["_cuda"] = sys.modules["kstar_gpu._cuda"] = kernels
    for name in ("cuda_balls", "cuda_memory", "cuda"):
        sys.modules.pop(f"kstar_gpu.backends.{name}", None)
    cuda = importlib.import_module("kstar_gpu.backends.cuda")
    balls = importlib.import_module("kstar_gpu.backends.cuda_balls")
    # As if there were so many samples that choosing directions pays.
    vars(balls)["COSTS"] = replace(vars(balls)["COSTS"], worth=0)
    x, y = torch.from_numpy(feature_set.features), feature_set.labels
    problem = make_problem(x, None, make_classes(y, None), "euclidean", torch.device("cpu"))
    engine = cuda.Engine(problem, torch.device("cpu"), None, False)
    squared, _ = engine.nearest_foreign()
    counts = engine.count_within(squared).numpy()
    rows = np.linspace(0, len(x) - 1, CHECKED_ROWS).astype(int)
    back = np.empty(len(x), dtype=int)
    back[problem.samples.order.numpy()] = np.arange(len(x))
    wrong = (1 + counts[back[rows]] != definition.kstar(feature_set.features, y, rows=rows)).sum()
    n, work = len(x), kernels.work
    width = 0 if engine.directions is None else engine.directions.shape[1] + 1
    early = work.get("tiles that end early", 0) / work["tiles"]
    per_sample = [work.get(k, 0) / n for k in ("survivors", "screened", "measured", "left open")]
    cells = [feature_set.name, f"{n} x {x.shape[1]}", str(width or x.shape[1]), f"{early:.1%}"]
    cells += [f"{number:.1f}" for number in per_sample]
    return f"| {' | '.join(cells)} | {wrong} of {CHECKED_ROWS} |"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="fc1,conv3,effnet,minilm,gaussian:20000x512")
    parser.add_argument("--size", type=int, help="keep this many samples of each set")
    arguments = parser.parse_args()
    print(
        "| set | size | width | tiles that end early | survivors per sample | screened | "
        "measured | left open by Count | wrong |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name in arguments.sets.split(","):
        print(count_work(load(name, arguments.size)), flush=True)


if __name__ == "__main__":
    main()
