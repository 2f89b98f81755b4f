"""Where the CPU engine's time goes: what is kept, and what is told of it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from feature_sets import load
from marked_section import END, begin, rewritten

pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")

import engine
import engine_report
import kernels

from kstar_gpu.engines.cpu import _cpu

RATES: dict[str, kernels.Rates] = {
    "16 bits": {"peak": 1e9, "search": {"16": 5e8}, "count": {"16": 2e8}},
    "bytes": {"peak": 4e9, "search": {"16": 3e9}},
}
PAGE = f"before\n{begin(engine_report.SCRIPT)}\nold\n{END}\nafter\n"


def record(**others: Any) -> dict[str, Any]:
    """Return what is kept of a run that searched for two seconds and counted for one."""
    return {
        "target": "portable",
        "set": "gaussian:1000x100",
        "samples": 1_000,
        "dimensions": 100,
        "width": 16,
        "numbers": "bytes",
        "work": {
            "search": {"tile_pairs": 200_000_000, "screened": 50_000, "refined": 3_000},
            "count": {"tile_pairs": 10_000_000, "screened": 0, "refined": 500},
        },
        "seconds": {"setup": 0.5, "search": 2.0, "count": 1.0},
        "processor": 6.0,
        **others,
    }


def test_shares_of_the_peak() -> None:
    """Against that of all threads, and of the numbers that were multiplied."""
    # Quotients of times, which decimal fractions stand for: no k*.
    assert engine.shares(record(), RATES, threads=2) == pytest.approx((0.2, 0.5))
    of_pairs = engine.shares(record(numbers="16 bits"), RATES, threads=2)
    assert of_pairs == pytest.approx((0.8, 0.5))


def test_what_is_told() -> None:
    """Sieves by what each left per sample."""
    told = engine.told(record(), RATES, threads=2)
    assert told["set"] == "gaussian, 1,000 x 100"
    assert told["whole"] == "3.500 s"
    assert told["CPU time"] == "6.000 s"
    assert told["first look"] == "16, bytes"
    assert told["met per sample"] == "200,000.0 + 10,000.0"
    assert told["screened per sample"] == "50.0"
    assert told["refined per sample"] == "3.0 + 0.5"


@pytest.mark.parametrize("target", _cpu.targets())
def test_a_run_with_any_instruction_set(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All phases are timed, and the work is that of this run."""
    monkeypatch.setenv("KSTAR_CPU_TARGET", target)
    found = engine.profiled(load("gaussian:300x70"), rounds=1)
    assert (found["samples"], found["dimensions"]) == (300, 70)
    assert [*found["seconds"]] == ["setup", "search", "count"]
    assert found["work"]["search"]["tile_pairs"] > 0
    assert json.loads(json.dumps(found)) == found
    assert engine.told(found, RATES, threads=1)


def test_what_is_kept_becomes_a_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From measuring, the tiles left out, to the page; what is not measured is named."""
    monkeypatch.setattr(kernels, "measure", lambda target, threads: RATES)
    monkeypatch.setenv("KSTAR_CPU_TARGET", "portable")
    arguments = ["--sets", "gaussian:300x70", "--rounds", "1", "--growth", "200", "400"]
    monkeypatch.setattr(sys, "argv", ["engine", *arguments, "--keep", str(tmp_path)])
    engine.main()
    kept, page = tmp_path / "engine-portable.json", tmp_path / "page.md"
    page.write_text(PAGE)
    monkeypatch.setattr(sys, "argv", ["report", str(kept), "--page", str(page)])
    engine_report.main()
    written = page.read_text()
    assert written.startswith("before\n")
    assert written.endswith(f"{END}\nafter\n")
    assert "### `engine-portable.json`" in written
    assert "instructions portable" in written
    assert "| portable | bytes | search | 4.0 | 3.0 (75%) |" in written
    others = ", ".join(target for target in kernels.known() if target != "portable")
    assert f"Not measured here: {others}." in written
    assert "| gaussian, 300 x 70 |" in written
    assert "| 400 |" in written
    assert "time ~ samples ^ " in written


def test_the_page_of_the_house_has_the_section() -> None:
    """Without a result it says that there is none."""
    page = engine_report.PAGE.read_text()
    assert engine_report.NONE_YET in rewritten(page, engine_report.SCRIPT, engine_report.NONE_YET)
