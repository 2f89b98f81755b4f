"""A computation in a thread of its own ends as it would have here."""

import gc
import signal
import threading
import time
import weakref

import pytest

from kstar_gpu.engines.own_thread import in_own_thread


class Large:
    """Something that must not be kept alive."""


def test_the_result_comes_back_and_the_thread_is_gone():
    before = threading.active_count()
    ours = threading.get_ident()
    assert in_own_thread(threading.get_ident) != ours
    assert threading.active_count() == before


def test_its_exceptions_are_raised_here_and_keep_nothing_alive():
    kept = []

    def fails():
        large = Large()
        kept.append(weakref.ref(large))
        raise ValueError("features: too large")

    gc.disable()
    try:
        with pytest.raises(ValueError, match="features: too large") as raised:
            in_own_thread(fails)
        assert raised.traceback[-1].name == "fails"
        del raised
        assert kept[0]() is None
    finally:
        gc.enable()


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals of threads here")
def test_what_interrupts_the_waiting_stops_the_computation():
    started, left = threading.Event(), []

    def long():
        try:
            while True:
                started.set()
                time.sleep(0.001)  # for ever, if nothing stops it
        finally:
            left.append(True)

    def interrupt():
        started.wait()
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    for _ in range(20):  # some while the thread is being started, some later
        started.clear()
        interrupting = threading.Thread(target=interrupt)
        interrupting.start()
        with pytest.raises(KeyboardInterrupt):
            in_own_thread(long)
        interrupting.join()
    assert left == [True] * 20
