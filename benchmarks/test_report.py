"""The page: figures end up where they belong, and what has no time is told."""

import json
import sys
from pathlib import Path
from typing import Any

import bench_compare
import pandas as pd
import pytest
from bench_report import GROWING, exponents, glance, main, read, wrong
from cases import SERIES, set_name
from targets import targets

SECONDS = {"kstar (cpu)": 1.0, "product": 20.0, "product_into": 20.0, "faiss": 60.0}


def record(name: str, n: int, d: int, method: str, seconds: float, bad: int) -> dict[str, Any]:
    """Return one of pytest-benchmark's records."""
    checked = 0 if method.startswith("product") else 500
    info = {"set": name, "samples": n, "dimensions": d, "classes": 10, "method": method}
    info |= {"kstar_s": [0.9, 1, 1.1], "peak_bytes": 80e6, "checked": checked}
    info["wrong"] = bad if checked else None
    if method == "kstar (cpu)":
        info["pairs_per_sample"] = {"in tiles": 100.0, "screened": 3.0, "refined": 2.0}
    return {"extra_info": info, "stats": {"data": [seconds, seconds * 0.9, seconds * 1.2]}}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Write results whose times grow as N^2 and d."""
    records = []
    for method, seconds in SECONDS.items():
        bad = 5 if method == "faiss" else 0
        for name, size in dict.fromkeys(case for series in SERIES for case in series.cases):
            n = size or int(name.partition(":")[2].partition("x")[0])
            d = 256 if size else int(name.rpartition("x")[2])
            grown = seconds * (n / 10_000) ** 2 * d
            records.append(record(set_name(name, size), n, d, method, grown, 0))
        records.append(record("letter[5000]", 5000, 16, method, seconds, bad))
        records.append(record("fc1", 60_000, 256, method, seconds, 0))
    left_out = {"set": "letter[5000]", "samples": 5000, "dimensions": 16, "classes": 10}
    left_out["method"] = "pycol"
    content = {
        "machine_info": {"processor": "one", "instructions": "avx2"},
        "commit_info": {"id": "0123456789abcdef"},
        "benchmarks": records,
        "not_timed": [{**left_out, "why": "over 20 s"}],
    }
    path = tmp_path / "bench.json"
    path.write_text(json.dumps(content))
    return path


def test_tables(results: Path) -> None:
    """Ratios, wrong shares, exponents, targets."""
    frame, machines = read([results])
    assert machines[0]["commit"] == "0123456789"
    table = glance(frame[~frame["set"].isin(GROWING)])
    assert "| method | letter, 5,000 x 16, 10 classes | fc1, 60,000 x 256, 10 classes |" in table
    assert "| faiss | 60.0x, **1.0% wrong** | 60.0x |" in table
    assert "| pycol | over 20 s | - |" in table
    assert "| faiss | 2.00 | 2.00 | 1.00 |" in exponents(frame)
    assert "| pycol | - | - | - |" in exponents(frame)
    assert wrong(frame).to_dict() == {
        "kstar (cpu)": {"letter[5000]": 0},
        "faiss": {"letter[5000]": 0.01},
    }


def test_targets(results: Path) -> None:
    """Met, missed, not measured; of one set, and of all."""
    frame, _ = read([results])
    wide, narrow, gpu = (
        [{"file": "bench.json", "instructions": name, **more}]
        for name, more in (("avx512_vnni", {}), ("avx2", {}), ("avx2", {"device": "a GPU"}))
    )

    def told(frame: pd.DataFrame, machines: list[dict[str, Any]]) -> pd.Series:
        return targets(frame, machines).set_index(["engine", "set", "against"])["bench.json"]

    table = told(frame, wide)
    assert table["kstar()", "fc1", "product"] == "20.0x, met"
    assert table["kstar()", "fc1", "authors"] == "-"
    slower = frame.assign(ratio=frame["ratio"] / 2)
    assert told(slower, wide)["kstar()", "fc1", "product"] == "10.0x, **missed**"
    assert told(slower, narrow)["kstar()", "fc1", "product"] == "10.0x, half met"
    slowest = frame.assign(ratio=frame["ratio"] / 4)
    assert told(slowest, narrow)["kstar()", "fc1", "product"] == "5.0x, **missed**"
    assert targets(frame, gpu).columns.tolist() == ["engine", "set", "against", "target"]
    memory = table["kstar (cpu)", "all", "memory beyond the input"]
    assert memory == "**missed**: on 2 of 13 sets; worst gaussian:2500x16, 125% of that"
    assert table["kstar (torch)", "all", "memory beyond the input"] == "-"
    assert table["kstar (torch)", "all", "product"] == "-"


def test_comparison(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is beyond the rounds of the other result is marked; another machine is refused."""
    content = json.loads(results.read_text())
    after = results.with_name("after.json")

    def marks(times: list[float]) -> set[str]:
        for one in content["benchmarks"]:
            one["extra_info"]["kstar_s"] = times
        after.write_text(json.dumps(content))
        monkeypatch.setattr(sys, "argv", ["bench_compare", str(results), str(after)])
        bench_compare.main()
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 13
        return {line.rpartition(")")[2].strip() for line in lines}

    assert marks([0.9, 1, 1.1]) == {""}
    assert marks([2, 2.1, 2.2]) == {"slower"}
    assert marks([0.2, 0.21, 0.22]) == {"faster"}
    content["machine_info"]["instructions"] = "avx512_vnni"
    with pytest.raises(SystemExit):
        marks([1, 1, 1])
    assert "got instructions avx2 and avx512_vnni" in capsys.readouterr().err


def test_page(results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is whole, and its pictures lie beside it."""
    monkeypatch.setattr(sys, "argv", ["bench_report", str(results), "--out", str(tmp_path)])
    main()
    page = (tmp_path / "benchmarks.md").read_text()
    assert "{" not in page
    for picture in ("benchmarks_growth.png", "benchmarks_wrong.png"):
        assert f"({picture})" in page
        assert (tmp_path / picture).stat().st_size > 10_000
