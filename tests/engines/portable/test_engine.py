"""The torch engine: bounded work."""

import numpy as np
import pytest
import torch
from helpers.families import HARD, HARD_SAMPLES, problem_of

from kstar_gpu.engines.portable.engine import Engine, fingerprints_of
from kstar_gpu.inputs.problem import Problem

CPU = torch.device("cpu")


@pytest.mark.parametrize("case", HARD)
def test_few_pairs_are_refined(case, monkeypatch, rng):
    x, y = HARD[case](rng)
    refined = []
    plain = Problem.distances

    def counted(problem, samples, references):
        refined.append(len(samples))
        return plain(problem, samples, references)

    monkeypatch.setattr(Problem, "distances", counted)
    engine = Engine(problem_of(x, y), CPU, None, False)
    engine.count_within(engine.nearest_foreign()[0])
    assert sum(refined) <= 3 * HARD_SAMPLES


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_rows_share_a_fingerprint_and_no_others_do(dtype, rng):
    # Small integers: their bits are nearly all the same. Each row comes twice, with other zeros.
    x = rng.integers(0, 4, (3000, 70)).astype(dtype)
    x = np.concatenate([x, np.where(x == 0, dtype(-0.0), x)])
    (fingerprints,) = fingerprints_of(problem_of(x, np.arange(len(x)) % 2))
    assert len(np.unique(fingerprints)) == 3000
    order = np.argsort(np.arange(len(x)) % 2, kind="stable")
    in_input_order = np.empty_like(fingerprints)
    in_input_order[order] = fingerprints
    np.testing.assert_array_equal(in_input_order[:3000], in_input_order[3000:])
