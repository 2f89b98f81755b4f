"""A network for lightning that validates with k*: its processes must find it by name."""

import lightning
import torch
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics import MetricCollection
from torchmetrics.wrappers import ClasswiseWrapper

from kstar_gpu.metric import KStar, KStarOnes, KStarSkewness

NAMES = ["a", "b", "c", "never seen"]


class Net(lightning.LightningModule):
    """Its features are the samples themselves, so that everybody knows their k*."""

    def __init__(self, features, labels):
        super().__init__()
        self.layer = torch.nn.Linear(features.shape[1], 1)
        self.samples = TensorDataset(features, labels)
        self.stepped = KStar(NAMES)
        self.collected = MetricCollection([KStar(), KStarOnes(), KStarSkewness()])
        self.each = ClasswiseWrapper(KStar(NAMES, average=None), NAMES)

    def train_dataloader(self):
        return DataLoader(self.samples, batch_size=4)

    def val_dataloader(self):
        """Sorted by class: the sanity check sees one."""
        return DataLoader(self.samples, batch_size=2)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)

    def training_step(self, batch):
        return self.layer(batch[0]).square().mean()

    def validation_step(self, batch):
        self.stepped(*batch)
        self.log("stepped", self.stepped, on_step=True, on_epoch=True)
        self.collected.update(*batch)
        self.log_dict(self.collected)
        self.each.update(*batch)

    def on_validation_epoch_end(self):
        self.log_dict(self.stepped.scalars())
        self.log_dict(self.each.compute())
        self.each.reset()
