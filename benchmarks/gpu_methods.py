"""Ways to compute k* on a GPU, each made ready, timed and checked: what `gpu.py` has processes do.

    python gpu_methods.py SET METHOD,METHOD ROUNDS SECONDS

A process tells what it finds, method by method, as `limited.py` wants it. Times are those of CUDA
events around the whole call, on features that are on the device already; what its cache holds is
overwritten before every call.
"""

import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.util import find_spec
from time import monotonic, perf_counter
from typing import Any

import torch
from exactness import chosen_rows
from feature_sets import FeatureSet, load
from limited import tell
from measure import Call, Case, NotTimedError, differing
from on_device import defined
from torch import Tensor
from torch_peers import TORCH_PEERS, TorchPeer, ranks_of_foreign

from kstar_gpu import kstar

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"  # on which all of it can be rehearsed
CACHE_BYTES = 256 << 20  # more than any GPU's second-level cache holds
CHECKED_ROWS = 500
BLOCKS = (256, 1024, 4096)
TRITON_BLOCKS = (16, 32, 64, 128)
TRIAL_ROWS = 32_768  # enough for every multiprocessor to have some blocks of Triton's
LONG_TRIAL = 0.5  # seconds of a trial that is not repeated
ROUNDS_SHARE = 0.5  # of a method's seconds, after which no other round begins
OURS = "kstar (cuda)"
OWN_MEMORY = ("keops", "faiss-gpu", "cuVS")  # not from torch, so that torch cannot tell their peak
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


def method_names() -> list[str]:
    """Return what can be timed here: our engines, then the peers."""
    return [name for name, _ in methods(torch.empty(0, 1), torch.empty(0))]


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
            seconds[block] = tried(partial(timed, trial))[1]
            if seconds[block] < LONG_TRIAL:
                seconds[block] = min(seconds[block], tried(partial(timed, trial))[1])
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
        if DEVICE == "cuda":
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
    if DEVICE == "cpu":
        begun = perf_counter()
        return call(), perf_counter() - begun
    torch.empty(CACHE_BYTES, dtype=torch.int8, device="cuda").zero_()
    # torch declares no types for events.
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    start.record()
    result = call()
    end.record()
    end.synchronize()
    return result, start.elapsed_time(end) / 1e3


def peak_of(call: Call) -> tuple[Any, int | None]:
    """Return what a call gives, and the most memory that torch lent it on a GPU."""
    if DEVICE == "cpu":
        return tried(call), None
    torch.cuda.empty_cache()  # for libraries that have memory of their own
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    result = tried(call)
    return result, torch.cuda.max_memory_allocated() - before


def ready(name: str) -> tuple[Tensor, Tensor, Case]:
    """Return a set on the device, and what is right for some of its rows."""
    feature_set: FeatureSet = load(name)
    x = torch.from_numpy(feature_set.features).to(DEVICE)
    y = torch.from_numpy(feature_set.labels).to(DEVICE)
    rows = chosen_rows(feature_set.features, CHECKED_ROWS, seed=0)
    truth = defined(x, y, torch.from_numpy(rows)).kstar.cpu().numpy()
    return x, y, Case(feature_set, rows, truth)


def measured(
    method: str, prepare: Callable[[], Call], case: Case, rounds: int, seconds: float
) -> dict[str, Any]:
    """Return the record of one method: its times, or why there are none."""
    begun = monotonic()
    try:
        call = prepare()
        result, peak = peak_of(call)
        times: list[float] = []
        while len(times) < rounds and (not times or monotonic() - begun < ROUNDS_SHARE * seconds):
            times.append(tried(partial(timed, call))[1])
    except NotTimedError as why:
        return {"why": str(why)}
    wrong, rows = differing(None if result is None else result.cpu().numpy(), case)
    peak_bytes = None if method in OWN_MEMORY else peak
    return {"times": times, "wrong": wrong, "checked": rows, "peak_bytes": peak_bytes}


def works() -> bool:
    """Whether kernels still run: after some failures no other one does in this process."""
    try:
        torch.zeros(1, device=DEVICE).item()
    except Exception:  # whatever it is, the process is of no more use
        return False
    return True


def main() -> None:
    """Tell what is found of each method."""
    name, wanted, rounds, seconds = sys.argv[1:]
    x, y, case = ready(name)
    prepared = dict(methods(x, y))
    tell("ready")
    for method in wanted.split(","):
        record = measured(method, prepared[method], case, int(rounds), float(seconds))
        tell(record)
        if "why" in record and not works():
            sys.exit(1)


if __name__ == "__main__":
    main()
