"""k* over the ranks of a torch.distributed group, each of which has some of the samples.

Here what the ranks were given is checked; `owners` says which samples are whose, and `meeting`
finds their answers.
"""

import os
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..cpu_tensors import contiguous, flattened, taken
from ..engines.denormals import denormals_kept
from ..engines.duplicates import NO_ROW
from ..engines.registry import choose_pairs, computing_device
from ..engines.shards import Few, Pairs, Shard, Summary, centre_of
from ..engines.torch_state import exactly
from ..files import as_path, check_target, make_folder
from ..inputs.arrays import KStarForeign, restorer, to_tensor
from ..inputs.devices import check_computes, float64_device
from ..inputs.labels import encode_both, label_array
from ..inputs.metrics import METRICS, check_metric
from ..inputs.problem import Integers, check_shape, checked_magnitude, normalized
from .dealing import Dealing, is_worth
from .meeting import Meeting
from .owners import Own, numbered, shared
from .ranks import Ranks
from .rounds import Rounds
from .shards import Found, make_census, make_shard


def kstar(
    features: Any,
    labels: Any,
    *,
    index: Any = None,
    group: Any = None,
    checkpoint: str | os.PathLike[str] | None = None,
    metric: str = "euclidean",
    normalize: bool = False,
    backend: str = "auto",
    device: str | torch.device | None = None,
    return_foreign: bool = False,
) -> Any:
    """Return the k* of this rank's samples among those of all ranks; called by all of them.

    Results are those of `kstar_gpu.kstar` of all samples in the order of their ids, bit for bit.
    Refused: references, distances that are given, a memory limit. Communication over NCCL is
    written, but was never run.

    Parameters
    ----------
    features : (n, d) or (n, ...) numbers
        As for `kstar_gpu.kstar`; n may be 0, but not on all ranks. Of any float type on each.
    labels : (n,) labels
        All ranks together need two classes.
    index : (n,) integers from 0, optional
        Ids of the samples among all. Samples of one id are one, as those that a DistributedSampler
        repeats: the first on the lowest rank counts, all get its answer. By default all samples are
        different ones, numbered from the lowest rank on.
    group : torch.distributed.ProcessGroup, optional
        By default that of all ranks.
    checkpoint : folder, optional
        Each rank keeps there what it has found, round by round, until the call ends well. A call
        with the same samples, labels and metric on each of as many ranks goes on from there; one
        with others is refused. The folder may be one of all ranks, or each one's own.
    metric, normalize, backend, device, return_foreign
        As for `kstar_gpu.kstar`. Backend and device may differ from rank to rank.

    Returns
    -------
    (n,) as from `kstar_gpu.kstar`, of this rank's samples. The nearest foreign sample is told by
    its id.

    Raises
    ------
    ValueError, TypeError
        The same on all ranks, whichever was given what does not fit.
    MemoryError
        Where this rank's memory does not suffice.
    RuntimeError
        Where another rank has failed, or was killed.
    OSError
        Where the checkpoint could not be written, or read.
    """
    with Ranks(group) as ranks, denormals_kept():
        given = ranks.agreed(
            lambda: _given(features, labels, index, checkpoint, metric, backend, device),
            "arguments",
        )
        asked = (metric, bool(normalize), bool(return_foreign), index is None, checkpoint is None)
        facts = ranks.gather((asked, given.values.shape[1], given.distinct, len(given.codes)))
        codes, classes = ranks.agreed(lambda: _union(facts, ranks.rank, given.codes), "arguments")
        own = numbered(ranks, given.ids, codes, [fact[3] for fact in facts])
        found, sizes = exactly(
            lambda: _found(ranks, given, own, classes, metric), given.place, _smallest(given.pairs)
        )
        restore = restorer(features)
        values = restore(normalized(found.kstar, codes, sizes) if normalize else found.kstar)
        if not return_foreign:
            return values
        distance = METRICS[metric].distance(found.squared)
        return KStarForeign(values, restore(distance), restore(found.index))


def _smallest(pairs: Pairs[Any]) -> list[Tensor]:
    """Return a number like the smallest that other ranks' rows may bring to torch's workers."""
    if not pairs.computes_with_torch:
        return []
    return [torch.ones(1, dtype=torch.int64, device="cpu").view(torch.float64)]


class _Given(NamedTuple):
    """What one rank was given, checked as far as it can be alone."""

    values: Tensor
    codes: Integers
    distinct: NDArray[Any]
    ids: Integers | None
    place: torch.device
    pairs: Pairs[Any]
    folder: Path | None


