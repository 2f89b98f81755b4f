"""What else computes k* on a GPU, on the same features, each as long as it takes but no longer."""

import gpu

from visit.context import Visit

SETS = ("gaussian:50000x2048", "gaussian:200000x256")
SETS_TO_REHEARSE = ("gaussian:300x20",)
SECONDS = 20  # for a method on a set
ROUNDS = 3


def run(visit: Visit) -> None:
    """Time them in turn while there is time; what is cut off has lost nothing."""
    for name in SETS_TO_REHEARSE if visit.rehearse else SETS:
        for record in gpu.benchmark(name, ROUNDS, SECONDS):
            visit.record("peer", **{key: record[key] for key in record if key != "kstar_s"})
            if visit.left() < SECONDS:
                visit.record(
                    "left out", why=f"{visit.left():.0f} s are left", after=record["method"]
                )
                return
