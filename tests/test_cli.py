"""The command line: its commands, its exit status, and whose fault an error is."""

import subprocess
from importlib.metadata import version

import pytest
from helpers.command_line import PROGRAM, write_samples

from kstar_gpu import cli
from kstar_gpu.commands import compute


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    return write_samples(tmp_path, monkeypatch)


def test_ctrl_c(capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(compute, "kstar_distribution", interrupted)
    assert cli.main(["compute", "data.npz"]) == 130


@pytest.mark.parametrize("fault", [ZeroDivisionError, RuntimeError, KeyError, AssertionError])
def test_other_errors_are_not_hidden(fault, monkeypatch):
    def broken(*_, **__):
        raise fault

    monkeypatch.setattr(compute, "kstar_distribution", broken)
    with pytest.raises(fault):
        cli.main(["compute", "data.npz"])


def test_version_and_usage_as_a_program():
    done = subprocess.run([*PROGRAM, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"kstar-gpu {version('kstar-gpu')}\n"
    done = subprocess.run(PROGRAM, capture_output=True, text=True)
    assert done.returncode == 2
    assert "the following arguments are required: COMMAND" in done.stderr
