"""Samples that lie on any number of ranks get what they would get together, bit for bit."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import ranks
from helpers.families import denormal_differences, labels, lattice
from helpers.shards import CUTS, class_sorted, even, one_class, uneven

from kstar_gpu import kstar


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_any_number_of_ranks(size, rng, tmp_path):
    """Ties, duplicates, empty ranks and those of one class, cosine, bfloat16, other backends."""
    x, y = lattice(rng, 200, 4).astype(np.float32), labels(rng, 200, 6)
    few = rng.standard_normal((30, 12))[rng.integers(0, 30, 200)]
    half = torch.from_numpy(1 + rng.integers(0, 4, (200, 9))).bfloat16()
    kinds = [(x, y, way, {"fault": fault}) for way in CUTS for fault in ("dealt", "not dealt")]
    kinds += [
        (few, y, uneven, {"normalize": True}),
        (half, y, uneven, {"metric": "cosine"}),
        (x, y, uneven, {"backend": "torch"}),
        (x, y, uneven, {"fault": "together"}),
        (x, y, uneven, {"fault": "alone each"}),
        (x, y, one_class, {"fault": "together"}),
        (x, y, uneven, {"fault": "elsewhere"}),
    ]
    cut = [ranks.cut(rng, data, y, size, way) for data, y, way, _ in kinds]
    cases = [(parts, options) for parts, (*_, options) in zip(cut, kinds, strict=True)]
    for found, parts, (data, y, _, options) in zip(
        ranks.run(cases, size, tmp_path), cut, kinds, strict=True
    ):
        options = {name: given for name, given in options.items() if name != "fault"}
        ranks.assert_as_whole(found, parts, data, y, **options)
        assert isinstance(found[0][0], type(data))


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_samples_among_references(size, rng, tmp_path):
    """Ties, classes that only one side has, ranks without any, repeated references, cosine."""
    x, y = lattice(rng, 120, 4).astype(np.float32), labels(rng, 120, 6)
    r, s = lattice(rng, 200, 4).astype(np.float32), 1 + labels(rng, 200, 6)
    kinds = [
        (uneven, {}),
        (uneven, {"metric": "cosine", "normalize": True}),
        (class_sorted, {"fault": "not dealt"}),
        (class_sorted, {"fault": "dealt"}),
        (even, {"fault": "together"}),
        (even, {"fault": "alone each"}),
        (one_class, {"backend": "torch"}),
    ]
    cases = []
    for way, options in kinds:
        shift = 3 if "metric" in options else 0  # no row of zeros
        samples = ranks.cut(rng, x + shift, y, size, way)
        others = ranks.cut(rng, r + shift, s, size, way)
        again = others[0][2][:3]
        others[-1] = tuple(
            np.concatenate([of, more])
            for of, more in zip(others[-1], (r[again] + shift, s[again], again), strict=True)
        )
        parts = [(*one, *other) for one, other in zip(samples, others[::-1], strict=True)]
        cases.append((parts, options))
    for found, (parts, options) in zip(ranks.run(cases, size, tmp_path), cases, strict=True):
        shift = 3 if "metric" in options else 0
        options = {name: given for name, given in options.items() if name != "fault"}
        whole = {"references": r + shift, "reference_labels": s}
        ranks.assert_as_whole(found, parts, x + shift, y, **whole, **options)


def test_the_smallest_numbers_of_another_rank_count(rng, tmp_path):
    """Whether torch's workers, or this rank's thread, flush what comes from another one."""
    x, y = denormal_differences(rng, 1000, 40), labels(rng, 1050, 3)
    x = np.concatenate([np.eye(1, 40).repeat(50, axis=0), x])
    own = [np.arange(50), 50 + np.arange(1000)]
    parts = [(x[part], y[part], part) for part in own]
    cases = [(parts, {"fault": "flush", "backend": backend}) for backend in ("auto", "torch")]
    for found in ranks.run(cases, 2, tmp_path):
        ranks.assert_as_whole(found, parts, x, y)


def test_bad_input_is_one_error_on_all_ranks(rng, tmp_path):
    x, y = lattice(rng, 40, 3), labels(rng, 40, 3)
    good = (x, y, np.arange(40))
    with_nan = x.astype(float)
    with_nan[7, 1] = np.nan
    bad = {
        "got NaN or infinity in row 7": (with_nan, y, 40 + np.arange(40)),
        "one label per sample": (x, y[1:], 40 + np.arange(40)),
        "as many per sample on all ranks": (x[:, :2], y, 40 + np.arange(40)),
        "with different labels": (x, y + 1, np.arange(40)),
        "ids from 0 are wanted": (x, y, np.arange(40) - 1),
        "integers are wanted": (x, y, y.astype(str)),
        "whether references, index, reference_index and checkpoint are None": (x, y, None),
        "labels: the same kind on all ranks is wanted": (x, y.astype(str), 40 + np.arange(40)),
    }
    one = (x, np.zeros(40, np.int64), good[2])
    more = [
        ([good, good], {"checkpoint": 3}, "checkpoint: a path is wanted"),
        ([good, good], {"metric": "precomputed"}, "metric"),
        ([good, good], {"backend": "gpu"}, "backend: 'auto'"),
        ([good, good], {"backend": 3}, "backend: a name is wanted"),
        ([one, one], {}, "at least two classes"),
        ([(*good, x, y), (*good, x)], {}, "reference_labels: references and reference_labels go"),
        ([(*good, x, y), good], {}, "whether references"),
        ([(x[:0], y[:0], y[:0], x, y)] * 2, {}, "features: at least one sample"),
        ([(*good, x, one[1])] * 2, {}, "reference_labels: at least two classes"),
        ([(*good, x[:, 1:], y)] * 2, {}, "references: as many features per sample"),
        ([(*good, None, None, y)] * 2, {}, "reference_index: goes with references"),
        (
            [(*good, x, y, 0 * y)] * 2,
            {},
            "reference_index: samples of one id are one",
        ),
    ]
    cases = [([good, part], {}) for part in bad.values()]
    cases += [(parts, options) for parts, options, _ in more]
    wanted = [*bad, *(message for *_, message in more)]
    for found, message in zip(ranks.run(cases, 2, tmp_path), wanted, strict=True):
        assert found[0] == found[1]
        assert found[0][0] in ("ValueError", "TypeError")
        assert message in found[0][1]


def test_under_torchrun(tmp_path):
    script = Path(ranks.__file__)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    # Not by its exit status: torch's processes over gloo abort at their exit, once in a while.
    subprocess.run([*torchrun, script, tmp_path], timeout=120, cwd=script.parents[1])
    x = np.random.default_rng(0).standard_normal((60, 4))
    wanted = kstar(x, np.arange(60) % 3)
    for rank in range(2):
        np.testing.assert_array_equal(np.load(tmp_path / f"{rank}.npy"), wanted[rank::2])
