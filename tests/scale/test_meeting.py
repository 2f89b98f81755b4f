"""Shards that meet those of other ranks tell each other what is nearer, and by which id."""

import numpy as np
import pytest
from helpers import ranks
from helpers.families import labels, lattice
from helpers.shards import uneven


def test_by_distance_alone_ties_would_depend_on_the_ranks(rng, tmp_path):
    x, y = lattice(rng, 300, 3).astype(np.float32), labels(rng, 300, 3)
    parts = ranks.cut(rng, x, y, 4, uneven)
    [found] = ranks.run([(parts, {"fault": "ties", "backend": "torch"})], 4, tmp_path)
    with pytest.raises(AssertionError, match="not equal"):
        ranks.assert_as_whole(found, parts, x, y)
