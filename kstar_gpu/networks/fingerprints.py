"""What features were made from, as hashes: a model, and the inputs and labels of a loader."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from .batches import batches_of


def model_fingerprint(model: nn.Module) -> str:
    """Return a hash of a model's parameters and buffers, and of their names."""
    digest = hashlib.sha256()
    for name, value in model.state_dict().items():
        if isinstance(value, Tensor):
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
            digest.update(_bytes_of(value))
    return digest.hexdigest()


class WatchedLoader:
    """A loader that remembers what it gave.

    Attributes
    ----------
    fingerprint : str
        Hash of all inputs and labels in their order; "" until they have all been read.
    """

    def __init__(self, batches: Iterable[Any]) -> None:
        self.batches = batches
        self.fingerprint = ""

    def __len__(self) -> int:
        return len(self.batches)  # type: ignore[arg-type]  # a TypeError where it has none

    def __iter__(self) -> Iterator[Any]:
        # Each part by itself, and its kind only where that changes: batches of another size are
        # the same data.
        digests: dict[str, Any] = {}
        kinds: dict[str, str] = {}
        for batch in self.batches:
            for name, tensor in _tensors_of(batch):
                digest = digests.setdefault(name, hashlib.sha256(name.encode()))
                kind = f"{tensor.dtype} {tuple(tensor.shape[1:])}"
                if kinds.get(name) != kind:
                    digest.update(kind.encode())
                    kinds[name] = kind
                digest.update(_bytes_of(tensor))
            yield batch
        parts = (digest.hexdigest() for _, digest in sorted(digests.items()))
        self.fingerprint = hashlib.sha256("".join(parts).encode()).hexdigest()

    def read(self) -> None:
        """Read all batches, for the fingerprint alone."""
        for _ in batches_of(self):
            pass


def _tensors_of(batch: Any) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of a batch, each with a name of its own."""
    for position, part in enumerate(batch if isinstance(batch, list | tuple) else [batch]):
        parts = part if isinstance(part, Mapping) else {"": part}
        for name, value in parts.items():
            if isinstance(value, Tensor):
                yield f"{position}.{name}", value


def _bytes_of(tensor: Tensor) -> memoryview:
    return tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data
