"""Samples that lie on any number of ranks get what they would get together, bit for bit."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import ranks
from helpers.families import denormal_differences, labels, lattice
from helpers.shards import CUTS, uneven

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
        "whether index and checkpoint are None": (x, y, None),
        "reference_labels: the same kind": (x, y.astype(str), 40 + np.arange(40)),
    }
    one = (x, np.zeros(40, np.int64), good[2])
    more = [
        ([good, good], {"checkpoint": 3}, "checkpoint: a path is wanted"),
        ([good, good], {"metric": "precomputed"}, "metric"),
        ([good, good], {"backend": "gpu"}, "backend: 'auto'"),
        ([good, good], {"backend": 3}, "backend: a name is wanted"),
        ([one, one], {}, "at least two classes"),
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
    subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2",
         str(script), str(tmp_path)],
        check=True, timeout=120, cwd=script.parents[1],
    )  # fmt: skip
    x = np.random.default_rng(0).standard_normal((60, 4))
    wanted = kstar(x, np.arange(60) % 3)
    for rank in range(2):
        np.testing.assert_array_equal(np.load(tmp_path / f"{rank}.npy"), wanted[rank::2])
