"""What tasks do with blocks of samples: functions of their inputs alone, which stay as they are.

So a task may be done again, anywhere, and gives the same. What goes from task to task are arrays,
tuples of them, and what is `Held`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import reduce
from operator import add
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..columns import stable_order
from ..engines.denormals import denormals_kept
from ..engines.pairs import Pairs
from ..engines.registry import choose_pairs
from ..engines.shards import Few, Floats, Nearest, Shard, Summary, centre_of
from ..engines.torch_state import exactly
from ..inputs.arrays import restorer, to_tensor
from ..inputs.classes import make_classes, normalized, population
from ..inputs.devices import check_computes, named_device
from ..inputs.labels import label_array
from ..inputs.metrics import METRICS
from ..inputs.problem import Integers, feature_matrix
from .shards import by_id, make_census, make_shard
from .task_threads import task_threads

T = TypeVar("T")
CPU = torch.device("cpu")

Labels = NDArray[Any]
Known = tuple[Floats, Integers]  # what `Nearest` has
Two = tuple[T, T | None]  # of either shard of a pair; None where one does not ask


@dataclass(frozen=True)
class Held(Generic[T]):
    """Something that tells how much memory it takes, by which a scheduler decides what stays."""

    value: T

    def __sizeof__(self) -> int:
        return object.__sizeof__(self) + _bytes_of(self.value)


def _bytes_of(value: Any) -> int:
    if isinstance(value, np.ndarray | Tensor):
        return int(value.nbytes)
    if isinstance(value, list | tuple):
        return sum(map(_bytes_of, value))
    if is_dataclass(value):
        return sum(_bytes_of(getattr(value, field.name)) for field in fields(value))
    return sum(map(_bytes_of, vars(value).values())) if isinstance(value, Pairs) else 0


class How(NamedTuple):
    """How samples are asked about, as `kstar` is told it."""

    metric: str
    backend: str
    device: str

    def pairs(self) -> Pairs[Any]:
        """Return what serves pairs of shards, on the machine where this is asked."""
        place = named_device(self.device)
        check_computes(place)
        pairs = choose_pairs(self.backend, self.metric, place)
        return pairs.with_threads(task_threads())


def distinct_labels(name: str, block: Any) -> Labels:
    """Return the distinct labels of a block."""
    return np.unique(label_array(block, name))


def all_labels(ours: Sequence[Labels], theirs: Sequence[Labels] | None = None) -> Labels:
    """Return the distinct labels of all blocks, sorted; of those of the references, too."""
    return make_classes(_together(ours), None if theirs is None else _together(theirs)).labels


def _together(parts: Sequence[Labels]) -> NDArray[np.object_]:
    """Return labels as objects: blocks of objects may be of different kinds, and stay so."""
    together: NDArray[np.object_] = np.concatenate([part.astype(object) for part in parts])
    return together


def codes(name: str, block: Any, labels: Labels) -> Integers:
    """Return the class of each sample of a block: its number among all labels."""
    return np.searchsorted(labels, label_array(block, name).astype(labels.dtype)).astype(np.int64)


def populations(self_form: bool, parts: Sequence[Integers], labels: Labels) -> Integers:
    """Return how large k* can get in each class, from the classes of the references' blocks."""
    counts = np.sum([np.bincount(part, minlength=len(labels)) for part in parts], axis=0)
    return population(counts, self_form)


def shard(how: How, name: str, start: int, block: Any, codes: Integers) -> Held[Shard]:
    """Check a block, and put it in class order.

    Parameters
    ----------
    start : which of all samples its first one is
    """
    stop = start + len(codes)
    called = f"{name}[{start}:{stop}]"  # errors count rows from there

    def checked() -> Shard:
        given = block.value if isinstance(block, Held) else block
        rows = feature_matrix(to_tensor(given, called), called, len(codes), called)
        return make_shard(rows, codes, np.arange(start, stop), how.metric, CPU, called)

    return Held(_exactly(checked))


def few(total: int, wanted: int, shard: Held[Shard]) -> Held[Few]:
    """Return a shard's share of the few samples that stand for all."""
    return Held(Few.of(shard.value, total, wanted))


def all_few(parts: Sequence[Held[Few]]) -> Held[Few]:
    """Return the few samples of one side."""
    return Held(Few.together([part.value for part in parts]))


def centre(sides: Sequence[Held[Few]]) -> Floats:
    """Return a point amid the few samples of all sides."""
    return centre_of([side.value for side in sides])


