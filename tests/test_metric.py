"""The torchmetrics metric has a short name, which is documented."""

import pytest


def test_the_short_name_is_the_metric():
    pytest.importorskip("torchmetrics")
    from kstar_gpu.integrations import torchmetrics
    from kstar_gpu.metric import KStar

    assert KStar is torchmetrics.KStar
