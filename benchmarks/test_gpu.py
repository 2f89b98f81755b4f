"""The benchmark of a GPU, on the host: what is timed is right, told as it is, and ended in time."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import gpu
import gpu_methods as methods
import numpy as np
import on_device
import pytest
import torch
from limited import in_turn
from measure import Call
from torch import Tensor
from torch_peers import TORCH_PEERS

from kstar_gpu import definition, kstar


def index(x: Tensor) -> methods.Search:
    """Return the nearest neighbours as a library would."""
    return lambda queries, k: torch.cdist(queries, x).argsort(dim=1, stable=True)[:, :k]


def unfit(x: Tensor, y: Tensor, rows: Tensor | None, block: int) -> None:
    """Fail as a kernel does that asks for too much."""
    raise ValueError("at 3:7:\n  out of resource: shared | memory\n")


class Tiring:
    """A method that fails the third time."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> None:
        """Count."""
        self.calls += 1
        if self.calls == 3:
            raise MemoryError


def measured(method: str, prepare: Any, rounds: int = 2, seconds: float = 60) -> dict[str, Any]:
    """Return the record of a method on a small set."""
    x, y, case = methods.ready("gaussian:300x20")
    return methods.measured(method, lambda: prepare(x, y), case, rounds, seconds)


def peer(name: str, x: Tensor, y: Tensor) -> Call:
    """Return a peer at its best."""
    return methods.at_its_best(TORCH_PEERS[name], methods.BLOCKS, x, y)


def library(x: Tensor, y: Tensor) -> Call:
    """Return the call of a library that gives neighbours."""
    return methods.at_its_best(partial(methods.by_neighbours, index), methods.BLOCKS, x, y)


@pytest.mark.parametrize(
    ("method", "prepare", "wrong"),
    [
        (methods.OURS, lambda x, y: methods.warmed(partial(kstar, x, y)), 0),
        ("product", partial(peer, "product"), None),
        ("authors", partial(peer, "authors"), 0),
        ("cuVS", library, 0),
        ("wrong", lambda x, y: partial(torch.zeros, len(x), dtype=torch.int64), 300),
    ],
)
def test_what_is_timed(method: str, prepare: Any, wrong: int | None) -> None:
    """A method has its times, and how many of its k* are wrong."""
    record = measured(method, prepare)
    assert record["wrong"] == wrong
    assert record["checked"] == (0 if wrong is None else 300)
    assert len(record["times"]) == 2
    assert min(record["times"]) > 0


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (
            partial(methods.at_its_best, unfit, methods.BLOCKS),
            "ValueError: out of resource: shared / memory",
        ),
        (lambda x, y: Tiring(), "out of memory"),
    ],
)
def test_why_there_is_no_time(prepare: Any, why: str) -> None:
    """A method that fails, at first or later, has a reason instead."""
    assert measured("failing", prepare) == {"why": why}


def test_rounds_end_when_time_is_up() -> None:
    """A slow method is timed once, at least."""
    record = measured("slow", lambda x, y: partial(sleep, 0.02), rounds=50, seconds=0.01)
    assert len(record["times"]) == 1


def test_peers_are_those_installed() -> None:
    """All that the host has; faiss without a GPU is none of them."""
    names = [name for name, _, _ in methods.peers()]
    assert names[:4] == ["float16 product", "product", "authors", "compiled"]
    assert "faiss-gpu" not in names
    assert methods.method_names() == ["kstar (cuda)", "kstar (torch)", *names]


def test_the_fastest_block_is_chosen() -> None:
    """A peer that is slow at all blocks but one is called with that one."""

    def peer(x: Tensor, y: Tensor, rows: Tensor | None, block: int) -> None:
        sleep(0 if block == methods.BLOCKS[1] else 0.02)

    x = torch.zeros(30, 2)
    call = methods.at_its_best(peer, methods.BLOCKS, x, x[:, 0].long())
    assert isinstance(call, partial)
    assert call.args[-1] == methods.BLOCKS[1]


WORKER = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from limited import tell
tell("ready")
for name in sys.argv[2].split(","):
    if name == "hangs":
        time.sleep(60)
    if name == "dies":
        os._exit(3)
    tell({"name": name, "process": os.getpid()})
    if name == "spoils":
        sys.exit(1)
"""


def test_one_that_hangs_or_dies_does_not_hold_up_the_others() -> None:
    """It has a reason; those after it are told of by another process."""

    def command(names: list[str]) -> list[str]:
        return [sys.executable, "-c", WORKER, str(Path(__file__).parent), ",".join(names)]

    names = ["one", "hangs", "two", "dies", "spoils", "three"]
    start = perf_counter()
    found = dict(in_turn(command, names, limit=1))
    assert perf_counter() - start < 50  # it was not waited for
    assert list(found) == names
    assert found["hangs"] == "over 1 s"
    assert found["dies"] == "its process ended with 3"
    told = {name: found[name] for name in ("one", "two", "spoils", "three")}
    assert all(isinstance(said, dict) and said["name"] == name for name, said in told.items())
    processes = [said["process"] for said in told.values() if isinstance(said, dict)]
    assert len(set(processes)) == 4


def test_a_set_is_worked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a process; where our engine is missing, the others keep their times."""
    monkeypatch.setattr(gpu, "method_names", lambda: ["kstar (cuda)", "kstar (torch)", "product"])
    content: dict[str, Any] = {"benchmarks": [], "not_timed": []}
    for record in gpu.benchmark("gaussian:300x20", rounds=2, limit=60):
        gpu.keep(content, record)
    timed = content["benchmarks"]
    assert [one["extra_info"]["method"] for one in timed] == ["kstar (torch)", "product"]
    assert [len(one["stats"]["data"]) for one in timed] == [2, 2]
    assert [one["method"] for one in content["not_timed"]] == ["kstar (cuda)"]
    assert "not available here" in content["not_timed"][0]["why"]
    json.dumps(content)


def test_the_definition_on_the_device_is_the_definition() -> None:
    """Ties, duplicates, odd widths: k*, distance and row are those of `definition.table`."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 3, (200, 5)).astype(np.float32), rng.integers(0, 4, 200)
    rows = on_device.seeded_rows(len(x), 90)
    wanted = definition.table(x, y, rows=rows.numpy())
    features, labels = torch.from_numpy(x), torch.from_numpy(y)
    found = on_device.defined(features, labels, rows)
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs)
    result = kstar(features, labels, return_foreign=True)
    assert on_device.wrong(result, features, labels, rows) == 0
    for column in result:
        column[rows[7]] += 1
        assert on_device.wrong(result, features, labels, rows) == 1
        column[rows[7]] -= 1


WITHOUT_FAISS = """
import sys
sys.modules["faiss"] = None  # as if it were not installed
import gpu, in_turns
sys.exit("faiss" in in_turns.environment() or "faiss-gpu" in gpu.method_names())
"""


def test_faiss_need_not_be_there() -> None:
    """The machine is described, and what is installed is timed."""
    command = [sys.executable, "-c", WITHOUT_FAISS]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
