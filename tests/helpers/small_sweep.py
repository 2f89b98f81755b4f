"""A network and data that a sweep is done with in no time."""

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from helpers.other_kernels import of_integers
from kstar_gpu.names import file_name

# Integers, here and in the network: sums that are exact in batches of any size, in any process.
INPUTS = torch.randint(-99, 100, (60, 5), generator=torch.Generator().manual_seed(0)).float()
LABELS = torch.arange(60) % 3
LAYERS = ["0", "2"]


def loader(inputs=INPUTS, labels=LABELS):
    return DataLoader(TensorDataset(inputs, labels), batch_size=16)


def network(seed=0):
    torch.manual_seed(seed)
    return of_integers(nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)), largest=9)


def same(a, b):
    return np.array_equal(a.kstar, b.kstar) and a.class_names == b.class_names


def folder_of(out, model="Sequential", make=False):
    """Return where a sweep over the network keeps its files; make it, if that is wanted."""
    folder = out / file_name(model) / "data"
    if make:
        folder.mkdir(parents=True)
    return folder


def interrupted(*_, **__):
    """As if Ctrl-C came in the place of a call."""
    raise KeyboardInterrupt


# What goes wrong, where a process of its own can import it.


class Rowless(nn.Module):
    """Gives no row per sample."""

    def forward(self, x):
        return x[:1]


def partly():
    """A network of which one layer gives no rows."""
    return nn.Sequential(*network(1), Rowless())


def unseeded():
    """Another network each time."""
    torch.seed()
    return nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2))


def of_one_class():
    return loader(INPUTS, torch.zeros_like(LABELS))


def gone():
    raise FileNotFoundError("no weights")
