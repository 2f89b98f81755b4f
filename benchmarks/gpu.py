"""Time the CUDA engine on a GPU, side by side with what else computes k* there.

All methods take turns on one device, on features that are there already; what its cache holds is
overwritten before every call. Times are those of CUDA events around the whole call. Writes a file
as `make bench` does, for `make bench-report`, and prints its table: run with --help for arguments.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bench_report import glance, read
from compare import environment
from feature_sets import load
from measure import Call, Case, NotTimedError, checked, differing
from pytest_benchmark.utils import get_commit_info
from torch import Tensor
from torch_peers import TORCH_PEERS, TorchPeer, ranks_of_foreign

from kstar_gpu import kstar

CACHE_BYTES = 256 << 20  # more than any GPU's second-level cache holds
BLOCKS = (256, 1024, 4096)
TRITON_BLOCKS = (16, 32, 64, 128)
TRIAL_ROWS = 32_768  # enough for every multiprocessor to have some blocks of Triton's
OURS = "kstar (cuda)"
OWN_MEMORY = ("keops", "faiss-gpu", "cuVS")  # not from torch, so that torch cannot tell their peak
SETS = "gaussian:50000x2048,gaussian:50000x2048x100,clusters:50000x2048"
SETS += ",gaussian:200000x256,gaussian:20000x512"
LONGEST_REASON = 80  # characters of why there is no time

Search = Callable[[Tensor, int], Tensor]  # of queries and k; returns (M, k) rows, nearest first


def half_product(x: Tensor, y: Tensor, rows: Tensor | None, block: int) -> None:
    """Compute the N x N product of float16, on tensor cores: what brute force must pay there."""
    half = x.to(torch.float16)
    for part in torch.split(half if rows is None else half[rows], block):
        torch.mm(part, half.T)


def by_neighbours(
    index: Callable[[Tensor], Search], x: Tensor, y: Tensor, rows: Tensor | None, block: int
) -> Tensor:
    """Compute k* from a library's k nearest neighbours, k the largest class and one."""
    search = index(x)
    k = min(len(x), int(y.bincount().max()) + 1)
    wanted = torch.arange(len(x), device=x.device) if rows is None else rows
    parts = torch.split(wanted, block)
    return torch.cat([ranks_of_foreign(search(x[part], k), y, part) for part in parts])


def faiss_gpu(x: Tensor) -> Search:
    """Make faiss' exact index on the GPU."""
    import faiss
    import faiss.contrib.torch_utils

    index = faiss.GpuIndexFlatL2(_faiss_resources(), x.shape[1])
    index.add(x)
    return lambda queries, k: index.search(queries, k)[1]


@cache
def _faiss_resources() -> Any:
    import faiss

    return faiss.StandardGpuResources()


def cuvs_brute_force(x: Tensor) -> Search:
    """Make cuVS' exact index."""
    from cuvs.neighbors import brute_force

    index = brute_force.build(x)

    def search(queries: Tensor, k: int) -> Tensor:
        return torch.as_tensor(brute_force.search(index, queries, k)[1], device=x.device).long()

    return search


def peers() -> Iterator[tuple[str, TorchPeer, tuple[int, ...]]]:
    """Give what is installed, with the sizes of blocks to try."""
    yield "float16 product", half_product, BLOCKS
    yield from ((name, TORCH_PEERS[name], BLOCKS) for name in ("product", "authors", "compiled"))
    if find_spec("pykeops") is not None:
        yield "keops", TORCH_PEERS["keops"], BLOCKS[:1]  # it has no use for blocks
    if find_spec("triton") is not None:
        from triton_peer import fused

        yield "triton", fused, TRITON_BLOCKS
    if find_spec("faiss") is not None:
        import faiss

        if hasattr(faiss, "StandardGpuResources"):
            yield "faiss-gpu", partial(by_neighbours, faiss_gpu), BLOCKS
    if find_spec("cuvs") is not None:
        yield "cuVS", partial(by_neighbours, cuvs_brute_force), BLOCKS


def methods(x: Tensor, y: Tensor) -> Iterator[tuple[str, Callable[[], Call]]]:
    """Give what is to be timed, each to be made ready: our engines, then the peers."""
    for backend in ("cuda", "torch"):
        call = partial(kstar, x, y, backend=backend)
        yield f"kstar ({backend})", partial(warmed, call)
    for name, peer, blocks in peers():
        yield name, partial(at_its_best, peer, blocks, x, y)


