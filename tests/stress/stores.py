"""Small stores of each kind, what is right of them, and whether what is there is right."""

from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from helpers.other_kernels import of_integers
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from kstar_gpu import KStarDistribution, Sweep, activations, kstar_distribution, sweep
from kstar_gpu.networks import sweep as sweeps

LAYERS = ["0", "2", "4"]
MODELS = ("A", "B")


def samples(seed=0, count=48):
    """Inputs and labels; integers, so that sums are exact in any process."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randint(-99, 100, (count, 5), generator=generator).float()
    return TensorDataset(inputs, torch.arange(count) % 3)


def loader(seed=0, count=48):
    return DataLoader(samples(seed, count), batch_size=16)


def network(seed=0):
    torch.manual_seed(seed)
    widths = [5, 4, 3, 2]
    layers = [part for shape in pairwise(widths) for part in (nn.Linear(*shape), nn.ReLU())]
    return of_integers(nn.Sequential(*layers), largest=9)


def swept(out, spill=False, seed=0, layers=LAYERS, models=MODELS):
    """Sweep over small networks; return the k* of every layer."""
    networks = {name: network(number) for number, name in enumerate(models)}
    return by_key(sweep(networks, loader(seed), layers, out=out, spill=spill))


def loaded(out):
    return by_key(Sweep.load(out))


def by_key(found):
    if found.errors:
        raise AssertionError(f"layers failed: {found.errors}")
    return {tuple(key): result.kstar.tolist() for key, result in found.results.items()}


def leave_features(out):
    """Begin a sweep that spills, and leave it with all features written and nothing computed."""
    with (
        patch.object(sweeps, "kstar_distribution", side_effect=KeyboardInterrupt),
        suppress(KeyboardInterrupt),
    ):
        swept(out, True)


def recorded(spill=None, seed=0, layers=LAYERS, count=48):
    """Return the features of one of the networks, as lists, and the labels."""
    return as_lists(activations(network(), loader(seed, count), layers, spill=spill))


def as_lists(found):
    features = {name: values.tolist() for name, values in found.features.items()}
    return features, found.labels.tolist()


def result(seed=0, count=12):
    inputs, labels = samples(seed, count).tensors
    return kstar_distribution(inputs.numpy(), labels.numpy(), class_names=["a", "b", "c"])


def equal(one, other):
    """Whether two results say the same, in all that they hold."""
    return all(
        np.array_equal(value, getattr(other, name)) and type(value) is type(getattr(other, name))
        for name, value in vars(one).items()
    )


def whole_results(out):
    """Return the files of results that are whole, with what tells whether they were replaced."""
    found = {}
    for path in Path(out).rglob("*.npz"):
        if path.name.startswith("."):
            continue
        try:
            KStarDistribution.load(path)
        except (OSError, ValueError):
            continue
        found[path] = (path.stat().st_ino, path.stat().st_mtime_ns)
    return found


def left_behind(out):
    """Return what is of no use any longer after a sweep that is done."""
    return [
        str(path.relative_to(out))
        for path in sorted(Path(out).rglob("*"))
        if path.name.endswith(".partial") or path.name.startswith("features")
    ]