def _given(
    features: Any,
    labels: Any,
    index: Any,
    checkpoint: Any,
    metric: str,
    backend: str,
    device: Any,
) -> _Given:
    check_metric(metric)
    values = to_tensor(features, "features")
    array = label_array(labels, "labels")
    if values.ndim >= 2 and len(values) == 0 == len(array):
        values = values.reshape(0, int(np.prod(values.shape[1:])))
    else:
        check_shape(tuple(values.shape), "features", len(array), "labels")
        values = contiguous(flattened(values))
    distinct, codes = np.unique(array, return_inverse=True)
    ids = None if index is None else _checked_ids(index, len(array))
    place = computing_device(values, backend, device)
    pairs = choose_pairs(backend, metric, place)
    check_computes(place)
    folder = None if checkpoint is None else as_path(checkpoint, "checkpoint")
    if folder is not None:
        make_folder(folder)
        check_target(folder / "round")
    return _Given(values, codes.astype(np.int64), distinct, ids, place, pairs, folder)


def _checked_ids(index: Any, count: int) -> Integers:
    ids = label_array(index, "index")
    if ids.dtype.kind not in "iu" and count > 0:
        raise TypeError(f"index: integers are wanted, got {ids.dtype}")
    if len(ids) != count:
        raise ValueError(f"index: one id per sample is wanted ({count}), got {len(ids)}")
    if count > 0 and (ids.min() < 0 or ids.max() >= NO_ROW):
        raise ValueError(f"index: ids from 0 are wanted, got {ids.min()} to {ids.max()}")
    return ids.astype(np.int64)


def _union(facts: list[Any], rank: int, codes: Integers) -> tuple[Integers, int]:
    """Return the codes of this rank's samples among the classes of all, and how many these are."""
    asked = [fact[0] for fact in facts]
    if len({*asked}) > 1:
        raise ValueError(
            "metric, normalize, return_foreign, and whether index and checkpoint are None: the "
            f"same is wanted on all ranks, got {asked}"
        )
    widths = [fact[1] for fact in facts]
    if len({*widths}) > 1 or widths[0] == 0:
        raise ValueError(
            f"features: as many per sample on all ranks are wanted, at least one, got {widths}"
        )
    distinct = [fact[2] for fact in facts if len(fact[2]) > 0]
    classes = distinct[0] if distinct else np.empty(0, np.int64)
    for others in distinct[1:]:
        classes = encode_both(classes, others)[2]
    if len(classes) < 2:
        raise ValueError(f"labels: at least two classes are wanted, got {len(classes)}")
    own = facts[rank][2]
    if len(own) == 0:
        return codes, len(classes)
    return encode_both(classes, own)[1][codes], len(classes)


def _found(
    ranks: Ranks, given: _Given, own: Own, classes: int, metric: str
) -> tuple[Found, Integers]:
    """Return this rank's answers in the order of its input, and the sizes of all classes."""
    pairs = given.pairs

    def shard_of(values: Tensor, codes: Integers, ids: Integers) -> Shard:
        return make_shard(values, codes, ids, metric, float64_device(given.place))

    codes, ids = own.codes[own.kept], own.ids[own.kept]
    table = np.array(ranks.gather(np.bincount(codes, minlength=classes)))
    dealing = Dealing(ranks, table, codes) if is_worth(table) else None

    def kept() -> Tensor:
        every = own.kept.all()
        if dealing is not None or not every:
            checked_magnitude(given.values, "features")  # names the row as it was given
        return given.values if every else taken(given.values, np.flatnonzero(own.kept))

    values = ranks.agreed(kept, "features")
    if dealing is not None:
        values, codes, ids = dealing.dealt(values, codes, ids)
    shard = ranks.agreed(lambda: shard_of(values, codes, ids), "features")
    sizes = table.sum(0)
    few = Few.together(ranks.gather(Few.of(shard, int(sizes.sum()))))
    lengths = ranks.agreed(lambda: pairs.lengths(shard, centre_of([few])), "census")
    whole = reduce(add, ranks.gather(Summary.of(shard, lengths)))
    ranks.agreed(lambda: pairs.agree(make_census([few], [whole], metric)), "census")
    rounds = None if given.folder is None else Rounds(given.folder, ranks, shard, metric)
    known, counts = Meeting(ranks, pairs, shard, shard_of, rounds).answers()
    answers, of = Found(1 + counts, known.squared, known.ids), shard.ids
    if dealing is not None:
        answers, of = dealing.returned(answers, of), own.ids[own.kept]
    answers = shared(ranks, own, answers, of)
    if rounds is not None:
        rounds.forget()
    return answers, sizes
