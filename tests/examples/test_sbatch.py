"""The example of an array of SLURM jobs: what each of them calls is taken, and is its own part."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kstar_gpu import cli
from kstar_gpu.networks.named_pairs import named_pairs
from kstar_gpu.networks.pairs import of_shard

SCRIPT = Path(__file__).parents[2] / "examples" / "sweep.sbatch"


@pytest.fixture
def called(tmp_path):
    """Return what a job of the array calls, in the place of the command."""
    if os.name != "posix" or shutil.which("bash") is None:
        pytest.skip("no bash")
    command = tmp_path / "bin" / "kstar-gpu"
    command.parent.mkdir()
    command.write_text('#!/bin/sh\nprintf "%s\\n" "$OMP_NUM_THREADS" "$@"\n')
    command.chmod(0o755)

    def call(task, tasks):
        slurm = {"SLURM_ARRAY_TASK_ID": f"{task}", "SLURM_ARRAY_TASK_COUNT": f"{tasks}"}
        slurm["SLURM_CPUS_PER_TASK"] = "8"
        path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, **slurm, "PATH": path}
        ended = subprocess.run(["bash", SCRIPT], env=environment, stdout=subprocess.PIPE, text=True)
        assert ended.returncode == 0
        threads, *arguments = ended.stdout.splitlines()
        assert threads == "8"
        return cli._parser().parse_args(arguments)

    return call


def test_the_jobs_of_the_array_do_all_pairs_once(called, tmp_path, monkeypatch):
    first, last = re.search(r"^#SBATCH --array=(\d+)-(\d+)$", SCRIPT.read_text(), re.M).groups()
    monkeypatch.chdir(tmp_path)
    jobs = range(int(first), int(last) + 1)
    parts = []
    for job in jobs:
        arguments = called(job, len(jobs))
        for folder in arguments.data:
            Path(folder).mkdir(parents=True, exist_ok=True)
        pairs = named_pairs(arguments.model, arguments.data, arguments.batch)
        parts += [pair[:2] for pair in of_shard(pairs, arguments.shard)]
        assert arguments.layers == ["layer?", "fc"]
        assert arguments.out == "runs"
    assert sorted(parts) == sorted(pair[:2] for pair in pairs)
    assert len(parts) == 4
