"""Whole calls of `kstar()` on sets that lie on the device, by phases, and checked there."""

from functools import partial
from statistics import median

from on_device import seeded_rows, wrong

from kstar_gpu import kstar
from visit import data
from visit.calls import in_phases, kernel_rates, profiled, timed
from visit.context import Visit

SETS = (
    *("gaussian:50000x2048", "gaussian:20000x512", "gaussian:50000x2048x100"),
    *("gaussian:200000x256", "clusters:50000x2048"),
)
SETS_TO_REHEARSE = ("gaussian:300x70", "clusters:300x40x3")
CALLS = 5
SET_SECONDS = 5  # below which no other set is begun


def run(visit: Visit) -> None:
    """Time each set, take it apart, and check it, while there is time."""
    device = visit.device()
    for name in SETS_TO_REHEARSE if visit.rehearse else SETS:
        if visit.left() < SET_SECONDS:
            visit.record("left out", set=name, why=f"{visit.left():.0f} s are left")
            continue
        x, y = data.named(name, device)
        sizes = {"set": name, "samples": len(x), "dimensions": x.shape[1]}
        call = partial(kstar, x, y, backend="cuda", return_foreign=True)
        found, first = timed(call, device)
        seconds = [timed(call, device)[1] for _ in range(1 if visit.rehearse else CALLS)]
        visit.record("call", **sizes, first=first, seconds=seconds, median=median(seconds))
        rows = seeded_rows(len(x))
        visit.record("checked", **sizes, rows=len(rows), wrong=wrong(found, x, y, rows))
        seen = in_phases(x, y)
        visit.record("phases", **sizes, **{k: seen[k] for k in ("seconds", "work", "width")})
        inside = profiled(call)
        rates = kernel_rates(seen, inside["kernels"])
        visit.record("profile", **sizes, **inside, multiply_adds_per_second=rates)
