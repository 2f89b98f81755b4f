"""Executors: any that gives futures; what ends early cancels what has not begun."""

import multiprocessing
import os
import threading
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor

import pytest
import torch

from kstar_gpu.networks import executors
from kstar_gpu.networks.executors import check_executor, in_worker, results_of


class Later:
    """Runs a call when it is first asked whether it is done."""

    def __init__(self):
        self.log = []

    def submit(self, function, *arguments):
        return Call(self.log, function, arguments)


class Call:
    def __init__(self, log, function, arguments):
        self.log, self.function, self.arguments = log, function, arguments

    def done(self):
        return True

    def result(self):
        self.log.append(("ran", *self.arguments[1:]))
        return self.function(*self.arguments)

    def cancel(self):
        self.log.append(("cancelled", *self.arguments[1:]))


def inverse(number):
    return 1 / number


def test_any_futures():
    found = dict(results_of(Later(), inverse, [(1,), (2,), (4,)], False, "name"))
    assert found == {0: 1, 1: 0.5, 2: 0.25}


def test_results_come_as_calls_end():
    first = threading.Event()

    def wait(number):
        return first.wait(30) if number == 0 else number

    with ThreadPoolExecutor(2) as pool:
        found = results_of(pool, wait, [(0,), (1,), (2,)], False, "name")
        assert sorted([next(found), next(found)]) == [(1, 1), (2, 2)]
        first.set()
        assert next(found) == (0, True)
        with pytest.raises(StopIteration):
            next(found)


def test_an_error_cancels_the_others():
    pool = Later()
    with pytest.raises(ZeroDivisionError):
        list(results_of(pool, inverse, [(1,), (0,), (2,)], False, "name"))
    assert pool.log == [("ran", 1), ("ran", 0), ("cancelled", 2)]


def test_control_c_cancels_the_others(monkeypatch):
    """At whatever moment it comes: here, while one call is running."""
    running, release = threading.Event(), threading.Event()
    begun = []

    def call(number):
        begun.append(number)
        running.set()
        release.wait(30)

    def interrupted(seconds):
        running.wait(30)
        raise KeyboardInterrupt

    monkeypatch.setattr(executors.time, "sleep", interrupted)
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(KeyboardInterrupt):
            list(results_of(pool, call, [(0,), (1,), (2,)], False, "name"))
        release.set()
    assert begun == [0]


def test_an_error_of_submitting_cancels_those_before():
    class Full(Later):
        def submit(self, function, *arguments):
            if arguments[1] == 2:
                raise RuntimeError("full")
            return super().submit(function, *arguments)

    pool = Full()
    with pytest.raises(RuntimeError, match="full"):
        list(results_of(pool, inverse, [(1,), (2,)], False, "name"))
    assert pool.log == [("cancelled", 1)]


def test_what_is_no_executor():
    for wrong in (None, 3, "pool", map):
        with pytest.raises(TypeError, match="executor: something with submit"):
            check_executor(wrong)
    check_executor(Later())

    class NoFutures:
        def submit(self, function, *arguments):
            return function(*arguments)

    with pytest.raises(TypeError, match=r"with done\(\) and result\(\), got float"):
        list(results_of(NoFutures(), inverse, [(1,)], False, "name"))


def test_a_future_without_cancel():
    class Stuck:
        def submit(self, function, *arguments):
            future = Future()
            if arguments[1]:
                future.set_result(None)
            else:
                future.set_exception(OSError("gone"))
            del arguments
            return Handle(future)

    class Handle:
        def __init__(self, future):
            self.done, self.result = future.done, future.result

    with pytest.raises(OSError, match="gone"):
        list(results_of(Stuck(), inverse, [(0,), (1,)], False, "name"))


def test_a_bar_is_of_calls(capsys):
    list(results_of(Later(), inverse, [(1,), (2,)], True, "name"))
    assert "name: 100%" in capsys.readouterr().err


def threads():
    return torch.get_num_threads()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_computes_with_one_thread_of_torchs():
    """Or it would wait for ever for those of its parent."""
    before = torch.get_num_threads()
    assert in_worker(threads) == before
    torch.set_num_threads(2)
    try:
        torch.ones(1000, 1000).exp().sum()  # threads of the parent
        with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
            assert dict(results_of(pool, threads, [()], False, "name")) == {0: 1}
    finally:
        torch.set_num_threads(before)
