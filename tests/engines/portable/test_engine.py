"""The torch engine: bounded work."""

import pytest
import torch
from helpers.families import HARD, HARD_SAMPLES, problem_of

from kstar_gpu.engines.portable.engine import Engine
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
