"""How much work the CUDA engine has on real features, counted without a GPU.

The engine's own Python runs on the CPU, and numpy stands in for its kernels: the same balls, the
same certificates, the same order of tiles. Counts also what the host has to do: launches, after
each of which it waits once, and torch's operations. Prints a line per set: run with --help for
arguments.
"""

import argparse
import ctypes
import importlib
import sys
from dataclasses import replace
from math import inf
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import torch
from feature_sets import FeatureSet, load
from numpy.typing import NDArray
from torch.utils._python_dispatch import TorchDispatchMode

import kstar_gpu.engines.cuda
from kstar_gpu import definition
from kstar_gpu.distance import row_chunks
from kstar_gpu.inputs.problem import make_classes, make_problem

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


class Operations(TorchDispatchMode):
    """How many operations torch is asked for."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch declares no types for it
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Count one."""
        self.count += 1
        return func(*args, **(kwargs or {}))


class Kernels(ModuleType):
    """Numpy in place of `kstar_gpu.engines.cuda._cuda`; `dry` ones find that no pair survives."""

    TILE_SIDE, DEPTH, WARP_PAIRS = SIDE, DEPTH, 2048

    def __init__(self, dry: bool) -> None:
        super().__init__("kstar_gpu.engines.cuda._cuda")
        self.dry = dry

    def __getattr__(self, name: str) -> Any:
        fields = {
            "Rows": "data element stride dimensions norms",
            "Members": "rows place number",
            "Side": "points seeds codes count width",
            "Walk": "rows columns same foreign strips strip_count first count done",
            "Survivors": "pairs capacity cursor",
            "Reach": "radii slack thresholds",
            "Sieve": "rows columns unit above farther",
            "Radii": "outer inner give weights counts squared members",
            "Nearest": "squared row noted_at limit settled",
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

    def _products(self, walk: Any, tiles: Any) -> Any:
        """Give the positions of tiles and their products; those not asked about at -infinity."""
        rows, columns = walk.rows, walk.columns
        x = at(rows.points, np.float16, rows.count, rows.width)
        y = at(columns.points, np.float16, columns.count, rows.width)
        codes = at(rows.codes, np.int32, rows.count)
        others = at(columns.codes, np.int32, columns.count)
        seeds = at(rows.seeds, np.float32, rows.count)
        other_seeds = at(columns.seeds, np.float32, columns.count)
        for r, c in tiles:
            i = np.arange(r * SIDE, min((r + 1) * SIDE, rows.count))
            j = np.arange(c * SIDE, min((c + 1) * SIDE, columns.count))
            asked = (codes[i, None] != others[j]) == walk.foreign
            if walk.same:
                asked &= i[:, None] < j
            if not asked.any():
                continue
            left, right = x[i].astype(np.float32), y[j].astype(np.float32)
            head = left[:, :DEPTH] @ right[:, :DEPTH].T + (seeds[i, None] + other_seeds[j])
            acc = head + left[:, DEPTH:] @ right[:, DEPTH:].T
            yield i, j, np.where(asked, acc, -np.inf), np.where(asked, head, -np.inf)

    def _undone(self, walk: Any) -> Any:
        """Give the number of each tile of a launch that is not done, and its blocks."""
        strips = at(walk.strips, np.int64, walk.strip_count, 6)
        numbers = np.flatnonzero(at(walk.done, np.int32, walk.count) == 0)
        which = np.searchsorted(strips[:, 0], walk.first + numbers, side="right") - 1
        start, row, column, stride, height, _ = strips[which].T
        across, down = np.divmod(walk.first + numbers - start, height)
        return zip(numbers, row + stride * down, column + stride * across, strict=True)

    def _append(self, survivors: Any, pairs: NDArray[Any], products: NDArray[Any]) -> bool:
        cursor = at(survivors.cursor, np.int64, 5)
        start, end = cursor[0], cursor[0] + len(pairs)
        cursor[0] = end
        if end > survivors.capacity:
            cursor[-1] = min(start, cursor[-1].astype(np.uint64))
            return False
        places = at(survivors.pairs, np.int32, survivors.capacity, 3)[start:end]
        places[:, :2] = pairs
        places[:, 2] = products.view(np.int32)
        return True

    def _found(self, survivors: Any) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the pairs that a launch left open, and their products."""
        reserved, *_, ended = at(survivors.cursor, np.int64, 5).view(np.uint64)
        places = at(survivors.pairs, np.int32, survivors.capacity, 3)[: int(min(reserved, ended))]
        return places[:, :2], places[:, 2].copy().view(np.float32)

    def seed(self, walk: Any, sieve: Any, nearest: Any, *_: int) -> None:
        """Bound how far rows must look."""
        if self.dry:
            return
        strips = at(walk.strips, np.int64, walk.strip_count, 6)
        tiles = [
            (row + down, column + across)
            for _, row, column, _, height, width in strips
            for across in range(width)
            for down in range(height)
        ]
        for i, j, acc, _head in self._products(walk, tiles):
            column = acc.argmax(1)
            product = acc[np.arange(len(i)), column]
            _limit(nearest, i, _at_most(sieve, i, j[column], product))

    def search(
        self,
        walk: Any,
        sieve: Any,
        row_tails: int,
        column_tails: int,
        full_rows: Any,
        full_columns: Any,
        full: Any,
        rows: Any,
        columns: Any,
        row_nearest: Any,
        column_nearest: Any,
        survivors: Any,
        *_: int,
    ) -> None:
        """Keep the nearest foreign samples among the pairs of tiles."""
        at(survivors.cursor, np.int64, 5)[:] = 0, 0, 0, 0, -1
        if self.dry:
            return
        own, other = self._renewed(walk, sieve, row_nearest, column_nearest)
        done = at(walk.done, np.int32, walk.count)
        for number, r, c in self._undone(walk):
            done[number] = 1
            for i, j, acc, head in self._products(walk, [(r, c)]):
                least = np.minimum(own[i, None], other[j])
                if row_tails and walk.rows.width > DEPTH:
                    tails = _of(row_tails, i)[:, None] * _of(column_tails, j)
                    if not (head + tails >= least).any():
                        at(survivors.cursor, np.int64, 5)[3] += 1
                        continue
                at(survivors.cursor, np.int64, 5)[2] += 1
                a, b = np.nonzero(acc >= least)
                done[number] = self._append(survivors, np.stack([i[a], j[b]], 1), acc[a, b])
        pairs, products = self._found(survivors)
        i, j = pairs.T
        if full_rows.points != walk.rows.points:
            products = _full_products(full_rows, full_columns, i, j)
        distances = _at_most(full, i, j, products)
        _limit(row_nearest, i, distances)
        if column_nearest.limit:
            _limit(column_nearest, j, distances)
        first = distances <= _all(row_nearest.limit, i)
        if column_nearest.limit:
            first |= distances <= _all(column_nearest.limit, j)
        self._measure(rows, columns, i[first], j[first], row_nearest, column_nearest)
        own, other = self._renewed(walk, full, row_nearest, column_nearest)
        then = ~first & (products >= np.minimum(own[i], other[j]))
        self._measure(rows, columns, i[then], j[then], row_nearest, column_nearest)
        at(survivors.cursor, np.int64, 5)[1] = np.count_nonzero(first | then)

    def _measure(
        self, rows: Any, columns: Any, i: Any, j: Any, row_nearest: Any, column_nearest: Any
    ) -> None:
        """Measure pairs, and keep the nearest."""
        for chunk in row_chunks(len(i), rows.rows.dimensions):
            a, b = i[chunk], j[chunk]
            squared = _canonical(rows_of(rows, a), rows_of(columns, b))
            _keep(row_nearest, a, squared, at(columns.number, np.int64, int(b.max()) + 1)[b])
            if column_nearest.squared:
                _keep(column_nearest, b, squared, at(rows.number, np.int64, int(a.max()) + 1)[a])

    def _renewed(self, walk: Any, sieve: Any, row_nearest: Any, column_nearest: Any) -> Any:
        """Return the thresholds of rows and columns by what is known now."""
        for nearest, reach, side in (
            (row_nearest, sieve.rows, walk.rows),
            (column_nearest, sieve.columns, walk.columns),
        ):
            if nearest.squared:
                known = at(nearest.squared, np.float64, side.count)
                radius = np.sqrt(known) * sieve.unit
                radius = np.minimum(radius, at(nearest.limit, np.float64, side.count))
                far = radius * sieve.above + at(reach.radii, np.float64, side.count)
                lowest = np.finfo(np.float32).min
                threshold = np.maximum(-sieve.farther * far * far, lowest).astype(np.float32)
                below = np.nextafter(threshold, np.float32(lowest))
                settled = at(nearest.settled, np.bool_, side.count)
                at(reach.thresholds, np.float32, side.count)[:] = np.where(settled, np.inf, below)
        return (
            at(sieve.rows.thresholds, np.float32, walk.rows.count),
            at(sieve.columns.thresholds, np.float32, walk.columns.count),
        )

    def count(self, walk: Any, rows: Any, columns: Any, survivors: Any, *_: int) -> None:
        """Count the pairs within a radius; measure those left open."""
        at(survivors.cursor, np.int64, 5)[:] = 0, 0, 0, 0, -1
        if self.dry:
            return
        done = at(walk.done, np.int32, walk.count)
        marks = np.iinfo(np.int32).min
        for number, r, c in self._undone(walk):
            done[number] = 1
            for i, j, acc, _head in self._products(walk, [(r, c)]):
                at(survivors.cursor, np.int64, 5)[2] += 1
                inside = acc > _of(rows.inner, i)[:, None] + _of(columns.give, j)
                open_row = (acc >= _of(rows.outer, i)[:, None]) & ~inside
                inside_column = acc > _of(columns.inner, j) + _of(rows.give, i)[:, None]
                open_column = (acc >= _of(columns.outer, j)) & ~inside_column
                a, b = np.nonzero(open_row | open_column)
                pairs = np.stack([i[a], j[b]], 1).astype(np.int32)
                pairs[:, 0] |= np.where(open_row[a, b], marks, 0).astype(np.int32)
                pairs[:, 1] |= np.where(open_column[a, b], marks, 0).astype(np.int32)
                done[number] = self._append(survivors, pairs, acc[a, b])
                if done[number]:
                    _of(rows.counts, i, np.int32)[:] += inside @ _of(columns.weights, j, np.int32)
                    weights = _of(rows.weights, i, np.int32)
                    _of(columns.counts, j, np.int32)[:] += inside_column.T @ weights
        pairs, _products = self._found(survivors)
        asks, positions = pairs < 0, pairs & np.iinfo(np.int32).max
        for chunk in row_chunks(len(pairs), rows.members.rows.dimensions):
            i, j = positions[chunk].T
            squared = _canonical(rows_of(rows.members, i), rows_of(columns.members, j))
            for side, (one, another, own, other) in enumerate(
                ((rows, columns, i, j), (columns, rows, j, i))
            ):
                radii = at(one.squared, np.float64, own.max() + 1)[own]
                within = asks[chunk, side] & (squared < radii)
                added = at(another.weights, np.int32, other.max() + 1)[other]
                np.add.at(at(one.counts, np.int32, own.max() + 1), own[within], added[within])


def _at_most(sieve: Any, i: Any, j: Any, products: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return distances that those of pairs do not exceed (csrc/cuda/thresholds.hpp)."""
    slack = _all(sieve.rows.slack, i) + _all(sieve.columns.slack, j)
    radii = _all(sieve.rows.radii, i) + _all(sieve.columns.radii, j)
    far = np.sqrt(np.maximum(0, slack - 2 * products.astype(np.float64)))
    distances: NDArray[np.float64] = (far + radii) * (1 + 2.0**-40) * sieve.above
    return distances


def _limit(nearest: Any, own: Any, distances: NDArray[np.float64]) -> None:
    if len(own):
        np.minimum.at(at(nearest.limit, np.float64, int(own.max()) + 1), own, distances)


def _full_products(rows: Any, columns: Any, i: Any, j: Any) -> NDArray[np.float32]:
    products = np.empty(len(i), np.float32)
    for chunk in row_chunks(len(i), rows.width):
        x = at(rows.points, np.float16, rows.count, rows.width)[i[chunk]]
        y = at(columns.points, np.float16, columns.count, rows.width)[j[chunk]]
        products[chunk] = np.einsum("ik,ik->i", x.astype(np.float32), y.astype(np.float32))
    products += _all(rows.seeds, i, np.float32) + _all(columns.seeds, j, np.float32)
    return products


def _all(address: int, positions: Any, kind: Any = np.float64) -> NDArray[Any]:
    values: NDArray[Any] = at(address, kind, int(positions.max(initial=0)) + 1)[positions]
    return values


def _of(address: int, positions: NDArray[np.int64], kind: Any = np.float32) -> NDArray[Any]:
    return at(address, kind, int(positions[-1]) + 1)[positions[0] :]


def _canonical(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return definition.squared_distances(np.zeros(x.shape[1]), x - y)


def _keep(nearest: Any, own: Any, squared: Any, numbers: Any) -> None:
    count = int(own.max()) + 1
    best, row = at(nearest.squared, np.float64, count), at(nearest.row, np.int64, count)
    before = best[own]
    np.minimum.at(best, own, squared)
    row[own[best[own] < before]] = np.iinfo(np.int64).max
    reached = squared == best[own]
    np.minimum.at(row, own[reached], numbers[reached])


def count_work(feature_set: FeatureSet, dry: bool) -> str:
    """Run the engine on one set, and return its counts as a line of a table."""
    kernels = Kernels(dry)
    vars(kstar_gpu.engines.cuda)["_cuda"] = sys.modules["kstar_gpu.engines.cuda._cuda"] = kernels
    for name in ("balls", "memory", "engine"):
        sys.modules.pop(f"kstar_gpu.engines.cuda.{name}", None)
    cuda = importlib.import_module("kstar_gpu.engines.cuda.engine")
    balls = importlib.import_module("kstar_gpu.engines.cuda.balls")
    # As if there were so many samples that choosing directions pays.
    vars(balls)["COSTS"] = replace(vars(balls)["COSTS"], worth=inf if dry else 0)
    x, y = torch.from_numpy(feature_set.features), feature_set.labels
    problem = make_problem(x, None, make_classes(y, None), "euclidean", torch.device("cpu"))
    with Operations() as operations:
        engine = cuda.Engine(problem, torch.device("cpu"), None, False)
        squared, _ = engine.nearest_foreign()
        counts = engine.count_within(squared).numpy()
    rows = np.linspace(0, len(x) - 1, CHECKED_ROWS).astype(int)
    back = np.empty(len(x), dtype=int)
    back[problem.samples.order.numpy()] = np.arange(len(x))
    n, search, count = len(x), engine.work["search"], engine.work["count"]
    cells = [feature_set.name, f"{n} x {x.shape[1]}", str(engine.width)]
    cells += [str(search["launches"] + count["launches"]), str(operations.count)]
    if not dry:
        truth = definition.kstar(feature_set.features, y, rows=rows)
        wrong = (1 + counts[back[rows]] != truth).sum()
        cells += [f"{search['early'] / (search['tiles'] + search['early']):.1%}"]
        per_sample = search["survivors"], search["measured"], count["survivors"]
        cells += [f"{number / n:.1f}" for number in per_sample]
        cells += [f"{wrong} of {CHECKED_ROWS}"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="fc1,conv3,effnet,minilm,gaussian:20000x512")
    parser.add_argument("--size", type=int, help="keep this many samples of each set")
    parser.add_argument("--dry", action="store_true", help="multiply nothing: launches alone")
    arguments = parser.parse_args()
    titles = ["set", "size", "width", "launches", "torch operations"]
    if not arguments.dry:
        titles += ["tiles that end early", "survivors per sample", "measured"]
        titles += ["left open by Count", "wrong"]
    print(f"| {' | '.join(titles)} |")
    print("|---" * len(titles) + "|")
    for name in arguments.sets.split(","):
        print(count_work(load(name, arguments.size), arguments.dry), flush=True)


if __name__ == "__main__":
    main()
