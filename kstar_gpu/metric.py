"""k* as a torchmetrics metric, by a short name: see `kstar_gpu.integrations.torchmetrics`."""

from .integrations.torchmetrics import KStar

__all__ = ["KStar"]
