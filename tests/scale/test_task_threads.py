"""Tasks that run at the same time share torch's threads."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from kstar_gpu.scale import task_threads as module
from kstar_gpu.scale.task_threads import task_threads


@pytest.fixture
def threads(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)


def in_a_thread():
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(task_threads).result()


def test_who_runs_alone_has_all(threads):
    assert task_threads() == 8


def test_threads_of_a_pool_share_them(threads):
    dask = pytest.importorskip("dask", reason="Dask is not installed")
    with dask.config.set(num_workers=3):
        assert in_a_thread() == 2
    with dask.config.set(num_workers=100):
        assert in_a_thread() == 1
    assert in_a_thread() == max(1, 8 // dask.system.CPU_COUNT)


def test_threads_of_a_worker_share_them(threads, monkeypatch):
    class Worker:
        class state:  # noqa: N801  # as theirs
            nthreads = 4

    monkeypatch.setattr(module, "_worker", Worker)
    assert task_threads() == 2


def test_no_worker_is_found_outside_of_tasks():
    pytest.importorskip("distributed", reason="distributed is not installed")
    assert module._worker() is None
