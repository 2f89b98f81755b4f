"""Time the CUDA engine on a GPU, side by side with what else computes k* there.

All methods take turns on one device, on features that are there already; what its cache holds is
overwritten before every call. Times are those of CUDA events around the whole call. Writes a file
as `make bench` does, for `make bench-report`, and prints its table: run with --help for arguments.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bench_report import glance, read
from compare import environment
from feature_sets import load
from measure import Call, Case, NotTimedError, checked
from numpy.typing import NDArray
from peers import ranks_of_foreign
from pytest_benchmark.utils import get_commit_info
from torch import Tensor
from torch_peers import TORCH_PEERS, TorchPeer

from kstar_gpu import kstar

CACHE_BYTES = 256 << 20  # more than any GPU's second-level cache holds
BLOCKS = (256, 1024, 4096)
TRITON_BLOCKS = (16, 32, 64, 128)
OURS = "kstar (cuda)"
OWN_MEMORY = ("keops", "faiss-gpu", "cuVS")  # not from torch, so that torch cannot tell their peak
SETS = "gaussian:50000x2048,clusters:50000x2048,gaussian:200000x256,gaussian:20000x512"


def half_product(x: Tensor, y: Tensor, rows: Tensor | None, block: int) -> None:
    """Compute the bare N x N product of float16, on tensor cores: what we must beat."""
    half = x.to(torch.float16)
    for part in torch.split(half if rows is None else half[rows], block):
        torch.mm(part, half.T)


def nearest_neighbours(
    search: Callable[[Tensor, int], NDArray[np.int64]], x: Tensor, y: Tensor
) -> Tensor:
    """Compute k* from a library's k nearest neighbours, k the largest class and one."""
    labels = y.cpu().numpy()
    near = search(x, min(len(x), int(np.bincount(labels).max()) + 1))
    return torch.from_numpy(ranks_of_foreign(near, labels, np.arange(len(labels))))


def faiss_gpu(x: Tensor, k: int) -> NDArray[np.int64]:
    """Ask faiss' exact index on the GPU."""
    import faiss

    features = x.cpu().numpy()
    resources = faiss.StandardGpuResources()
    index = faiss.GpuIndexFlatL2(resources, features.shape[1])
    index.add(features)
    found: NDArray[np.int64] = index.search(features, k)[1]
    return found


def cuvs_brute_force(x: Tensor, k: int) -> NDArray[np.int64]:
    """Ask cuVS' exact index."""
    from cuvs.neighbors import brute_force

    _, near = brute_force.search(brute_force.build(x), x, k)
    found: NDArray[np.int64] = near.copy_to_host().astype(np.int64)
    return found


def methods(x: Tensor, y: Tensor) -> Iterator[tuple[str, Callable[[], Call]]]:
    """Give what is to be timed, each to be made ready; what is not installed is left out."""
    for backend in ("cuda", "torch"):
        yield f"kstar ({backend})", ready(partial(kstar, x, y, backend=backend))
    blocked: dict[str, tuple[TorchPeer, tuple[int, ...]]] = {
        "float16 product": (half_product, BLOCKS),
        **{name: (peer, BLOCKS) for name, peer in TORCH_PEERS.items()},
    }
    if find_spec("triton") is not None:
        from triton_peer import fused

        blocked["triton"] = fused, TRITON_BLOCKS
    for name, (peer, blocks) in blocked.items():
        if name != "keops" or find_spec("pykeops") is not None:
            yield name, partial(at_its_best, peer, blocks, x, y)
    if find_spec("faiss") is not None:
        import faiss

        if hasattr(faiss, "StandardGpuResources"):
            yield "faiss-gpu", ready(partial(nearest_neighbours, faiss_gpu, x, y))
    if find_spec("cuvs") is not None:
        yield "cuVS", ready(partial(nearest_neighbours, cuvs_brute_force, x, y))


def ready(call: Call) -> Callable[[], Call]:
    """Return what makes a call ready that has nothing to choose."""
    return lambda: call