def summary(how: How, shard: Held[Shard], centre: Floats) -> Held[Summary]:
    """Return the facts of one shard that add up."""
    lengths = _exactly(lambda: how.pairs().lengths(shard.value, centre))
    return Held(Summary.of(shard.value, lengths))


def agreed(
    how: How, few: Sequence[Held[Few]], summaries: Sequence[Sequence[Held[Summary]]]
) -> Held[Pairs[Any]]:
    """Return what serves pairs, with what all shards have in common."""
    added = [reduce(add, [part.value for part in side]) for side in summaries]
    census = make_census([side.value for side in few], added, how.metric)
    pairs = how.pairs()
    _exactly(lambda: pairs.agree(census), pairs)
    return Held(pairs)


def ready(shard: Held[Shard], agreed: Held[Pairs[Any]]) -> Held[Any]:
    """Return a shard as it meets others."""
    pairs = _here(agreed)
    return Held(_exactly(lambda: pairs.ready(shard.value), pairs))


def nothing(codes: Integers) -> Known:
    """Return what the samples of a shard know before they meet any."""
    known = Nearest.nothing(len(codes))
    return known.squared, known.ids


def search(
    agreed: Held[Pairs[Any]],
    ours: Held[Any],
    theirs: Held[Any] | None,
    known: Known,
    other: Known | None,
    _: Sequence[Any] = (),
) -> Two[Known]:
    """Return what the samples of two shards know when these have met; as `Pairs.search`.

    Parameters
    ----------
    _ : what has to be done before
    """
    pairs = _here(agreed)
    told = _copied(known)
    also = None if other is None else _copied(other)
    us, them = ours.value, None if theirs is None else theirs.value
    _exactly(lambda: pairs.search(us, them, told, also), pairs, us, them)
    return (told.squared, told.ids), None if also is None else (also.squared, also.ids)


def nearest(parts: Sequence[int], known: Known, told: Sequence[Two[Known]]) -> Known:
    """Return what the samples of a shard know after some pairs, in each of which it is one part."""
    best = _copied(known)
    for part, pair in zip(parts, told, strict=True):
        best.learn(*_part(pair, part))
    return best.squared, best.ids


def _copied(known: Known) -> Nearest:
    squared, ids = known
    return Nearest(squared.copy(), ids.copy())


def count(
    agreed: Held[Pairs[Any]],
    ours: Held[Any],
    theirs: Held[Any] | None,
    known: Known,
    other: Known | None,
    _: Sequence[Any] = (),
) -> Two[Integers]:
    """Return how many of its class each sample of two shards has within reach in the other one.

    Parameters
    ----------
    _ : what has to be done before
    """
    pairs = _here(agreed)
    us, them = ours.value, None if theirs is None else theirs.value
    radii = None if other is None else other[0]
    return _exactly(lambda: pairs.within(us, them, known[0], radii), pairs, us, them)


def added(parts: Sequence[int], counts: Sequence[Two[Integers]]) -> Integers:
    """Return the counts of a shard from some pairs, in each of which it is one part."""
    mine = [_part(pair, part) for part, pair in zip(parts, counts, strict=True)]
    total: Integers = np.sum(mine, axis=0)
    return total


def _part(pair: Two[T], part: int) -> T:
    mine = pair[part]
    assert mine is not None
    return mine


def results(
    metric: str,
    normalize: bool,
    like: Any,
    codes: Integers,
    known: Sequence[Known],
    counts: Sequence[Integers],
    population: Integers,
) -> tuple[Any, Any, Any]:
    """Return k*, distance and index of a block's samples in their order, as arrays like another.

    Parameters
    ----------
    known, counts : of its samples in class order, after all pairs; and before, where `known` is
        less, which changes nothing
    """
    best = _copied(known[-1])
    for each in known[:-1]:
        best.learn(*each)
    found = by_id(stable_order(codes), best, np.sum(counts, axis=0))
    kstar = normalized(found.kstar, codes, population) if normalize else found.kstar
    restore = restorer(like)
    distance = METRICS[metric].distance(found.squared)
    return restore(kstar), restore(distance), restore(found.index)


def _here(agreed: Held[Pairs[Any]]) -> Pairs[Any]:
    return agreed.value.with_threads(task_threads())


def _exactly(compute: Callable[[], T], pairs: Pairs[Any] | None = None, *shards: Any) -> T:
    """Return what is computed where nothing is flushed or rounded otherwise, whatever is set."""
    device, inputs = CPU, []
    if pairs is not None:
        device = pairs.device
        if pairs.computes_with_torch:
            inputs = [shard.samples.values for shard in shards if shard is not None]
    with denormals_kept():
        return exactly(compute, device, inputs)
