"""What sanitizers are to see on a GPU is reached: seen here, with the kernels on the host."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.cuda_on_host import what_is_missing

SCRIPT = Path(__file__).parents[2] / "helpers" / "sanitizer_cases.py"


@pytest.mark.skipif(what_is_missing() is not None, reason=str(what_is_missing()))
def test_the_cases_reach_what_they_are_there_for():
    done = subprocess.run([sys.executable, SCRIPT, "--host"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    cases = {case["case"]: case for case in map(json.loads, done.stdout.splitlines())}
    assert not any(case["wrong"] for case in cases.values())
    narrow = {name for name, case in cases.items() if case["narrow"]}
    assert narrow == {"narrow balls", "narrow balls of references", "streamed panels"}
    early = {name for name, case in cases.items() if case["early"]}
    assert early >= {"narrow balls", "narrow balls of references"}
    # Panels are rounded one by one, again and again; and what did not fit is searched again.
    rounded = {name: case["calls"]["make_full"] for name, case in cases.items()}
    assert rounded["streamed panels"] > 4 * rounded["narrow balls"]
    searches = {name: case["calls"]["search"] for name, case in cases.items()}
    assert searches["overflow"] > searches["ties"]
