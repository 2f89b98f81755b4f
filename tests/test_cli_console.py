"""A result is kept first and printed then, as far as the console goes."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from helpers.command_line import EXPECTED, FEATURES, LABELS, PROGRAM, run_program, write_samples

from kstar_gpu import KStarDistribution

PNG = b"\x89PNG"
CLASSES = ["猫", "naïve", "$1$\nx"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    return write_samples(tmp_path, monkeypatch)


SHOWN = {
    "cp1252": ["\\u732b", "naïve"],
    "ascii": ["\\u732b", "na\\xefve"],
    "utf-8": ["猫", "naïve"],
}


@pytest.mark.parametrize("encoding", SHOWN)
def test_a_result_is_kept_whatever_the_console_can_show(encoding, folder):
    np.savez("named.npz", features=FEATURES, labels=LABELS, class_names=CLASSES)
    out = ["--out", "r.npz"]
    if encoding == "cp1252":
        out += ["--plot", "p.png"]
    done = run_program(["named.npz", *out], PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert b"error" not in done.stderr  # matplotlib warns of letters that its font lacks
    assert KStarDistribution.load("r.npz").class_names == tuple(CLASSES)
    assert "--plot" not in out or (folder / "p.png").read_bytes().startswith(PNG)
    lines = done.stdout.decode(encoding.partition(":")[0]).splitlines()
    assert [line.split()[0] for line in lines[2:5]] == [*SHOWN[encoding], "$1$\\nx"]


def test_a_result_is_kept_though_nobody_reads(folder):
    program = [*PROGRAM, "compute", "data.npz", "--out", "r.npz", "--plot", "p.png"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
    np.testing.assert_array_equal(KStarDistribution.load("r.npz").kstar, EXPECTED)
    assert (folder / "p.png").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_result_is_kept_though_its_table_cannot_be_written():
    with open("/dev/full", "wb") as full:
        done = run_program(["data.npz", "--out", "r.npz"], stdout=full)
    assert done.returncode == 2
    assert done.stderr == b"kstar-gpu: error: [Errno 28] No space left on device\n"
    np.testing.assert_array_equal(KStarDistribution.load("r.npz").kstar, EXPECTED)
