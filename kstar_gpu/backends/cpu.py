"""The CPU engine: the walk of the torch engine, with canonical distances from compiled code."""

from typing import Any

import torch
from torch import Tensor

from .. import _cpu
from ..distance import row_chunks
from ..problem import Samples
from . import torch as torch_backend

CALL_ELEMENTS = 1 << 26  # a fraction of a second, so that Ctrl-C is heard between calls


class Engine(torch_backend.Engine):
    """See `backends.Engine`."""

    def distances(self, samples: Tensor, references: Tensor) -> Tensor:
        """Return the canonical squared distances between these positions, pair by pair."""
        ours, theirs = self.problem.samples, self.problem.references
        result = torch.empty(len(samples), dtype=torch.float64, device="cpu")
        for call in row_chunks(len(result), ours.values.shape[1], CALL_ELEMENTS):
            _cpu.squared_distances(
                *_unpacked(ours),
                *_unpacked(theirs),
                ours.order[samples[call]].numpy(),
                theirs.order[references[call]].numpy(),
                result[call].numpy(),
                torch.get_num_threads(),
            )
        return result


def _unpacked(side: Samples) -> tuple[Any, str, Any]:
    """Return values, element type and norms as the extension takes them."""
    type_name = str(side.values.dtype).removeprefix("torch.")
    # numpy has no bfloat16: hand over its bits.
    values = side.values.view(torch.int16) if type_name == "bfloat16" else side.values
    norms = None if side.norms is None else side.norms.numpy()
    return values.numpy(), type_name, norms
