"""What the CUDA engine asks of the host: idle kernels are launched as often as busy ones."""

import pytest
from cuda_work import count_work
from feature_sets import load
from helpers.cuda_on_host import what_is_missing


@pytest.mark.skipif(what_is_missing() is not None, reason=str(what_is_missing()))
def test_idle_kernels_are_launched_as_often_as_others():
    features = load("gaussian:700x8")
    cells, idle = (count_work(features, dry).strip("| ").split(" | ") for dry in (False, True))
    assert idle[:4] == cells[:4]  # set, size, width and launches
    assert int(idle[3]) > 3
    assert int(idle[4]) > 100  # operations of torch
    assert cells[-1] == "0"  # wrong
