"""From tensors and labels to a checked problem: samples in class order, and a metric mapped away.

After this page there is one metric left, the Euclidean one: any other has become a number by which
every row is divided when it is read (`metrics.py`). Labels have become class codes, and samples are
known by their position in class order. Distances that are given make a problem of their own, which
stays in the order of the input.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..columns import Column, column_of, put, rising_codes, stable_order, tensor_of
from ..cpu_tensors import contiguous, extremes, flattened, in_float64, taken
from ..distance import CHUNK_ELEMENTS, row_chunks, squared_distances
from .classes import Classes
from .metrics import METRICS

LARGEST_MAGNITUDE = 1e150  # squares of more would leave float64
SMALLEST_MAGNITUDE = 1e-150
LARGE_LOOK = 1 << 27  # elements

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Samples:
    """One side of the problem in class order: position p is row ``order[p]`` of the input."""

    values: Tensor  # (rows, d) as given: float16, bfloat16, float32 or float64
    divisors: Tensor | None  # (rows,) float64: what each row is divided by (metrics.py)
    order: Tensor  # (N,) int64, position -> row
    codes: Integers  # (N,) class of each position, rising

    def __len__(self) -> int:
        return len(self.codes)

    def taken(self, positions: Integers) -> "Samples":
        """Return the samples at these positions; their classes must still rise."""
        order = taken(self.order, positions)
        return Samples(self.values, self.divisors, order, self.codes[positions])

    def on(self, device: torch.device) -> "Samples":
        """Return the samples where they are wanted: themselves, if they are there."""
        divisors = None if self.divisors is None else self.divisors.to(device)
        return Samples(self.values.to(device), divisors, self.order.to(device), self.codes)

    def rows(self, positions: Tensor | slice) -> Tensor:
        """Return the rows at these positions in float64, as the canonical distance reads them."""
        index = self.order[positions]
        rows = self.values.index_select(0, index).to(torch.float64)
        return rows if self.divisors is None else rows / self.divisors[index, None]

    def host_rows(self, positions: Integers) -> NDArray[np.float64]:
        """Return the same as an array, read by the calling thread alone."""
        index = taken(self.order, positions).cpu().numpy()
        rows = in_float64(taken(self.values, index))
        if self.divisors is not None:
            rows /= in_float64(taken(self.divisors, index))[:, None]
        return rows


@dataclass(frozen=True)
class Problem:
    """Samples and the references they are placed among: the same object in the self form."""

    samples: Samples
    references: Samples
    largest: float  # magnitude of the rows' numbers on either side
    copied: int = 0  # bytes of features, where it is computed, that are no longer the caller's

    @property
    def self_form(self) -> bool:
        """Whether the samples are their own references."""
        return self.samples is self.references

    @property
    def sides(self) -> list[Samples]:
        """The samples, and the references if they are others."""
        return [self.samples] if self.self_form else [self.samples, self.references]

    @property
    def features(self) -> list[Tensor]:
        """The features of each side."""
        return [side.values for side in self.sides]

    def distances(self, samples: Tensor, references: Tensor) -> Tensor:
        """Return the canonical squared distances between these positions, pair by pair."""
        values = self.samples.values
        result = torch.empty(len(samples), dtype=torch.float64, device=values.device)
        for chunk in row_chunks(len(result), values.shape[1]):
            result[chunk] = squared_distances(
                self.samples.rows(samples[chunk]), self.references.rows(references[chunk])
            )
        return result

    def in_input_order(self, results: Tensor) -> Column:
        """Return results per position (N,) in the order of the input, where the features are."""
        return put(results, self.samples.order)


@dataclass(frozen=True)
class DistanceTable:
    """Distances that are given: each sample's to all references, in the order of the input."""

    distances: Tensor  # (N, M) float16 .. float64
    codes: Column  # (N,) class of each sample
    reference_codes: Column  # (M,) class of each reference
    self_form: bool  # M is N, and the diagonal says nothing
    copied: int = 0  # bytes of distances that are no longer the caller's

    @property
    def features(self) -> list[Tensor]:
        """The distances."""
        return [self.distances]

    def in_input_order(self, results: Tensor) -> Column:
        """Return results (N,) as they are, where they were computed."""
        return column_of(results)