def at_its_best(peer: TorchPeer, blocks: tuple[int, ...], x: Tensor, y: Tensor) -> Call:
    """Return the call of a peer at the block size that is fastest on the first rows."""
    rows = torch.arange(min(len(x), max(BLOCKS)), device=x.device)
    seconds = {}
    for block in blocks:
        trial = partial(peer, x, y, rows, block)
        try:
            tried(trial)  # compiles
            seconds[block] = timed(trial)[1]
        except NotTimedError as why:
            failure = why
    if not seconds:
        raise failure
    return partial(peer, x, y, None, min(seconds, key=seconds.__getitem__))


def tried(call: Call) -> Any:
    """Call for the first time.

    Raises
    ------
    NotTimedError
        With what went wrong: out of memory, too many neighbours, a kernel that does not fit.
    """
    try:
        return call()
    except Exception as error:  # every library has its own; whatever it is, it is the result
        torch.cuda.empty_cache()
        raise NotTimedError(f"{type(error).__name__}: {str(error).splitlines()[0]}") from error


def timed(call: Call) -> tuple[Any, float]:
    """Return what a call gives and its seconds on the device, with nothing of use in its cache."""
    torch.empty(CACHE_BYTES, dtype=torch.int8, device="cuda").zero_()
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    start.record()
    result = call()
    end.record()
    end.synchronize()
    return result, start.elapsed_time(end) / 1e3


def peak_of(call: Call) -> tuple[Any, int]:
    """Return what a first call gives, and the most memory that torch lent it."""
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    result = tried(call)
    return result, torch.cuda.max_memory_allocated() - before


def measure(case: Case, device: str, rounds: int) -> tuple[list[Any], list[Any]]:
    """Return the records of one set: of methods that were timed, and of those that were not."""
    features, labels, name = case.feature_set
    x, y = torch.from_numpy(features).to(device), torch.from_numpy(labels).to(device)
    sizes = {"samples": len(x), "dimensions": x.shape[1], "classes": len(np.unique(labels))}
    calls, records, not_timed = {}, {}, []
    for method, prepare in methods(x, y):
        record: dict[str, Any] = {"set": name, **sizes, "method": method}
        try:
            calls[method] = prepare()
            result, peak = peak_of(calls[method])
        except NotTimedError as why:
            calls.pop(method, None)
            not_timed.append({**record, "why": str(why)})
            continue
        record["peak_bytes"] = None if method in OWN_MEMORY else peak
        record |= {"wrong": None, "checked": 0}
        if result is not None:
            found = result.cpu().numpy()[case.rows]
            record |= {"wrong": int((found != case.truth).sum()), "checked": len(case.rows)}
        records[method] = record
    times: dict[str, list[float]] = {method: [] for method in calls}
    for _ in range(rounds):
        for method, call in calls.items():
            times[method].append(timed(call)[1])
    return [
        {"extra_info": {**record, "kstar_s": times[OURS]}, "stats": {"data": times[method]}}
        for method, record in records.items()
    ], not_timed


def main() -> None:
    """Measure, write the file, and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=SETS, help="comma-separated; see feature_sets.py")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="default: benchmarks/results/bench-gpu-<device>")
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        parser.error(f"torch {torch.__version__} sees no CUDA device on this machine")
    device = torch.cuda.get_device_name()
    results = Path(__file__).parent / "results"
    path = arguments.json or results / f"bench-gpu-{device.replace(' ', '-').lower()}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content: dict[str, Any] = {
        "machine_info": {**environment(), "device": device, "cuda": torch.version.cuda},
        "commit_info": get_commit_info(),
        "benchmarks": [],
        "not_timed": [],
    }
    for name in arguments.sets.split(","):
        records, not_timed = measure(checked(load(name)), "cuda", arguments.rounds)
        content["benchmarks"] += records
        content["not_timed"] += not_timed
        path.write_text(json.dumps(content, indent=1) + "\n")  # a set that is done is kept
    print(f"{device}\n\n{glance(read([path])[0])}")


if __name__ == "__main__":
    main()
