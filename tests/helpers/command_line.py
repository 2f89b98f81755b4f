"""The command line as tests call it: samples in a folder, what it saves and what it refuses."""

import os
import subprocess
import sys

import numpy as np

from kstar_gpu import cli, definition
from kstar_gpu.stats.distribution import KStarDistribution

FEATURES = np.random.default_rng(0).standard_normal((30, 4)).astype(np.float32)
LABELS = np.arange(30) % 3
FEATURES[:, 0] += 2 * LABELS
EXPECTED = definition.kstar(FEATURES, LABELS)
PROGRAM = [sys.executable, "-c", "import sys; from kstar_gpu.cli import main; sys.exit(main())"]


def write_samples(folder, monkeypatch):
    """Go into a folder, and leave the samples in data.npz there."""
    monkeypatch.chdir(folder)
    np.savez("data.npz", features=FEATURES, labels=LABELS)
    return folder


def run_program(arguments, stdout=subprocess.PIPE, **environment):
    """Run `kstar-gpu compute` as a process of its own."""
    return subprocess.run(
        [*PROGRAM, "compute", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
    )


def error_of(capsys, *arguments: str) -> str:
    """Run what must fail and return its one line on stderr."""
    capsys.readouterr()  # what earlier commands printed
    assert cli.main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("kstar-gpu: error: ")
    assert printed.err.count("\n") == 1
    return printed.err


def saved(*arguments: str) -> KStarDistribution:
    """Run what must succeed and return the result that it saved."""
    assert cli.main([*arguments, "--out", "result.npz"]) == 0
    return KStarDistribution.load("result.npz")
