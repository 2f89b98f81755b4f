"""torch's workers are made where there is room for them, or refused; never does the process end."""

import sys

import pytest
import torch

from kstar_gpu.engines import torch_workers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")


def test_nothing_is_asked_where_nothing_is_limited(monkeypatch):
    monkeypatch.setattr(torch_workers.mmap, "mmap", None)
    torch_workers.start_workers()


@pytest.mark.parametrize("kind", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_room_is_asked_for_where_memory_is_limited(kind, monkeypatch):
    resource = torch_workers.resource
    limits = {getattr(resource, kind): 1 << 40, resource.RLIMIT_STACK: 1 << 20}
    unlimited = resource.RLIM_INFINITY
    monkeypatch.setattr(resource, "getrlimit", lambda limit: (limits.get(limit, unlimited),) * 2)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    asked = []
    plain = torch_workers.mmap.mmap
    monkeypatch.setattr(
        torch_workers.mmap, "mmap", lambda *where, **how: asked.append(where[1]) or plain(*where)
    )
    torch_workers.start_workers()
    assert asked == [4 << 20]
    limits[resource.RLIMIT_STACK] = 1 << 60
    with pytest.raises(MemoryError, match="2 worker threads of torch's take"):
        torch_workers.start_workers()