def make_problem(
    features: Tensor, references: Tensor | None, classes: Classes, metric: str, device: torch.device
) -> Problem:
    """Check the features of both sides and put them in class order on `device`."""
    x = feature_matrix(features, "features", len(classes.codes), "labels")
    y = None
    if references is not None:
        y = feature_matrix(
            references, "references", len(classes.reference_codes), "reference_labels"
        )
        check_as_wide(x.shape[1], y.shape[1])
    largest = checked_magnitude(x, "features")
    if y is not None:
        largest = max(largest, checked_magnitude(y, "references"))
    check_scale(largest)
    if METRICS[metric].divisors is not None:
        largest = 1.0
    samples = in_class_order(x, classes.codes, metric, "features", device)
    if y is None:
        return Problem(samples, samples, largest)
    others = in_class_order(y, classes.reference_codes, metric, "references", device)
    return Problem(samples, others, largest)


def make_table(distances: Tensor, classes: Classes) -> DistanceTable:
    """Check the shape of distances that are given. Their numbers are checked when they are read."""
    wanted = (len(classes.codes), len(classes.reference_codes))
    if tuple(distances.shape) != wanted:
        raise ValueError(
            "features: under metric='precomputed' one row per label and one column per reference "
            f"label, shape {wanted}, is wanted, got {tuple(distances.shape)}"
        )
    return DistanceTable(distances, classes.codes, classes.reference_codes, classes.self_form)


def feature_matrix(tensor: Tensor, name: str, label_count: int, labels_name: str) -> Tensor:
    """Return an (N, d) tensor with contiguous rows; further dimensions are flattened."""
    check_shape(tuple(tensor.shape), name, label_count, labels_name)
    matrix = flattened(tensor)
    return matrix if matrix.stride(1) == 1 else contiguous(matrix)


def check_shape(shape: tuple[int, ...], name: str, label_count: int, labels_name: str) -> None:
    """Refuse features that are no samples, and those without a label for each."""
    if len(shape) < 2:
        raise ValueError(f"{name}: shape (N, d) or (N, ...) is wanted, got {shape}")
    if 0 in shape:
        raise ValueError(
            f"{name}: at least one sample with one feature is wanted, got shape {shape}"
        )
    if shape[0] != label_count:
        raise ValueError(
            f"{labels_name}: one label per sample is wanted ({name} has {shape[0]}), "
            f"got {label_count}"
        )


def check_as_wide(dimensions: int, others: int) -> None:
    """Refuse references that have not as many features per sample as the samples."""
    if dimensions != others:
        raise ValueError(
            f"references: as many features per sample as in features are wanted ({dimensions}), "
            f"got {others}"
        )


def checked_magnitude(matrix: Tensor, name: str) -> float:
    """Return the largest magnitude; refuse NaN and infinity, naming the first row."""
    largest = 0.0
    # On another device every look costs the way there and back, so take large ones.
    elements = CHUNK_ELEMENTS if matrix.device.type == "cpu" else LARGE_LOOK
    for chunk in row_chunks(matrix.shape[0], matrix.shape[1], elements):
        low, high = map(float, extremes(matrix[chunk]))
        if not (np.isfinite(low) and np.isfinite(high)):
            finite = np.isfinite(in_float64(matrix[chunk])).all(1)
            rows = np.flatnonzero(~finite)
            # There is none if another thread has written to it meanwhile.
            where = f"row {chunk.start + int(rows[0])}" if len(rows) else "a row that changed"
            raise ValueError(f"{name}: finite numbers are wanted, got NaN or infinity in {where}")
        largest = max(largest, -low, high)
    return largest


def check_scale(largest: float) -> None:
    """Refuse features of which none has a magnitude that float64 can square."""
    if largest > LARGEST_MAGNITUDE or 0 < largest < SMALLEST_MAGNITUDE:
        raise ValueError(
            f"features: a largest magnitude between {SMALLEST_MAGNITUDE:g} and "
            f"{LARGEST_MAGNITUDE:g} is wanted (squares would leave float64: rescale), "
            f"got {largest:g}"
        )


def in_class_order(
    matrix: Tensor, codes: Column, metric: str, name: str, device: torch.device
) -> Samples:
    """Return one side, checked by `checked_magnitude`, in class order on `device`."""
    matrix = matrix.to(device)
    order = tensor_of(stable_order(codes)).to(device)
    divisors_of = METRICS[metric].divisors
    divisors = None if divisors_of is None else divisors_of(matrix, name)
    return Samples(matrix, divisors, order, rising_codes(codes))
