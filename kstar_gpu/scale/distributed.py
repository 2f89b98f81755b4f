"""k* over the ranks of a torch.distributed group, each of which has some of the samples.

`given` checks what the ranks were given, `owners` says which samples are whose; what follows is a
`course`, of which all ranks take each step together.
"""

import os
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..columns import on_host
from ..engines.denormals import denormals_kept
from ..engines.pairs import Pairs
from ..engines.registry import choose_pairs, computing_device
from ..engines.shards import Floats
from ..engines.torch_state import exactly
from ..files import as_path, check_target, make_folder
from ..inputs.arrays import KStarForeign, restorer
from ..inputs.classes import normalized, population
from ..inputs.devices import check_computes
from ..inputs.metrics import METRICS, check_metric
from ..inputs.problem import Integers
from .ranks.course import How, find, tables_of
from .ranks.given import Facts, Side, checked_sides, classes_of_all, codes_among
from .ranks.group import Ranks
from .ranks.owners import numbered


def kstar(
    features: Any,
    labels: Any,
    *,
    index: Any = None,
    references: Any = None,
    reference_labels: Any = None,
    reference_index: Any = None,
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
    Refused: distances that are given, and a memory limit. Communication over NCCL is written, but
    was never run.

    Parameters
    ----------
    features : (n, d) or (n, ...) numbers
        As for `kstar_gpu.kstar`; n may be 0, but not on all ranks. Of any float type on each.
    labels : (n,) labels
        All ranks together need two classes, if there are no references.
    index : (n,) integers from 0, optional
        Ids of the samples among all. Samples of one id are one, as those that a DistributedSampler
        repeats: the first on the lowest rank counts, all get its answer. By default all samples are
        different ones, numbered from the lowest rank on.
    references, reference_labels, reference_index : optional
        This rank's share of what all samples are placed among, instead of among one another: as
        features, labels and index. All ranks together need two classes of them; best are few
        samples and many references, for it is the samples that travel.
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
    (n,) as from `kstar_gpu.kstar`, of this rank's samples. The nearest foreign one is told by its
    id.

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

    Examples
    --------
    >>> import torch.distributed as dist
    >>> from kstar_gpu.scale import distributed
    >>> dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    >>> distributed.kstar(features, labels)[:4]  # on each rank, of its own samples
    array([18, 18,  1,  1])
    >>> dist.destroy_process_group()
    """
    answers = asked_together(
        (features, labels, index),
        (references, reference_labels, reference_index),
        (checkpoint, metric, backend, device),
        group,
        (bool(normalize), bool(return_foreign)),
    )
    restore = restorer(features)
    values = restore(answers.normalized if normalize else answers.kstar)
    if not return_foreign:
        return values
    return KStarForeign(values, restore(answers.distance), restore(answers.nearest))


class Answers(NamedTuple):
    """What this rank's samples are told, (n,) each."""

    kstar: Integers
    normalized: Floats
    distance: Floats
    nearest: Integers
    foreign_at_zero: NDArray[np.bool_]  # by the squared distance, as in `api.Answer`


def asked_together(
    given: tuple[Any, Any, Any],
    references: tuple[Any, Any, Any],
    how: tuple[Any, str, Any, Any],
    group: Any,
    wanted: tuple[Any, ...] = (),
) -> Answers:
    """Ask both questions of k* on all ranks; arguments as for `kstar`.

    Parameters
    ----------
    given, references : features, labels, index
    how : checkpoint, metric, backend, device
    wanted : what else is to be the same on all ranks
    """
    with Ranks(group) as ranks, denormals_kept():
        sides, means = ranks.agreed(lambda: _checked(given, references, how), "arguments")
        asked = (means.metric, *wanted, means.folder is None)
        facts = ranks.gather(Facts.of(sides, asked))
        classes = ranks.agreed(lambda: classes_of_all(facts), "arguments")
        owned = []
        for number, side in enumerate(sides):
            counts = [fact.counts[number] for fact in facts]
            owned.append(numbered(ranks, side, codes_among(classes, side), counts))
        tables = tables_of(ranks, owned, len(classes))
        found = exactly(
            lambda: find(ranks, sides, owned, tables, means), means.place, _smallest(means.pairs)
        )
        most = population(tables[-1].sum(0), self_form=len(tables) == 1)
        return Answers(
            found.kstar,
            normalized(found.kstar, owned[0].codes, most),
            on_host(METRICS[means.metric].distance(found.squared)),
            found.index,
            found.squared <= 0,
        )


def _smallest(pairs: Pairs[Any]) -> list[Tensor]:
    """Return a number like the smallest that other ranks' rows may bring to torch's workers."""
    if not pairs.computes_with_torch:
        return []
    return [torch.ones(1, dtype=torch.int64, device="cpu").view(torch.float64)]


def _checked(
    given: tuple[Any, Any, Any], references: tuple[Any, Any, Any], how: tuple[Any, str, Any, Any]
) -> tuple[list[Side], How]:
    checkpoint, metric, backend, device = how
    check_metric(metric)
    sides = checked_sides(*given, *references)
    place = computing_device(sides[0].values, backend, device)
    pairs = choose_pairs(backend, metric, place)
    check_computes(place)
    folder = None if checkpoint is None else as_path(checkpoint, "checkpoint")
    if folder is not None:
        make_folder(folder)
        check_target(folder / "round")
    return sides, How(metric, place, pairs, folder)
