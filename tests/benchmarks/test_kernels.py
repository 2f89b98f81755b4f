"""Rates of the tiles: the program is built and says all that is asked of it."""

import shutil
import sys

import pytest

pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")

import kernels

from kstar_gpu.engines.cpu import _cpu

WIDTHS = ["16", "64", "256", "1024"]
MISSING = [tool for tool in ("make", "g++") if shutil.which(tool) is None]
if sys.platform != "linux":
    MISSING.append("Linux")


def test_all_instruction_sets_are_known() -> None:
    """Those that this processor runs among them."""
    assert {*_cpu.targets(), "amx", "i8mm", "portable"} <= {*kernels.known()}


@pytest.mark.skipif(MISSING != [], reason=f"wanted: {', '.join(MISSING)}")
def test_rates_are_measured() -> None:
    """Of both kinds of numbers, and of every kernel that takes them."""
    rates = kernels.measure("portable", threads=2)
    assert {kind: [*of_kind] for kind, of_kind in rates.items()} == {
        "16 bits": ["peak", "search", "count"],
        "bytes": ["peak", "search"],
    }
    for of_kind in rates.values():
        assert of_kind["peak"] > 0
        for kernel in [*of_kind][1:]:
            assert [*of_kind[kernel]] == WIDTHS
            assert min(of_kind[kernel].values()) > 0
    assert kernels.widths(rates) == WIDTHS


def test_rows_say_what_share_of_the_peak_a_rate_is() -> None:
    """A row for each kernel of each kind of numbers."""
    rates: dict[str, kernels.Rates] = {
        "16 bits": {"peak": 4e10, "search": {"16": 1e10, "64": 3e10}, "count": {"16": 2e10}},
        "bytes": {"peak": 8e10, "search": {"16": 8e10}},
    }
    assert kernels.rows(rates) == [
        ("16 bits", "search", "40.0", "10.0 (25%)", "30.0 (75%)"),
        ("16 bits", "count", "40.0", "20.0 (50%)"),
        ("bytes", "search", "80.0", "80.0 (100%)"),
    ]
