"""The first k* on the device, against the definition: if they differ, nothing else matters."""

import numpy as np
import torch

from kstar_gpu import definition, kstar
from visit.context import Visit

SHAPES = ((300, 20), (1500, 64), (1000, 333))
SHAPES_TO_REHEARSE = SHAPES[:1]
CLASSES = 5


def run(visit: Visit) -> None:
    """Compare all samples of a few small problems."""
    device = visit.device()
    rng = np.random.default_rng(0)
    wrong = 0
    for n, d in SHAPES_TO_REHEARSE if visit.rehearse else SHAPES:
        x, y = rng.standard_normal((n, d)).astype(np.float32), rng.integers(0, CLASSES, n)
        wanted = definition.table(x, y)
        found = kstar(torch.from_numpy(x).to(device), y, backend="cuda", return_foreign=True)
        differ = (found.kstar.cpu().numpy() != wanted.kstar).sum()
        differ += (found.index.cpu().numpy() != wanted.row).sum()
        visit.record("first", samples=n, dimensions=d, wrong=int(differ))
        wrong += int(differ)
    if wrong:
        raise SystemExit(f"{wrong} k* or nearest samples differ from the definition")
