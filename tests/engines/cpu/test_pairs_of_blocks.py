"""Two blocks of samples ask about each other by the same products.

What either knows goes in, and comes out where the other knows nothing nearer.
"""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from helpers.families import duplicates, gaussian, lattice, near_duplicates, outlier

pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")

from kstar_gpu.definition import squared_distances
from kstar_gpu.engines.cpu import _cpu
from kstar_gpu.engines.cpu.algebra import Crew
from kstar_gpu.engines.cpu.balls import choose_unit, make_certificate, make_full, make_narrow
from kstar_gpu.engines.cpu.byte_balls import choose_coarsening
from kstar_gpu.engines.cpu.common import Common, first_balls

D = 40
LOOKS = ["full", "narrow", "bytes", "narrow bytes"]


class Block(NamedTuple):
    """Samples, and what they know: the nearest foreign one's squared distance and id."""

    x: np.ndarray
    codes: np.ndarray
    ids: np.ndarray
    squared: np.ndarray
    nearest: np.ndarray


@pytest.fixture(params=_cpu.targets())
def target(request):
    """Every instruction set that this machine can run."""
    return request.param


def blocks_of(rng, x, codes):
    """Cut samples into two blocks; ids are neither their order nor near each other."""
    ids = rng.permutation(10**6)[: len(x)]
    blocks = []
    for part in np.split(np.arange(len(x)), [len(x) * 3 // 5]):
        part = part[np.argsort(codes[part], kind="stable")]
        nothing = np.full(len(part), np.inf), np.full(len(part), -1)
        blocks.append(Block(x[part], codes[part].astype(np.int32), ids[part], *nothing))
    return blocks


def sides_of(blocks, look, rng, crew):
    """Return the blocks as the extension takes them, with what a search is to look at first."""
    lengths = [np.sqrt((block.x**2).sum(1)) * (1 + 1e-12) for block in blocks]
    scale, longest = choose_unit(np.concatenate(lengths), D)
    centre = np.zeros(D)
    rows = [_cpu.Members(b.x, "float64", None, np.arange(len(b.x))) for b in blocks]
    full = [
        make_full(some, length, centre, scale, longest, crew)
        for some, length in zip(rows, lengths, strict=True)
    ]
    fitting = make_certificate(full, scale, np.concatenate(lengths), D)
    directions = coarsening = None
    some = [full[1].taken(np.flatnonzero(np.isfinite(full[1].radii)))]
    if "narrow" in look:
        directions = torch.from_numpy(np.linalg.qr(rng.standard_normal((D, 8)))[0])
        some = make_narrow(some, directions, fitting, crew)
    if "bytes" in look:
        coarsening = choose_coarsening(some[0], fitting, crew)
        assert coarsening is not None
    common = Common(centre, scale, longest, directions, coarsening)
    first, certificate = first_balls(common, full, fitting, np.concatenate(lengths), crew)
    assert (first[0].sums is not None) == ("bytes" in look)
    weights = [np.ones(len(block.x), np.int32) for block in blocks]
    return [
        _cpu.Side(r, b.codes, b.ids, w, f.native(fitting), n.native(certificate))
        for r, b, w, f, n in zip(rows, blocks, weights, full, first, strict=True)
    ]


def wanted(block, other):
    """Return what each sample of a block knows once it has met the other block."""
    squared, ids = block.squared.copy(), block.nearest.copy()
    for i, sample in enumerate(block.x):
        foreign = other.codes != block.codes[i]
        d2 = squared_distances(sample, other.x[foreign])
        met = [(squared[i], ids[i]), *zip(d2, other.ids[foreign], strict=True)]
        squared[i], ids[i] = min(met)
    return squared, ids


def assert_both_are_told(blocks, look, crew, rng):
    sides = sides_of(blocks, look, rng, crew)
    columns = [column.copy() for block in blocks for column in (block.squared, block.nearest)]
    _cpu.nearest_foreign(*sides, *columns, *crew, None)
    for found, (block, other) in zip(
        (columns[:2], columns[2:]), (blocks, blocks[::-1]), strict=True
    ):
        squared, ids = wanted(block, other)
        np.testing.assert_array_equal(found[0], squared)
        np.testing.assert_array_equal(found[1], ids)
    alone = [column.copy() for column in blocks[0][3:]]
    _cpu.nearest_foreign(*sides, *alone, None, None, *crew, None)
    np.testing.assert_array_equal(alone, columns[:2])


FAMILIES = [gaussian, lattice, duplicates, near_duplicates, outlier]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("threads", [1, 8])
def test_both_sides_are_told(threads, family, look, target, rng):
    x = family(rng, 500, D).astype(np.float64)
    blocks = blocks_of(rng, x, rng.integers(0, 5, 500))
    assert_both_are_told(blocks, look, Crew(threads, target), rng)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("family", [gaussian, lattice])
def test_what_is_known_before_stays_unless_something_is_nearer(family, look, target, rng):
    x = family(rng, 500, D).astype(np.float64)
    blocks = blocks_of(rng, x, rng.integers(0, 5, 500))
    knowing = []
    for block, other in (blocks, blocks[::-1]):
        squared, ids = wanted(block, other)
        # Farther, as near with a higher and with a lower id, nearer, at distance 0, and nothing.
        kind = rng.integers(0, 6, len(squared))
        known = squared * np.array([2, 1, 1, 0.5, 0, np.inf])[kind]
        known_ids = ids + np.array([-1, 1, -1, 1, -(10**7), 0])[kind]
        knowing.append(block._replace(squared=known, nearest=known_ids))
    assert_both_are_told(knowing, look, Crew(2, target), rng)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("codes", [(0, 1), (1, 0), (3, 3)])
def test_blocks_of_one_class(codes, look, target, rng):
    x = rng.standard_normal((400, D))
    blocks = [
        block._replace(codes=np.full_like(block.codes, code))
        for block, code in zip(blocks_of(rng, x, np.zeros(400)), codes, strict=True)
    ]
    assert_both_are_told(blocks, look, Crew(2, target), rng)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("family", FAMILIES)
def test_own_samples_of_another_block_are_counted_for_both(family, look, target, rng):
    x = family(rng, 500, D).astype(np.float64)
    blocks = blocks_of(rng, x, rng.integers(0, 5, 500))
    # Some ask nothing: those at distance 0, and those that know of no foreign sample ask for all.
    radii = [wanted(*pair)[0] for pair in (blocks, blocks[::-1])]
    for column in radii:
        column[::7], column[3::7] = 0, np.inf
    sides = sides_of(blocks, look, rng, Crew(2, target))
    counts = [np.zeros(len(block.x), np.int64) for block in blocks]
    _cpu.count_within(*sides, radii[0], counts[0], radii[1], counts[1], 2, target, None)
    same = blocks[0].codes[:, None] == blocks[1].codes
    d2 = np.array([squared_distances(sample, blocks[1].x) for sample in blocks[0].x])
    np.testing.assert_array_equal(counts[0], (same & (d2 < radii[0][:, None])).sum(1))
    np.testing.assert_array_equal(counts[1], (same & (d2 < radii[1])).sum(0))
    alone = np.zeros_like(counts[0])
    _cpu.count_within(*sides, radii[0], alone, None, None, 2, target, None)
    np.testing.assert_array_equal(alone, counts[0])


@pytest.mark.parametrize("sign", [1, -1])
def test_the_widest_points_of_the_largest_bytes(sign, target, rng):
    """Squared distances of nearly 2^31, in units of bytes."""
    width, largest = 1 << 15, _cpu.largest_byte(target)
    numbers = np.full((12, width), largest, dtype=np.int8)
    numbers[6:] *= sign
    numbers[np.arange(12), rng.integers(0, width, 12)] *= -1
    squares = np.full(12, largest**2 * width, dtype=np.int32)
    x, codes = numbers.astype(np.float64), np.repeat([0, 1], 6).astype(np.int32)
    order, ones, radii = np.arange(12), np.ones(12, np.int32), np.zeros(12)
    certificate = _cpu.Certificate(1.0, 2.0**-40, 0.0, 0.0, 0.0)
    sums = numbers.sum(1, dtype=np.int32)
    balls = _cpu.Balls(numbers, width, squares, sums, radii, certificate)
    fine = _cpu.Balls(numbers.astype(np.int16), width, squares, None, radii, certificate)
    rows = _cpu.Members(x, "float64", None, order)
    side = _cpu.Side(rows, codes, order, ones, fine, balls)
    squared, ids = np.full(12, np.inf), np.full(12, -1)
    _cpu.nearest_foreign(side, None, squared, ids, None, None, 2, target, None)
    nothing = np.full(12, np.inf), np.full(12, -1)
    block = Block(x, codes, order, *nothing)
    np.testing.assert_array_equal((squared, ids), wanted(block, block))
