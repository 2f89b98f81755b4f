"""Every way that the CPU engine can go is really gone, and a wrong one is seen."""

import os
from typing import Any

import numpy as np
import pytest
import torch
from feature_sets import load

from kstar_gpu import kstar
from kstar_gpu.engines import projection

pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")

import exactness
from cpu_ways import BALLS, THREADS, Way, forced, ways

from kstar_gpu.engines.cpu import _cpu


def test_all_ways() -> None:
    """Each once."""
    assert len({*ways()}) == len(ways()) == len(_cpu.targets()) * len(BALLS) * len(THREADS)


@pytest.mark.parametrize(
    ("balls", "width", "numbers"),
    [("as chosen", 70, "16 bits"), ("full, bytes", 70, "bytes"), ("narrow, bytes", 16, "bytes")],
)
def test_a_way_is_gone_and_left(
    balls: str, width: int, numbers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine tells what it looked at; afterwards all is as it was."""
    monkeypatch.delenv("KSTAR_CPU_TARGET", raising=False)
    threads, choose = torch.get_num_threads(), projection.choose_balls
    features, labels, _ = load("gaussian:300x70")
    with forced(Way("portable", balls, threads + 1)) as looks:
        assert os.environ["KSTAR_CPU_TARGET"] == "portable"
        assert torch.get_num_threads() == threads + 1
        kstar(features, labels, backend="cpu")
    assert looks == [(width, numbers)]
    assert "KSTAR_CPU_TARGET" not in os.environ
    assert torch.get_num_threads() == threads
    assert projection.choose_balls is choose


def test_wrong_rows_are_counted_in_every_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """None of an exact engine; of one that is off by one in three rows, three each time."""
    feature_set, rows = load("gaussian:200x20"), np.arange(0, 200, 2)
    calls = len(ways())
    assert exactness.compare_ways(feature_set, rows).split() == f"0 of {calls} x 100".split()
    assert len(capsys.readouterr().out.splitlines()) == calls

    def wrong(*given: Any, **more: Any) -> Any:
        values = kstar(*given, **more).copy()
        values[[0, 2, 4, 5]] += 1  # the last is not asked about
        return values

    monkeypatch.setattr(exactness, "kstar", wrong)
    told = exactness.compare_ways(feature_set, rows)
    assert told.split() == f"{3 * calls} of {calls} x 100".split()
