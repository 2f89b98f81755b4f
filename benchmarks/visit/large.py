"""ImageNet's size, made on the device: one warm call and two timed ones, and rows checked there."""

from functools import partial

import torch
from on_device import seeded_rows, wrong

from kstar_gpu import kstar
from visit import data
from visit.calls import in_phases, timed
from visit.context import Visit

SIZE = (1_281_167, 2048, 1000)
SIZE_TO_REHEARSE = (400, 70, 9)


def run(visit: Visit) -> None:
    """Call, and keep what each call took as soon as it is known."""
    device = visit.device()
    size = SIZE_TO_REHEARSE if visit.rehearse else SIZE
    (x, y), making = timed(partial(data.clusters, *size, device), device)
    sizes = dict(zip(("samples", "dimensions", "classes"), size, strict=True))
    visit.record("made", **sizes, seconds=making)
    call = partial(kstar, x, y, backend="cuda", return_foreign=True)
    found, warm = timed(call, device)
    visit.record("call", **sizes, warm=True, seconds=[warm])
    rows = seeded_rows(len(x))
    differ, checking = timed(partial(wrong, found, x, y, rows), device)
    shares = found.kstar.double() / y.bincount()[y]
    visit.record(
        "checked",
        **sizes,
        rows=len(rows),
        wrong=differ,
        seconds=checking,
        mean_share=float(shares.mean()),
        share_of_ones=float((found.kstar == 1).double().mean()),
    )
    if visit.left() < warm:
        visit.record("left out", why=f"{visit.left():.0f} s are left for the timed calls")
        return
    visit.record("phases", **{**sizes, **in_phases(x, y)})
    if visit.left() < warm:
        visit.record("left out", why=f"{visit.left():.0f} s are left for another call")
        return
    visit.record("call", **sizes, warm=False, seconds=[timed(call, device)[1]])
    if device.type == "cuda":
        visit.record("memory", peak=torch.cuda.max_memory_allocated(), **sizes)
