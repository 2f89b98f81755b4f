"""k* over the ranks of a torch.distributed group, each of which has some of the samples.

Every rank meets the W // 2 ranks ahead of it, so that each pair of ranks meets once, by one of the
two: it gets the other's rows, lets both sides ask, and sends the other's answers back.
"""

from collections.abc import Callable
from functools import partial, reduce
from operator import add
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor

from ..cpu_tensors import contiguous, flattened
from ..engines.denormals import denormals_kept
from ..engines.duplicates import NO_ROW
from ..engines.registry import choose_pairs, default_device
from ..engines.shards import Few, Nearest, Pairs, Shard, Summary, centre_of
from ..engines.torch_state import exactly
from ..inputs.arrays import KStarForeign, restorer, to_tensor
from ..inputs.devices import check_computes, named_device
from ..inputs.labels import encode_both, label_array
from ..inputs.metrics import METRICS, check_metric
from ..inputs.problem import Integers, check_shape, checked_magnitude, normalized
from .shards import Found, make_census, make_shard

T = TypeVar("T")


def kstar(
    features: Any,
    labels: Any,
    *,
    index: Any = None,
    group: Any = None,
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
    RuntimeError
        Where another rank failed.
    """
    ranks = _Ranks(group)
    with denormals_kept():
        given = ranks.agreed(
            lambda: _given(features, labels, index, metric, backend, device), "arguments"
        )
        asked = (metric, bool(normalize), bool(return_foreign), index is None)
        facts = ranks.gather((asked, given.values.shape[1], given.distinct, len(given.codes)))
        codes, classes = ranks.agreed(lambda: _union(facts, ranks.rank, given.codes), "arguments")
        ids, kept = _numbered(ranks, given.ids, codes, [fact[3] for fact in facts])
        run = partial(_found, ranks, given, codes, ids, kept, metric)
        found, sizes = exactly(lambda: run(classes), given.place, [])
    restore = restorer(features)
    values = restore(normalized(found.kstar, codes, sizes) if normalize else found.kstar)
    if not return_foreign:
        return values
    distance = METRICS[metric].distance(found.squared)
    return KStarForeign(values, restore(distance), restore(found.index))


class _Given(NamedTuple):
    """What one rank was given, checked as far as it can be alone."""

    values: Tensor
    codes: Integers
    distinct: NDArray[Any]
    ids: Integers | None
    place: torch.device
    pairs: Pairs[Any]


def _given(
    features: Any, labels: Any, index: Any, metric: str, backend: str, device: Any
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
    place = default_device(backend, values) if device is None else named_device(device)
    pairs = choose_pairs(backend, metric, place)
    check_computes(place)
    return _Given(values, codes.astype(np.int64), distinct, ids, place, pairs)


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
            "metric, normalize, return_foreign, and whether there is an index: the same is wanted "
            f"on all ranks, got {asked}"
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


def _numbered(
    ranks: "_Ranks", ids: Integers | None, codes: Integers, counts: list[int]
) -> tuple[Integers, NDArray[np.bool_]]:
    """Return the ids of this rank's samples, and which of them are no repetition."""
    first = sum(counts[: ranks.rank])
    own = slice(first, first + len(codes))
    if ids is None:
        return np.arange(own.start, own.stop), np.ones(len(codes), np.bool_)
    told = ranks.gather((ids, codes))
    every, classes = (np.concatenate(column) for column in zip(*told, strict=True))
    _, firsts, which = np.unique(every, return_index=True, return_inverse=True)
    differ = np.flatnonzero(classes[firsts][which] != classes)
    if len(differ) > 0:
        raise ValueError(
            f"index: samples of one id are one, got id {every[differ[0]]} with different labels"
        )
    kept = np.zeros(len(every), np.bool_)
    kept[firsts] = True
    return ids, kept[own]


def _found(
    ranks: "_Ranks",
    given: _Given,
    codes: Integers,
    ids: Integers,
    kept: NDArray[np.bool_],
    metric: str,
    classes: int,
) -> tuple[Found, Integers]:
    """Return this rank's answers in the order of its input, and the sizes of all classes."""
    pairs = given.pairs

    def shard_of(values: Tensor, codes: Integers, ids: Integers) -> Shard:
        return make_shard(values, codes, ids, metric, given.place)

    def made() -> Shard:
        if kept.all():
            return shard_of(given.values, codes, ids)
        checked_magnitude(given.values, "features")  # names the row as it was given
        rows = torch.from_numpy(np.flatnonzero(kept)).to(given.values.device)
        return shard_of(given.values[rows], codes[kept], ids[kept])

    shard = ranks.agreed(made, "features")
    sizes = np.sum(ranks.gather(np.bincount(shard.codes, minlength=classes)), axis=0)
    few = Few.together(ranks.gather(Few.of(shard, int(sizes.sum()))))
    lengths = ranks.agreed(lambda: pairs.lengths(shard, centre_of([few])), "census")
    whole = reduce(add, ranks.gather(Summary.of(shard, lengths)))
    ranks.agreed(lambda: pairs.agree(make_census([few], [whole], metric)), "census")
    meeting = _Meeting(ranks, pairs, shard, shard_of, given.values.dtype)
    known, counts = meeting.answers()
    squared, nearest = known.squared, known.ids
    return _shared(ranks, ids, kept, Found(1 + counts, squared, nearest), shard.ids), sizes


def _shared(
    ranks: "_Ranks", ids: Integers, kept: NDArray[np.bool_], found: Found, of: Integers
) -> Found:
    """Return the answers for these ids, those of repetitions from the ranks that have them."""
    wanted = np.unique(np.concatenate(ranks.gather(ids[~kept])))
    some = np.isin(of, wanted)
    columns = (of, found.kstar, found.squared, found.index)
    told = ranks.gather(tuple(column[some] for column in columns)) if len(wanted) else []
    parts = [columns, *told]
    every, *answers = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(every, kind="stable")
    at = order[np.searchsorted(every[order], ids)] if len(ids) else ids
    return Found(*(answer[at] for answer in answers))


class _Meeting:
    """The shard of this rank, as it meets those of the others."""

    def __init__(
        self,
        ranks: "_Ranks",
        pairs: Pairs[Any],
        shard: Shard,
        shard_of: Callable[[Tensor, Integers, Integers], Shard],
        dtype: torch.dtype,
    ) -> None:
        self.ranks, self.pairs, self.shard, self.shard_of = ranks, pairs, shard, shard_of
        self.known = Nearest.nothing(len(shard))
        self.counts = np.zeros(len(shard), np.int64)
        values = shard.samples.values.cpu().contiguous()
        self.rows = values.view(torch.uint8)
        self.shapes = ranks.gather((len(shard), values.shape[1], dtype))

    def answers(self) -> tuple[Nearest, Integers]:
        """Let all samples ask both questions of all others."""
        mine = len(self.shard) > 0
        self.ready = self.ranks.agreed(
            lambda: self.pairs.ready(self.shard) if mine else None, "setup"
        )
        for question in (self._search, self._count):
            self.ranks.agreed(partial(question, None, None) if mine else _nothing, "own samples")
            for step in range(1, self.ranks.size // 2 + 1):
                self._round(step, question)
        return self.known, self.counts

    def _round(self, step: int, question: Callable[..., Any]) -> None:
        """Meet the rank so far ahead, while the one as far behind meets this one."""
        size, rank = self.ranks.size, self.ranks.rank
        ahead, behind = (rank + step) % size, (rank - step) % size
        once = 2 * step == size  # then both are one: the lower one computes
        meets = not (once and rank > ahead) and self._both(rank, ahead)
        is_met = not (once and behind > rank) and self._both(behind, rank)
        count, width, dtype = self.shapes[ahead]
        rows = torch.empty((count, width * dtype.itemsize), dtype=torch.uint8)
        facts = torch.empty((4, count), dtype=torch.int64)
        self.ranks.exchange(
            [self.rows, self._facts()] if is_met else [],
            behind,
            [rows, facts] if meets else [],
            ahead,
        )

        def met() -> NDArray[np.int64]:
            codes, ids, squared, nearest = facts.numpy()
            other = Nearest(squared.view(np.float64).copy(), nearest.copy())
            shard = self.shard_of(rows.view(dtype), codes, ids)
            answers: NDArray[np.int64] = question(self.pairs.ready(shard), other)
            return answers

        told = self.ranks.agreed(met if meets else _nothing, f"round {step}")
        back = torch.empty((2, len(self.shard)), dtype=torch.int64)
        answers = [torch.from_numpy(told)] if meets else []
        self.ranks.exchange(answers, ahead, [back] if is_met else [], behind)
        if is_met:
            self._learn(question, back.numpy())

    def _both(self, one: int, other: int) -> bool:
        return self.shapes[one][0] > 0 and self.shapes[other][0] > 0

    def _facts(self) -> Tensor:
        """Return classes and ids by row, and what is known by position."""
        codes = np.empty_like(self.shard.codes)
        ids = np.empty_like(self.shard.ids)
        order = self.shard.samples.order.cpu().numpy()
        codes[order], ids[order] = self.shard.codes, self.shard.ids
        squared = self.known.squared.view(np.int64)
        return torch.from_numpy(np.stack([codes, ids, squared, self.known.ids]))

    def _search(self, theirs: Any, other: Nearest | None) -> Any:
        self.pairs.search(self.ready, theirs, self.known, other)
        return None if other is None else np.stack([other.squared.view(np.int64), other.ids])

    def _count(self, theirs: Any, other: Nearest | None) -> Any:
        radii = None if other is None else other.squared
        ours, others = self.pairs.within(self.ready, theirs, self.known.squared, radii)
        self.counts += ours
        return None if others is None else np.stack([others, others])

    def _learn(self, question: Callable[..., Any], back: NDArray[np.int64]) -> None:
        if question == self._search:
            self.known.learn(back[0].view(np.float64), back[1])
        else:
            self.counts += back[0]


def _nothing() -> None:
    return None


class _Ranks:
    """The ranks of a group, numbered within it."""

    def __init__(self, group: Any) -> None:
        if not dist.is_available() or not dist.is_initialized():
            raise ValueError("group: torch.distributed.init_process_group comes first")
        self.group: Any = dist.group.WORLD if group is None else group
        self.rank, self.size = dist.get_rank(self.group), dist.get_world_size(self.group)
        if self.rank < 0:
            raise ValueError("group: one that this rank belongs to is wanted")
        nccl = dist.get_backend(self.group) == "nccl"
        self.device = torch.device("cuda", torch.cuda.current_device()) if nccl else None

    def gather(self, mine: T) -> list[T]:
        """Return what each rank brings."""
        every: list[Any] = [None] * self.size
        dist.all_gather_object(every, mine, self.group)
        return every

    def agreed(self, compute: Callable[[], T], where: str) -> T:
        """Return what is computed here, if no rank fails; else all of them do, with one error."""
        failure: Exception | None = None
        try:
            result = compute()
        except Exception as error:
            failure = error
        told = None
        if failure is not None:
            kind = next(
                (kind for kind in (ValueError, TypeError) if isinstance(failure, kind)), None
            )
            told = (kind, f"{type(failure).__name__}: {failure}" if kind is None else str(failure))
        failures = self.gather(told)
        failed = next((rank for rank, each in enumerate(failures) if each is not None), None)
        if failed is None:
            return result
        kind, message = failures[failed] or (None, "")
        if failure is not None and (failed == self.rank and kind is None):
            raise failure
        raise (kind or RuntimeError)(f"rank {failed} ({where}): {message}") from failure

    def exchange(self, sent: list[Tensor], to: int, wanted: list[Tensor], source: int) -> None:
        """Send to one rank what it waits for, and fill what another one sends."""
        buffers = [each.to(self.device) if self.device else each for each in wanted]
        ops = [self._op(dist.isend, each, to) for each in sent]
        ops += [self._op(dist.irecv, each, source) for each in buffers]
        for work in dist.batch_isend_irecv(ops) if ops else []:
            work.wait()
        for each, buffer in zip(wanted, buffers, strict=True):
            if each is not buffer:
                each.copy_(buffer)

    def _op(self, how: Any, tensor: Tensor, rank: int) -> dist.P2POp:
        tensor = tensor.to(self.device) if self.device else tensor
        return dist.P2POp(how, tensor, dist.get_global_rank(self.group, rank), self.group)
