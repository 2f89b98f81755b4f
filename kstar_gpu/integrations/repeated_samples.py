"""Samples that a distributed sampler gives twice, so that all processes have equally many."""

from typing import Any

from torch.utils.data import BatchSampler, DistributedSampler

# Theirs, which put torch's around any other sampler.
WRAPPER = "DistributedSamplerWrapper"
LIBRARIES = ("lightning.", "lightning_fabric.")


class OwnSamples:
    """Tells how many samples of each batch are no repetitions; the batches of one pass, in order.

    Parameters
    ----------
    loader : what gives them. Of samplers other than torch's DistributedSampler, and of loaders that
        are no DataLoader, it is not known, and all samples are taken.
    """

    def __init__(self, loader: Any) -> None:
        self.left = _own_of(_sampler_of(loader))

    def among(self, count: int) -> int:
        """Return how many samples of the next batch, its first ones, are to be taken."""
        if self.left is None:
            return count
        taken = min(count, self.left)
        self.left -= taken
        return taken


def validation_loaders(trainer: Any) -> list[Any]:
    """Return the loaders that a trainer of Lightning validates with, in the order of their numbers.

    An empty list where it does not go through them one by one.
    """
    validates = trainer.state.fn == "validate"
    loop = trainer.validate_loop if validates else trainer.fit_loop.epoch_loop.val_loop
    loaders = getattr(loop, "_combined_loader", None)  # trainer.val_dataloaders are those of a fit
    if loaders is None or getattr(loaders, "_mode", None) != "sequential":
        return []
    return [*loaders.flattened]


def _sampler_of(loader: Any) -> Any:
    """Return what gives the samples in their order, if nothing else orders them."""
    batches = getattr(loader, "batch_sampler", None)
    return batches.sampler if type(batches) is BatchSampler else None


def _own_of(sampler: Any) -> int | None:
    """Return how many of a process's samples are its own; None if that is not known.

    The sampler deals out its list like cards; to all of the last round there would not be enough,
    so that the list begins anew, and the processes of higher rank get samples that have been.
    """
    kind = type(sampler)
    wrapper = kind.__name__ == WRAPPER and kind.__module__.startswith(LIBRARIES)
    if kind is not DistributedSampler and not wrapper:
        return None
    return len(range(sampler.rank, len(sampler.dataset), sampler.num_replicas))
