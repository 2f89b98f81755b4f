"""Time the CUDA engine on a GPU, side by side with what else computes k* there.

All methods take turns on one device, on features that are there already; what its cache holds is
overwritten before every call. Times are those of CUDA events around the whole call. Writes a JSON
file and prints a table: run with --help for the arguments.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from compare import environment
from feature_sets import FeatureSet, load
from numpy.typing import NDArray
from peers import ranks_of_foreign
from torch import Tensor

from kstar_gpu import definition, kstar

CACHE_BYTES = 256 << 20  # more than any GPU's second-level cache holds
PRODUCT_BYTES = 1 << 30  # of a block of products
CHECKED_ROWS = 200
SETS = "gaussian:50000x2048,clusters:50000x2048,gaussian:200000x256,gaussian:20000x512"


def product(x: Tensor, y: Tensor) -> None:
    """Compute the bare N x N product of float16, in row blocks: what any brute force must pay."""
    half = x.to(torch.float16)
    for part in torch.split(half, _block(len(x), 2)):
        torch.mm(part, half.T)


def authors(x: Tensor, y: Tensor) -> Tensor:
    """Compute k* as the authors' notebook does, in row blocks: distances, sort, first foreign."""
    parts = []
    block = _block(len(x), 16)
    for rows, own in zip(torch.split(x, block), torch.split(y, block), strict=True):
        order = torch.cdist(rows, x).argsort(dim=1)
        parts.append((y[order] != own[:, None]).to(torch.uint8).argmax(dim=1))
    return torch.cat(parts)


def nearest_neighbours(
    search: Callable[[Tensor, int], NDArray[np.int64]], x: Tensor, y: Tensor
) -> NDArray[np.int64]:
    """Compute k* from a library's k nearest neighbours, k the largest class and one."""
    labels = y.cpu().numpy()
    near = search(x, int(np.bincount(labels).max()) + 1)
    return ranks_of_foreign(near, labels, np.arange(len(labels)))


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


def methods(x: Tensor, y: Tensor) -> dict[str, Callable[[], object]]:
    """Return what is to be timed; libraries that are not installed are left out."""
    calls: dict[str, Callable[[], object]] = {
        "kstar (cuda)": partial(kstar, x, y, backend="cuda"),
        "kstar (torch)": partial(kstar, x, y, backend="torch"),
        "float16 product": partial(product, x, y),
        "authors": partial(authors, x, y),
    }
    if find_spec("faiss") is not None:
        import faiss

        if hasattr(faiss, "StandardGpuResources"):
            calls["faiss-gpu"] = partial(nearest_neighbours, faiss_gpu, x, y)
    if find_spec("cuvs") is not None:
        calls["cuVS"] = partial(nearest_neighbours, cuvs_brute_force, x, y)
    return calls


def time_in_turns(
    calls: dict[str, Callable[[], object]], rounds: int
) -> dict[str, list[float] | str]:
    """Return the seconds of every call, after one to warm up; or why a method gave none."""
    seconds: dict[str, list[float] | str] = {name: [] for name in calls}
    cache = torch.empty(CACHE_BYTES, dtype=torch.int8, device="cuda")
    for number in range(rounds + 1):
        for name, call in calls.items():
            times = seconds[name]
            if isinstance(times, str):
                continue
            cache.zero_()
            start, end = _event(), _event()
            start.record()
            try:
                call()
            except (RuntimeError, ValueError) as error:  # out of memory; k too large
                seconds[name] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
                torch.cuda.empty_cache()
                continue
            end.record()
            end.synchronize()
            if number > 0:
                times.append(start.elapsed_time(end) / 1e3)
    return seconds


def wrong_rows(feature_set: FeatureSet, found: NDArray[np.int64]) -> int:
    """Return how many of some rows differ from the definition."""
    rows = np.linspace(0, len(found) - 1, CHECKED_ROWS).astype(int)
    wanted = definition.kstar(feature_set.features, feature_set.labels, rows=rows)
    return int((found[rows] != wanted).sum())


def measure(name: str, rounds: int) -> list[dict[str, Any]]:
    """Time one feature set."""
    feature_set = load(name)
    x, y = (
        torch.from_numpy(feature_set.features).cuda(),
        torch.from_numpy(feature_set.labels).cuda(),
    )
    wrong = wrong_rows(feature_set, kstar(x, y, backend="cuda").cpu().numpy())
    records = []
    for method, times in time_in_turns(methods(x, y), rounds).items():
        record: dict[str, Any] = {"set": name, "samples": len(x), "dimensions": x.shape[1]}
        record |= {"method": method, "seconds": times}
        if not isinstance(times, str):
            record["median_s"] = median(times)
        if method == "kstar (cuda)":
            record["wrong_of_checked"] = [wrong, CHECKED_ROWS]
        records.append(record)
    return records


def table(records: list[dict[str, Any]]) -> str:
    """Write the records as a table; ratios are to the float16 product of the same set."""
    lines = ["| set | method | median | of the float16 product |", "|---|---|---|---|"]
    for record in records:
        name, method = record["set"], record["method"]
        if "median_s" not in record:
            lines.append(f"| {name} | {method} | {record['seconds']} | |")
            continue
        product_time = next(
            (r.get("median_s") for r in records if r["set"] == name and "product" in r["method"]),
            None,
        )
        ratio = f"{record['median_s'] / product_time:.2f}" if product_time else ""
        lines.append(f"| {name} | {method} | {record['median_s']:.4f} s | {ratio} |")
    return "\n".join(lines)


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]


def _block(count: int, bytes_per_pair: int) -> int:
    return max(1, PRODUCT_BYTES // (bytes_per_pair * count))


def main() -> None:
    """Measure, print the table, and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=SETS, help="comma-separated; see feature_sets.py")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="default: benchmarks/results/gpu-<device>.json")
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        parser.error(f"torch {torch.__version__} sees no CUDA device on this machine")
    device = torch.cuda.get_device_name()
    records = [r for name in arguments.sets.split(",") for r in measure(name, arguments.rounds)]
    results = Path(__file__).parent / "results"
    path = arguments.json or results / f"gpu-{device.replace(' ', '-').lower()}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {**environment(), "device": device, "cuda": torch.version.cuda}
    path.write_text(json.dumps({"machine": machine, "records": records}, indent=1) + "\n")
    print(f"{device}\n\n{table(records)}")


if __name__ == "__main__":
    main()
