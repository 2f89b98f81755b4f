"""Networks for lightning whose layers a callback hears: its processes must find them by name."""

import lightning
import pytorch_lightning
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def module_of(library):
    """Return the network for a library's trainers: those of the other do not take it."""

    class Watched(library.LightningModule):
        """Features of `same` are the samples themselves, so that everybody knows their k*."""

        def __init__(self, features, labels, loaders=1, batch_size=4):
            super().__init__()
            self.same = nn.Identity()
            self.maps = nn.Unflatten(1, (1, 1, features.shape[1]))
            self.layer = nn.Linear(features.shape[1], 2)
            self.samples = TensorDataset(features, labels)
            self.loaders = loaders
            self.batch_size = batch_size
            self.heard = []  # in training: how many hooks there are

        def forward(self, x):
            x = self.same(x)
            return self.layer(self.maps(x).flatten(1))

        def train_dataloader(self):
            return DataLoader(self.samples, batch_size=4)

        def val_dataloader(self):
            """Sorted by class: a sanity check sees one."""
            loaders = [DataLoader(self.samples, self.batch_size) for _ in range(self.loaders)]
            return loaders if self.loaders > 1 else loaders[0]

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.01)

        def training_step(self, batch):
            self.heard.append(sum(len(m._forward_hooks) for m in self.modules()))
            return self(batch[0]).square().mean()

        def validation_step(self, batch, batch_idx, dataloader_idx=0):
            self(batch[0])
            for part in batch:
                part.zero_()  # a step may write over its batch

    Watched.__qualname__ = Watched.__name__ = f"Watched_{library.__name__.partition('.')[0]}"
    return Watched


Watched_lightning = module_of(lightning)
Watched_pytorch_lightning = module_of(pytorch_lightning)
NETS = {"lightning": Watched_lightning, "pytorch_lightning": Watched_pytorch_lightning}


class ChannelsLast(nn.Module):
    """Neither shapes nor modules tell where its channels are."""

    def forward(self, maps):
        return maps.permute(0, 2, 3, 1)


class Unclear(Watched_lightning):
    """A layer whose axes only a look at what runs can tell; the next writes over what it gave."""

    def __init__(self, *samples, forward=True):
        super().__init__(*samples, batch_size=6)
        self.convolution = nn.Conv2d(1, 5, 1)
        self.last = ChannelsLast()
        self.has_forward = forward

    def forward(self, x):
        if not self.has_forward:
            raise NotImplementedError
        return self.mapped(x)

    def mapped(self, x):
        maps = self.convolution(x[:, None, :, None].repeat(1, 1, 1, x.shape[1]))
        return self.last(maps).zero_()

    def validation_step(self, batch, batch_idx, dataloader_idx=0):
        self.mapped(batch[0])


class Failing(Watched_lightning):
    """Its validation fails after the sanity check."""

    def validation_step(self, batch, batch_idx, dataloader_idx=0):
        super().validation_step(batch, batch_idx, dataloader_idx)
        if not self.trainer.sanity_checking:
            raise RuntimeError("no validation today")


class Diverging(Watched_lightning):
    """From epoch 1 to 2 the features of its last samples are NaN; then it recovers."""

    def validation_step(self, batch, batch_idx, dataloader_idx=0):
        late = len(self.samples) - 1
        if self.current_epoch in (1, 2):
            last = (batch[0] == self.samples.tensors[0][late]).all(1)
            batch[0][last] = torch.nan
        super().validation_step(batch, batch_idx, dataloader_idx)
