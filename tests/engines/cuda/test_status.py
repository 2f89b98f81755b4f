"""What keeps CUDA from working on a machine, told apart without any."""

import pytest

from kstar_gpu.engines.cuda.status import what_is_missing


@pytest.mark.parametrize(
    ("machine", "missing"),
    [
        ((13000, 13000, 1), None),
        ((13010, 13000, 2), None),  # any driver of the same major version will do
        ((13000, 13010, 1), None),
        ((13000, 0, 0), "this machine has no NVIDIA driver"),
        ((13000, 12040, 1), "driver is too old: it supports CUDA 12.4, and 13.0 is wanted"),
        ((13000, 13000, 0), "the NVIDIA driver finds no CUDA device"),
    ],
)
def test_what_is_missing_is_told_apart(machine, missing):
    said = what_is_missing(*machine)
    assert said is None if missing is None else missing in said
