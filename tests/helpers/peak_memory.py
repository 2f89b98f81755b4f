"""A process of its own that measures what one call of kstar() takes; run by tests, on Linux.

    python tests/helpers/peak_memory.py BACKEND SAMPLES FEATURES LAYOUT METRIC TIMES

Calls with so many times the least memory limit, and prints that limit, and by how many bytes the
process grew at the most.
"""

import re
import sys
from pathlib import Path

import numpy as np

from kstar_gpu import kstar

LAYOUTS = {
    "plain": lambda x: x,
    "fortran": np.asfortranarray,
    "int64": lambda x: (1000 * x).astype(np.int64),
    "swapped": lambda x: (1000 * x).astype(">i8"),
    "columns": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "flipped": lambda x: x[:, ::-1],
    "float64": lambda x: x.astype(np.float64),
    "list": lambda x: x.tolist(),
}


def status(field):
    """Return what the system tells of this process, in bytes."""
    text = Path("/proc/self/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE).group(1)) << 10


def least_limit(call):
    """Return the least memory limit, as the refusal of a smaller one tells."""
    try:
        call(memory_limit=1)
    except ValueError as error:
        return int(re.search(r"at least (\d+) bytes", str(error)).group(1))
    raise AssertionError("a limit of 1 byte is refused")


def main(backend, samples, features, layout, metric, times):
    """Warm up, and measure."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((int(samples), int(features)), dtype=np.float32)
    if metric == "precomputed":
        x = np.abs(x[:, :1] - x[:, 0])
    x, y = LAYOUTS[layout](x), rng.integers(0, 10, int(samples))
    small = x[:150, :150] if metric == "precomputed" else x[:150]
    kstar(small, y[:150], metric=metric, backend=backend)

    def call(memory_limit):
        return kstar(x, y, metric=metric, backend=backend, memory_limit=memory_limit)

    limit = int(least_limit(call) * float(times))
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    call(memory_limit=limit)
    print(limit, status("VmHWM") - before)


if __name__ == "__main__":
    main(*sys.argv[1:])
