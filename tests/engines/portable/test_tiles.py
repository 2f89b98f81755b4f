"""The walks of the torch engine meet every pair that they are asked about, once."""

from types import SimpleNamespace

import numpy as np
import pytest

from kstar_gpu.engines.portable.tiles import class_tiles, foreign_tiles

SIDE = 8


def sorted_codes(rng, classes):
    return SimpleNamespace(codes=np.sort(rng.integers(0, classes, rng.integers(2, 60))))


@pytest.mark.parametrize(("walk", "foreign"), [(foreign_tiles, True), (class_tiles, False)])
@pytest.mark.parametrize("self_form", [True, False])
@pytest.mark.parametrize("classes", [1, 2, 5, 30])
def test_every_pair_once(walk, foreign, self_form, classes, rng):
    for _ in range(20):
        samples = sorted_codes(rng, classes)
        references = samples if self_form else sorted_codes(rng, classes)
        problem = SimpleNamespace(samples=samples, references=references, self_form=self_form)
        wanted = (samples.codes[:, None] != references.codes) == foreign
        met = np.zeros(wanted.shape, dtype=int)
        for tile in walk(problem, SIDE):
            here = np.zeros_like(met)
            here[tile.samples, tile.references] = 1
            assert max(here.any(1).sum(), here.any(0).sum()) <= SIDE
            assert tile.mixed or wanted[here == 1].all()
            met += here + here.T if tile.both_ways else here
        assert (met[wanted] == 1).all()
