"""A process of its own that calls kstar() where memory is scarce; run by tests.

    python tests/helpers/scarce_memory.py BACKEND FORM,FORM,... SAMPLES FEATURES MEGABYTES...

It grants the address space that it has and so many megabytes more, calls, and prints a line:
"right", "MemoryError", or what else came. Then it does so five times more, calls with
all the memory there is, and does all that twice more; the last line says how much more memory it
holds after the last time.
"""

import os
import resource
import sys
from pathlib import Path

import numpy as np

from kstar_gpu import kstar

FORMS = ("euclidean", "cosine", "references", "precomputed", "integers")
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def make_call(backend, form, samples, features):
    """Return a call of kstar(), with arguments made before."""
    rng = np.random.default_rng(0)
    scales = 1 / (1 + np.arange(features))
    x = (rng.standard_normal((samples, features)) * scales).astype(np.float32)
    y = rng.integers(0, 5, samples)
    if form == "references":
        options = {"references": x[1::2], "reference_labels": y[1::2]}
        return lambda: kstar(x[::2], y[::2], backend=backend, **options)
    if form == "precomputed":
        table = np.abs(x[:, :1] - x[:, 0])
        return lambda: kstar(table, y, metric="precomputed", backend=backend)
    if form == "integers":
        whole = (1000 * x).astype(np.int64)
        return lambda: kstar(whole, y, backend=backend)
    return lambda: kstar(x, y, metric=form, backend=backend)


def address_space():
    """Return how many bytes of it are taken."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def resident():
    """Return how many bytes of memory are taken."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def call_within(call, spare):
    """Return what a call gives, or raises, that may take so many bytes more."""
    resource.setrlimit(resource.RLIMIT_AS, (address_space() + spare, resource.RLIM_INFINITY))
    try:
        return call()
    except BaseException as error:  # whatever it is, it is told
        return error.with_traceback(None)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, UNLIMITED)


def told(result, right):
    """Return an outcome in one line."""
    if isinstance(result, MemoryError):
        return "MemoryError"
    if isinstance(result, BaseException):
        return f"{type(result).__name__}: {result}".replace("\n", " ")
    return "right" if np.array_equal(result, right) else "wrong"


def main(backend, forms, samples, features, *megabytes):
    """Call each form with so much memory each, then with all."""
    for form in forms.split(","):
        of_one_form(backend, form, samples, features, *megabytes)


def of_one_form(backend, form, samples, features, *megabytes):
    """Call one form; a line for each of its limits, and four more."""
    call = make_call(backend, form, int(samples), int(features))
    found = [call_within(call, int(float(each) * 2**20)) for each in megabytes]
    right = call()
    for result in found:
        print(told(result, right))
    taken = []
    for _ in range(3):
        for each in 5 * megabytes:
            call_within(call, int(float(each) * 2**20))
        print("right" if np.array_equal(call(), right) else "wrong")
        taken.append(resident())
    print((taken[2] - taken[1]) >> 20, "megabytes more")


if __name__ == "__main__":
    main(*sys.argv[1:])
