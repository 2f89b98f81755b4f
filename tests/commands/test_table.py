"""`kstar-gpu table`: what is saved, printed or as a file."""

import pandas as pd
import pytest
from helpers.command_line import FEATURES, LABELS, error_of, write_samples
from helpers.made_sweep import kept, made_sweep

from kstar_gpu import cli, kstar_distribution


@pytest.fixture(autouse=True)
def result(tmp_path, monkeypatch):
    write_samples(tmp_path, monkeypatch)
    result = kstar_distribution(FEATURES, LABELS, return_foreign=True)
    result.save("result.npz")
    kept(made_sweep(3), "runs")
    return result


def test_printed(result, capsys):
    assert cli.main(["table", "result.npz"]) == 0
    assert capsys.readouterr().out == result.summary() + "\n"
    assert cli.main(["table", "runs", "--layer", "stem", "head"]) == 0
    printed = capsys.readouterr().out
    for key, one in made_sweep(3).results.items():
        assert (f"{'/'.join(key)}\n{one.summary()}" in printed) == (key.layer in ("stem", "head"))


def test_of_samples(result, capsys):
    assert cli.main(["table", "result.npz", "--samples"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(FEATURES)
    assert cli.main(["table", "result.npz", "--samples", "--out", "t.parquet"]) == 0
    wanted = result.to_frame(samples=True)
    pd.testing.assert_frame_equal(pd.read_parquet("t.parquet"), wanted, check_exact=True)
    error = error_of(capsys, "table", "runs", "--samples")
    assert "a choice of one result is wanted, got 4" in error
    assert cli.main(["table", "runs", "--samples", "--layer", "head", "--out", "t.csv"]) == 0
    assert len(pd.read_csv("t.csv")) == 60


def test_of_a_sweep(capsys):
    assert cli.main(["table", "runs", "--out", "t.csv"]) == 0
    assert capsys.readouterr().out == "t.csv\n"  # as of a picture, and of a page
    pd.testing.assert_frame_equal(pd.read_csv("t.csv"), made_sweep(3).to_frame(), check_exact=True)


def test_what_cannot_be_written_is_told_first(capsys):
    assert "got '.doc'" in error_of(capsys, "table", "none.npz", "--out", "t.doc")
