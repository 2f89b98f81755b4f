"""A process of its own that calls kstar() while threads write to what it reads; run by tests.

    python tests/helpers/changing_input.py BACKEND CALLS SAMPLES FEATURES

Prints how many calls ended with what. In the end, when nobody writes any more, the result is right.
"""

import sys
import threading
import warnings
from collections import Counter

import numpy as np

from kstar_gpu import definition, kstar

WRITTEN = (np.nan, np.inf, -np.inf, 0.0, 7.0, 1e-42, 1e30, -1e30)


def write(x, rows, labels, still, stop, seed):
    """Write anything into some rows, or all, and put back what stood there, until told to stop."""
    rng = np.random.default_rng(seed)
    while not stop.is_set():
        count = rng.choice([1, len(x) // 20, len(x)])
        first = rng.integers(len(x) - count + 1)
        block = slice(first, first + count)
        kind = rng.integers(len(WRITTEN) + 2)
        if kind < len(WRITTEN):
            x[block] = WRITTEN[kind]
        else:
            x[block] = x[block] * 1e25 if kind == len(WRITTEN) else rng.permutation(rows[block])
        labels[rng.integers(len(labels))] = rng.integers(5)
        stop.wait(rng.random() * still)
        x[:] = rows
        stop.wait(rng.random() * still)


def main(backend, calls, samples, features):
    """Call in every form, with writers beside."""
    warnings.simplefilter("ignore")  # of NaN
    rng = np.random.default_rng(0)
    samples, calls = int(samples), int(calls)
    rows = rng.standard_normal((samples, int(features))).astype(np.float32)
    classes = rng.integers(0, 5, samples)
    half = samples // 2
    ended = Counter()
    for form in ("euclidean", "cosine", "references", "precomputed"):
        x, y = rows.copy(), classes.copy()
        if form == "precomputed":
            x = np.abs(x[:, :1] - x[:, 0])
        before = x.copy()
        stop = threading.Event()
        writers = [
            threading.Thread(target=write, args=(x, before, y, 0.01, stop, seed))
            for seed in range(2)
        ]
        for writer in writers:
            writer.start()
        try:
            for _ in range(calls):
                try:
                    if form == "references":
                        options = {"references": x[half:], "reference_labels": y[half:]}
                        kstar(x[:half], y[:half], backend=backend, **options)
                    else:
                        kstar(x, y, metric=form, backend=backend)
                    ended["a result"] += 1
                except ValueError as error:
                    ended[str(error).partition(",")[0]] += 1
        finally:
            stop.set()
            for writer in writers:
                writer.join()
    for what, count in ended.items():
        print(count, what)
    right = definition.kstar(rows.astype(np.float64), classes)
    assert np.array_equal(kstar(rows, classes, backend=backend), right)


if __name__ == "__main__":
    main(*sys.argv[1:])
