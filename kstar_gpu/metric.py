"""k* as torchmetrics metrics, by a short name: see `kstar_gpu.integrations.torchmetrics`."""

from .integrations.torchmetrics import KStar, KStarOnes, KStarSkewness

__all__ = ["KStar", "KStarOnes", "KStarSkewness"]
