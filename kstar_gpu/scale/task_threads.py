"""How many threads a task of Dask's may take, beside those that run at the same time."""

import multiprocessing
import sys
import threading
from typing import Any

import torch


def task_threads() -> int:
    """Return a fair share of torch's threads, for what runs here as one of several tasks."""
    return max(1, torch.get_num_threads() // _tasks_at_once())


def _tasks_at_once() -> int:
    """Return how many tasks the machine's part that torch's threads are meant for runs at once."""
    worker = _worker()
    if worker is not None:
        return int(worker.state.nthreads)
    dask = sys.modules.get("dask")
    alone = threading.current_thread() is threading.main_thread()
    if dask is None or (alone and multiprocessing.parent_process() is None):
        return 1
    # The schedulers of one machine, by threads or by processes.
    return int(dask.config.get("num_workers", None) or dask.system.CPU_COUNT)


def _worker() -> Any:
    """Return the worker of `distributed` that runs this; None if there is none."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        return distributed.get_worker()
    except ValueError:
        return None
