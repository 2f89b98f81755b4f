"""Samples cut into shards in many ways, and what they must give: what the whole gives."""

import numpy as np
import torch

from kstar_gpu import kstar
from kstar_gpu.inputs.arrays import to_tensor
from kstar_gpu.inputs.classes import make_classes
from kstar_gpu.inputs.problem import feature_matrix
from kstar_gpu.scale import shards

CPU = torch.device("cpu")


def even(rng, codes, count):
    """Parts that are stretches of the input, as even as can be."""
    return np.array_split(np.arange(len(codes)), count)


def uneven(rng, codes, count):
    """Parts of any samples in any order, some many times as large as others."""
    owner = np.minimum(rng.geometric(0.5, len(codes)) - 1, count - 1)
    return [rng.permutation(np.flatnonzero(owner == part)) for part in range(count)]


def class_sorted(rng, codes, count):
    """Parts that have few classes each, which most others lack."""
    return np.array_split(np.argsort(codes, kind="stable"), count)


def one_class(rng, codes, count):
    """Parts of a single class, and one of all the rest."""
    parts = [np.flatnonzero(codes == c) for c in range(count - 1)]
    return [*parts, np.flatnonzero(codes >= count - 1)]


def empty(rng, codes, count):
    """Every other part is empty."""
    parts = even(rng, codes, -(-count // 2))
    return [part for some in parts for part in (some, some[:0])][:count]


CUTS = [even, uneven, class_sorted, one_class, empty]


def cut(rng, values, codes, way, count, metric="euclidean", device=CPU):
    """Return the samples as shards; their ids are their rows."""
    matrix = feature_matrix(to_tensor(values, "features"), "features", len(codes), "labels")
    return [
        shards.make_shard(matrix[torch.from_numpy(part)], codes[part], part, metric, device)
        for part in way(rng, codes, count)
    ]


def assert_as_whole(
    rng, x, y, way, count, *, references=None, reference_labels=None, metric="euclidean", **how
):
    """Compare k*, index and distance of all shards with those of the whole, bit for bit."""
    backend, device = how.get("backend", "auto"), how.get("device", CPU)
    whole = kstar(
        x,
        y,
        references=references,
        reference_labels=reference_labels,
        metric=metric,
        return_foreign=True,
        **how,
    )
    classes = make_classes(y, reference_labels)
    samples = cut(rng, x, classes.codes, way, count, metric, device)
    others = None
    if references is not None:
        others = cut(rng, references, classes.reference_codes, way, count + 1, metric, device)
    found = shards.kstar(samples, others, metric, backend, device)
    np.testing.assert_array_equal(found.kstar, np.asarray(whole.kstar))
    np.testing.assert_array_equal(found.index, np.asarray(whole.index))
    distance = found.squared / 2 if metric == "cosine" else np.sqrt(found.squared)
    np.testing.assert_array_equal(distance, np.asarray(whole.distance))
