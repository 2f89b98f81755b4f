"""The steps of a call: which of them there are depends on the classes, results do not."""

import numpy as np
from helpers import ranks
from helpers.families import lattice
from helpers.shards import even


def test_a_class_larger_than_a_share_beside_small_ones(rng, tmp_path):
    """The large ones are counted in rounds, the small ones in one place; of none there is one."""
    x = lattice(rng, 2000, 4).astype(np.float32)
    y = np.where(np.arange(2000) < 1800, 0, np.arange(2000) % 7)
    y[-1] = 9
    parts = ranks.cut(rng, x, y, 4, even)
    cases = [(parts, {"fault": fault}) for fault in ("both", "together", "alone each")]
    for found in ranks.run(cases, 4, tmp_path):
        ranks.assert_as_whole(found, parts, x, y)
