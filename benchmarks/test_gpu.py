"""The benchmark of a GPU, with a clock of the host: what is timed is right, and told as it is."""

from collections.abc import Callable, Iterator
from functools import partial
from time import perf_counter, sleep
from typing import Any

import gpu
import pytest
import torch
from feature_sets import load
from measure import Call, checked
from torch import Tensor
from torch_peers import TORCH_PEERS

from kstar_gpu import kstar


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the time and the memory of the host."""

    def timed(call: Call) -> tuple[Any, float]:
        start = perf_counter()
        return call(), perf_counter() - start

    monkeypatch.setattr(gpu, "timed", timed)
    monkeypatch.setattr(gpu, "peak_of", lambda call: (gpu.tried(call), 7))


def index(x: Tensor) -> gpu.Search:
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


def methods(x: Tensor, y: Tensor) -> Iterator[tuple[str, Callable[[], Call]]]:
    """Give an engine that is here in the place of ours, peers, a library, and failures."""
    yield gpu.OURS, partial(gpu.warmed, partial(kstar, x, y))
    for name in ("product", "authors"):
        yield name, partial(gpu.at_its_best, TORCH_PEERS[name], gpu.BLOCKS, x, y)
    library = partial(gpu.by_neighbours, index)
    yield "cuVS", partial(gpu.at_its_best, library, gpu.BLOCKS, x, y)
    yield "wrong", lambda: partial(torch.zeros, len(x), dtype=torch.int64)
    yield "unfit", partial(gpu.at_its_best, unfit, gpu.BLOCKS, x, y)
    yield "tiring", lambda: Tiring()


def test_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every method has a record, with its times or with the reason why it has none."""
    monkeypatch.setattr(gpu, "methods", methods)
    records, not_timed = gpu.benchmark(checked(load("gaussian:300x20")), "cpu", rounds=2)
    found = {record["extra_info"]["method"]: record for record in records}
    assert list(found) == [gpu.OURS, "product", "authors", "cuVS", "wrong"]
    ours = found[gpu.OURS]["stats"]["data"]
    assert [len(record["stats"]["data"]) for record in records] == [2] * 5
    assert [record["extra_info"]["kstar_s"] for record in records] == [ours] * 5
    assert [record["extra_info"]["wrong"] for record in records] == [0, None, 0, 0, 300]
    assert [record["extra_info"]["peak_bytes"] for record in records] == [7, 7, 7, None, 7]
    assert {record["method"]: record["why"] for record in not_timed} == {
        "unfit": "ValueError: out of resource: shared / memory",
        "tiring": "out of memory",
    }


def test_without_our_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it fails the others keep their times."""
    monkeypatch.setattr(gpu, "peers", lambda: iter([("product", TORCH_PEERS["product"], (64,))]))
    records, not_timed = gpu.benchmark(checked(load("gaussian:300x20")), "cpu", rounds=2)
    assert [record["extra_info"]["method"] for record in records] == ["kstar (torch)", "product"]
    assert [record["method"] for record in not_timed] == [gpu.OURS]


def test_peers_are_those_installed() -> None:
    """All that the host has; faiss without a GPU is none of them."""
    names = [name for name, _, _ in gpu.peers()]
    assert names[:4] == ["float16 product", "product", "authors", "compiled"]
    assert "faiss-gpu" not in names


def test_the_fastest_block_is_chosen() -> None:
    """A peer that is slow at all blocks but one is called with that one."""

    def peer(x: Tensor, y: Tensor, rows: Tensor | None, block: int) -> None:
        sleep(0 if block == gpu.BLOCKS[1] else 0.02)

    x = torch.zeros(30, 2)
    call = gpu.at_its_best(peer, gpu.BLOCKS, x, x[:, 0].long())
    assert isinstance(call, partial)
    assert call.args[-1] == gpu.BLOCKS[1]
