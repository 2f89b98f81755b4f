"""Tables as files: numbers to their last digit, undefined ones undefined, names as they are."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from helpers.made_result import made

from kstar_gpu.commands.table_file import SUFFIXES, check_table, write_table

FRAME = pd.DataFrame(
    {"class": ['a,"b"\nc', "猫", "NA"], "n": [1, 2, 3], "mean": [1 / 3, np.nan, 2]}
)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_form(suffix, tmp_path):
    path = tmp_path / f"t{suffix}"
    check_table(path)
    write_table(path, lambda: FRAME, lambda: "猫 1")
    match suffix:
        case ".txt":
            assert path.read_text("utf-8") == "猫 1\n"
        case ".csv":
            found = pd.read_csv(path, keep_default_na=False, na_values={"mean": ""})
            pd.testing.assert_frame_equal(found, FRAME, check_exact=True)
        case ".json":
            rows = json.loads(path.read_text("utf-8"))
            assert rows[0] == {"class": 'a,"b"\nc', "n": 1, "mean": 1 / 3}
            assert rows[1] == {"class": "猫", "n": 2, "mean": None}
        case ".parquet":
            pd.testing.assert_frame_equal(pd.read_parquet(path), FRAME, check_exact=True)


def test_a_result_as_json(tmp_path):
    result = made([1, 2, 3, 1], [3, 1])
    write_table(tmp_path / "t.json", result.to_frame, result.summary)
    rows = json.loads((tmp_path / "t.json").read_text())
    assert [row["mean"] for row in rows] == result.mean.tolist()
    assert rows[1]["skewness_plain"] is None


def test_what_cannot_be_written_is_told_before(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"one of \.txt, \.csv, \.json, \.parquet, got '\.xls'"):
        check_table(tmp_path / "t.xls")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        check_table(tmp_path / "none" / "t.csv")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r'needs pyarrow: pip install "kstar-gpu\[disk\]"'):
        check_table(tmp_path / "t.parquet")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r'needs pandas: pip install "kstar-gpu\[frames\]"'):
        check_table(tmp_path / "t.csv")
    check_table(tmp_path / "t.txt")
