"""The benchmark of a GPU, with a clock of the host: what is timed is right, and told as it is."""

from collections.abc import Callable, Iterator
from functools import partial
from time import perf_counter
from typing import Any

import gpu
import numpy as np
import pytest
import torch
from feature_sets import load
from measure import Call, checked
from torch import Tensor
from torch_peers import TORCH_PEERS

from kstar_gpu import kstar


def timed(call: Call) -> tuple[Any, float]:
    """Return what a call gives and its seconds, on the host."""
    start = perf_counter()
    return call(), perf_counter() - start


def neighbours(x: Tensor, k: int) -> Any:
    """Return the nearest neighbours as a library would."""
    return np.argsort(torch.cdist(x, x).numpy(), axis=1, kind="stable")[:, :k]


def unfit(x: Tensor, y: Tensor, rows: Tensor | None, block: int) -> None:
    """Fail as a kernel does that asks for too much."""
    raise ValueError("out of resource: shared memory\nReduce it")


def methods(x: Tensor, y: Tensor) -> Iterator[tuple[str, Callable[[], Call]]]:
    """Give an engine that is here in the place of ours, a peer, a library, and failures."""
    yield gpu.OURS, gpu.ready(partial(kstar, x, y))
    for name in ("product", "authors"):
        yield name, partial(gpu.at_its_best, TORCH_PEERS[name], gpu.BLOCKS, x, y)
    yield "cuVS", gpu.ready(partial(gpu.nearest_neighbours, neighbours, x, y))
    yield "wrong", gpu.ready(lambda: torch.zeros(len(x), dtype=torch.int64))
    yield "too large", gpu.ready(partial(torch.empty, 1 << 60))
    yield "unfit", partial(gpu.at_its_best, unfit, gpu.BLOCKS, x, y)


def test_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every method has a record, with its times or with the reason why it has none."""
    monkeypatch.setattr(gpu, "timed", timed)
    monkeypatch.setattr(gpu, "methods", methods)
    monkeypatch.setattr(gpu, "peak_of", lambda call: (gpu.tried(call), 7))
    case = checked(load("gaussian:300x20"))
    records, not_timed = gpu.measure(case, "cpu", rounds=2)
    found = {record["extra_info"]["method"]: record for record in records}
    assert list(found) == [gpu.OURS, "product", "authors", "cuVS", "wrong"]
    assert {len(record["stats"]["data"]) for record in records} == {2}
    assert {len(record["extra_info"]["kstar_s"]) for record in records} == {2}
    wrong = [record["extra_info"]["wrong"] for record in records]
    assert wrong == [0, None, 0, 0, 300]
    assert [record["extra_info"]["peak_bytes"] for record in records] == [7, 7, 7, None, 7]
    why = {record["method"]: record["why"] for record in not_timed}
    assert why["unfit"] == "ValueError: out of resource: shared memory"
    assert why["too large"].startswith("RuntimeError: ")
