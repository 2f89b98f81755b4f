"""The torch engine: bounded work."""

import numpy as np
import pytest
import torch
from families import HARD, HARD_SAMPLES

from kstar_gpu.backends.torch import Engine
from kstar_gpu.problem import make_classes, make_problem

CPU = torch.device("cpu")


@pytest.mark.parametrize("case", HARD)
def test_few_pairs_are_refined(case, monkeypatch, rng):
    x, y = HARD[case](rng)
    refined = []
    plain = Engine.distances

    def counted(engine, samples, references):
        refined.append(len(samples))
        return plain(engine, samples, references)

    monkeypatch.setattr(Engine, "distances", counted)
    problem = make_problem(np.asarray(x), None, make_classes(y, None), "euclidean", CPU)
    engine = Engine(problem, CPU, None, False)
    engine.count_within(engine.nearest_foreign()[0])
    assert sum(refined) <= 3 * HARD_SAMPLES
