"""Operations of torch by what they do to axes, by their names."""

import math
from collections.abc import Iterator

from torch import Size

CONVOLUTIONS = {f"conv{kind}{d}d" for kind in ("", "_transpose") for d in (1, 2, 3)} | {
    *("pixel_shuffle", "pixel_unshuffle")
}
# Whose channels come second, in and out, and stay the same ones.
SECOND = {
    f"{kind}pool{d}d"
    for kind in ("max_", "avg_", "adaptive_max_", "adaptive_avg_", "lp_")
    for d in (1, 2, 3)
} | {"batch_norm", "group_norm", "instance_norm", "local_response_norm", "interpolate"}
RECURRENT = {"lstm", "gru", "rnn_tanh", "rnn_relu"}
VIEWS = {
    *("permute", "transpose", "swapaxes", "swapdims", "movedim", "moveaxis", "t", "T", "mT", "H"),
    *("mH", "adjoint", "unsqueeze", "squeeze", "__getitem__", "select", "narrow"),
    *("chunk", "split", "split_with_sizes", "tensor_split", "unbind", "expand", "expand_as"),
}
RESHAPES = {"reshape", "view", "flatten", "unflatten", "reshape_as", "view_as"}
REDUCTIONS = {"mean", "sum", "amax", "amin", "max", "min", "std", "var", "norm", "logsumexp"}
# Sizes change, axes do not.
RESIZES = {"cat", "concat", "concatenate", "pad", "repeat_interleave", "index_select"}
UNCLEAR = {"einsum", "tensordot", "bmm", "baddbmm", "rot90", "view_as_real", "view_as_complex"}


def axes_taken(name: str, ndim: int) -> int:
    """Return how many axes a batch has for an operation such as conv2d."""
    return int(name[-2]) + 2 if name[-2:-1].isdigit() else ndim


def regrouped(before: Size, after: Size) -> Iterator[tuple[list[int], int]]:
    """Yield which axes become how many: the fewest whose sizes have one product."""
    start = end = 0
    while end < len(after):
        old, new = [start], 1
        end += 1
        start += 1
        while math.prod(before[axis] for axis in old) != math.prod(after[end - new : end]):
            if math.prod(before[axis] for axis in old) < math.prod(after[end - new : end]):
                old.append(start)
                start += 1
            else:
                new += 1
                end += 1
        yield old, new
