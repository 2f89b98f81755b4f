from typing import Any

from numpy.typing import NDArray

def squared_distances(
    x: NDArray[Any],
    x_type: str,
    x_norms: NDArray[Any] | None,
    y: NDArray[Any],
    y_type: str,
    y_norms: NDArray[Any] | None,
    samples: NDArray[Any],
    references: NDArray[Any],
    squared: NDArray[Any],
    threads: int,
) -> None: ...