def warmed(call: Call) -> Call:
    """Return a call that was made once, so that what is made for the first time is there."""
    tried(call)
    return call


def at_its_best(peer: TorchPeer, blocks: tuple[int, ...], x: Tensor, y: Tensor) -> Call:
    """Return the call of a peer at the block size that is fastest on the first rows."""
    rows = torch.arange(min(len(x), TRIAL_ROWS), device=x.device)
    seconds = {}
    for block in blocks:
        trial = partial(peer, x, y, rows, block)
        try:
            tried(trial)  # compiles
            seconds[block] = min(tried(partial(timed, trial))[1] for _ in range(2))
        except NotTimedError as why:
            failure = why
    if not seconds:
        raise failure
    return partial(peer, x, y, None, min(seconds, key=seconds.__getitem__))


def tried(call: Call) -> Any:
    """Call, and wait until the device is done.

    Raises
    ------
    NotTimedError
        With what went wrong: out of memory, too many neighbours, a kernel that does not fit.
    """
    try:
        result = call()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
    except Exception as error:  # every library has its own; whatever it is, it is the result
        raise NotTimedError(reason(error)) from error
    return result


def reason(error: Exception) -> str:
    """Return why there is no time, for a cell of a table."""
    if isinstance(error, torch.cuda.OutOfMemoryError | MemoryError):
        return "out of memory"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = ": ".join([type(error).__name__, *lines[-1:]]).replace("|", "/")
    return text if len(text) <= LONGEST_REASON else text[:LONGEST_REASON] + "..."


def timed(call: Call) -> tuple[Any, float]:
    """Return what a call gives and its seconds on the device, with nothing of use in its cache."""
    torch.empty(CACHE_BYTES, dtype=torch.int8, device="cuda").zero_()
    # torch declares no types for events.
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    start.record()
    result = call()
    end.record()
    end.synchronize()
    return result, start.elapsed_time(end) / 1e3


def peak_of(call: Call) -> tuple[Any, int]:
    """Return what a call gives, and the most memory that torch lent it."""
    torch.cuda.empty_cache()  # for libraries that have memory of their own
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    result = tried(call)
    return result, torch.cuda.max_memory_allocated() - before


def benchmark(case: Case, device: str, rounds: int) -> tuple[list[Any], list[Any]]:
    """Return the records of one set: of methods that were timed, and of those that were not."""
    features, labels, name = case.feature_set
    x, y = torch.from_numpy(features).to(device), torch.from_numpy(labels).to(device)
    sizes = {"samples": len(x), "dimensions": x.shape[1], "classes": len(np.unique(labels))}
    calls: dict[str, Call] = {}
    records: dict[str, dict[str, Any]] = {}
    why_not: dict[str, str] = {}
    for method, prepare in methods(x, y):
        records[method] = {"set": name, **sizes, "method": method}
        try:
            call = prepare()
            result, peak = peak_of(call)
            found = None if result is None else result.cpu().numpy()
        except NotTimedError as why:
            why_not[method] = str(why)
            continue
        wrong, rows = differing(found, case)
        records[method] |= {"wrong": wrong, "checked": rows}
        records[method]["peak_bytes"] = None if method in OWN_MEMORY else peak
        calls[method] = call
    times: dict[str, list[float]] = {method: [] for method in calls}
    for _ in range(rounds):
        for method in list(calls):
            try:
                times[method].append(tried(partial(timed, calls[method]))[1])
            except NotTimedError as why:
                why_not[method] = str(why)
                del calls[method]
    ours = times[OURS] if OURS in calls else [np.nan]
    return [
        {"extra_info": {**records[method], "kstar_s": ours}, "stats": {"data": times[method]}}
        for method in calls
    ], [{**records[method], "why": why} for method, why in why_not.items()]


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
        timed_here, not_timed = benchmark(checked(load(name)), "cuda", arguments.rounds)
        content["benchmarks"] += timed_here
        content["not_timed"] += not_timed
        path.write_text(json.dumps(content, indent=1) + "\n")  # a set that is done is kept
    print(f"{device}\n\n{glance(read([path])[0])}")


if __name__ == "__main__":
    main()
