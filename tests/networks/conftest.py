"""A loader whose last batch is smaller, and a model with dropout and a layer in place."""

import pytest
from helpers.small_models import INPUTS, LABELS
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@pytest.fixture
def loader() -> DataLoader:
    return DataLoader(TensorDataset(INPUTS, LABELS), batch_size=3)  # batches of 3, 3 and 1


@pytest.fixture
def model() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(4, 2))
