"""The metrics under lightning itself: logged, sanity-checked, in one process and in two."""

import warnings

import numpy as np
import pytest
import torch

pytest.importorskip("torchmetrics")
pytest.importorskip("lightning", reason="lightning: pip install lightning")

import lightning
from helpers.lightning_net import NAMES, Net
from lightning.pytorch.callbacks import EarlyStopping

from kstar_gpu import definition


def trained(net, **options):
    """Return the values logged, of one epoch with a sanity check before it."""
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_epochs=1,
        limit_train_batches=1,
        num_sanity_val_steps=2,
        callbacks=[EarlyStopping("stepped_epoch", mode="max")],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )
    trainer.fit(net)
    return {name: value.item() for name, value in trainer.callback_metrics.items()}


@pytest.mark.parametrize("processes", [1, 2])
def test_logged_values_are_of_the_whole_epoch(rng, processes):
    labels = np.repeat(np.arange(3), 8)
    features = (rng.standard_normal((24, 5)) + labels[:, None]).astype(np.float32)
    options = {} if processes == 1 else {"strategy": "ddp_spawn"}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net = Net(torch.from_numpy(features), torch.from_numpy(labels))
        found = trained(net, devices=processes, **options)
    kstar = definition.kstar(features, labels)
    each = [(kstar[labels == label] / 8).mean() for label in range(3)]
    for name in ("stepped_epoch", "KStar", "kstar_mean"):
        assert found[name] == pytest.approx(np.mean(each), abs=1e-6)
    assert found["KStarOnes"] == pytest.approx((kstar == 1).mean(), abs=1e-6)
    assert found["KStarSkewness"] == found["kstar_skewness"]
    for name, wanted in zip(NAMES, [*each, np.nan], strict=True):
        assert found[f"kstar_{name}"] == pytest.approx(wanted, abs=1e-6, nan_ok=True)
    if processes == 1:  # others warn in their own
        undefined = [warning for warning in caught if "NaN" in str(warning.message)]
        assert len(undefined) == 5  # metrics, each of which has seen many steps of one class
