"""Measure the peak memory of one kstar() call beyond its input: run with --help for the arguments.

Each measurement has a fresh process, which loads the set, makes a small call first, and then asks
the kernel for the resident memory before the call and its peak during it. The peak that
`getrusage` gives would include what loading took, so the kernel's mark is reset before the call.
Linux only.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from feature_sets import load

from kstar_gpu import available_backends, kstar

WARM_UP_ROWS = 2000
RESET_PEAK = "5"  # see proc_pid_clear_refs(5)


def kilobytes(field: str, path: str = "/proc/self/status") -> int:
    """Return what the kernel says; VmRSS is resident memory now, VmHWM its peak."""
    for line in Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0])
    raise ValueError(f"field: {path} has no {field!r}")


def peak_bytes(name: str, backend: str) -> tuple[int, int]:
    """Return the peak of one call beyond what was resident before, and the input's bytes."""
    features, labels, _ = load(name)
    kstar(features[:WARM_UP_ROWS], labels[:WARM_UP_ROWS], backend=backend)
    Path("/proc/self/clear_refs").write_text(RESET_PEAK)
    before = kilobytes("VmRSS")
    kstar(features, labels, backend=backend)
    return 1024 * (kilobytes("VmHWM") - before), features.nbytes


def main() -> None:
    """Print a line per feature set and backend."""
    available = [name for name, status in available_backends().items() if status.available]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="gaussian:60000x256", help="comma-separated")
    parser.add_argument("--backends", default=",".join(available), help="comma-separated")
    arguments = parser.parse_args()

    for name in arguments.sets.split(","):
        for backend in arguments.backends.split(","):
            with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
                peak, given = process.submit(peak_bytes, name, backend).result()
            print(
                f"{name:<22} kstar ({backend})  input {given / 1e6:8.1f} MB  "
                f"peak beyond it {peak / 1e6:8.1f} MB = {peak / given:6.2f}x",
                flush=True,
            )


if __name__ == "__main__":
    main()
