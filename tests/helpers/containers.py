"""The same numbers and labels in every container that people bring, for tests of the edges.

Each maker takes an array (N, d) of features, or (N,) of labels, and the mask of what is missing in
it, and returns them in its container. None: that container cannot hold this.
"""

from importlib.util import find_spec

import numpy as np
import pandas as pd
import scipy.sparse
import torch
from torch.masked import masked_tensor


def nullable(x, missing):
    """Return values as objects, with None where they are missing."""
    objects = x.astype(object)
    objects[missing] = None
    return objects


def plain(x, missing):
    """Return an array of numpy, with NaN where values are missing."""
    if not missing.any():
        return x
    return np.where(missing, np.nan, x) if x.dtype.kind == "f" else None


def masked(x, missing):
    """Return a masked array with numbers under the mask."""
    return np.ma.array(x, mask=missing)


def listed(x, missing):
    """Return lists."""
    return nullable(x, missing).tolist()


def rows(x, missing):
    """Return a list of masked arrays, one for each row."""
    return [*masked(x, missing)]


def turned(x, missing):
    """Return a masked array with negative strides, in the other byte order."""
    values = x.astype(x.dtype.newbyteorder(">"))[::-1].copy()
    return masked(values[::-1], missing)


def records(x, missing):
    """Return a masked structured array: a field for each column, of two types in turns."""
    kinds = [x.dtype, np.dtype(np.float64)]
    fields = [(f"f{column}", kinds[column % 2]) for column in range(x.shape[1])]
    values = np.zeros(len(x), dtype=fields)
    mask = np.zeros(len(x), dtype=[(name, bool) for name, _ in fields])
    for column, (name, _) in enumerate(fields):
        values[name], mask[name] = x[:, column], missing[:, column]
    with np.errstate(over="ignore"):  # the number that numpy would fill in is too large for float16
        return np.ma.array(values, mask=mask)


def pandas_objects(x, missing):
    """Return a frame, or a series, of objects."""
    return (pd.DataFrame if x.ndim == 2 else pd.Series)(nullable(x, missing))


def pandas_nullable(x, missing):
    """Return a frame, or a series, of pandas' nullable types."""
    return pandas_objects(x, missing).convert_dtypes()


def pandas_columns(x, missing):
    """Return a frame of numpy's own types, another one in each column."""
    if missing.any():
        return None
    kinds = (x.dtype, np.float32, np.float64)
    return pd.DataFrame({f"c{at}": x[:, at].astype(kinds[at % 3]) for at in range(x.shape[1])})


def pandas_vectors(x, missing):
    """Return a series of lists."""
    return pd.Series(listed(x, missing))


def categories(y, missing):
    """Return a categorical whose codes are in another order than its values."""
    values = sorted(set(y.tolist()))[::-1]
    return pd.Categorical(listed(y, missing), categories=values)


def polars_frame(x, missing):
    """Return a frame of polars, or a series."""
    import polars as pl

    if x.ndim == 1:
        return pl.Series(listed(x, missing))
    return pl.DataFrame({f"c{at}": column for at, column in enumerate(listed(x.T, missing.T))})


def polars_vectors(x, missing):
    """Return a series of lists."""
    import polars as pl

    return pl.Series(listed(x, missing))


def arrow_table(x, missing):
    """Return a table of Arrow, or an array in chunks."""
    import pyarrow as pa

    kind = pa.string() if x.dtype.kind == "U" else pa.from_numpy_dtype(x.dtype)
    if x.ndim == 1:
        whole = pa.array(listed(x, missing), kind)
        return pa.chunked_array([whole[:1], whole[1:]])
    columns = [pa.array(column, kind) for column in listed(x.T, missing.T)]
    return pa.table(columns, names=[f"c{at}" for at in range(len(columns))])


def arrow_vectors(x, missing):
    """Return an array of lists, which begins within its memory."""
    import pyarrow as pa

    kind = pa.list_(pa.from_numpy_dtype(x.dtype))
    return pa.array([x[0].tolist(), *listed(x, missing)], kind)[1:]


def tensor(x, missing):
    """Return a tensor, masked where values are missing."""
    values = torch.from_numpy(x)
    if not missing.any():
        return values
    if x.dtype.kind == "u":
        return None  # torch does not mask these
    return masked_tensor(values, torch.from_numpy(~missing))


def bfloat16(x, missing):
    """Return a tensor of bfloat16."""
    return None if missing.any() else torch.from_numpy(x).to(torch.bfloat16)


def negated(x, missing):
    """Return a tensor that torch knows as the negative of what is in memory."""
    if missing.any():
        return None
    values = torch.from_numpy(x).double()
    return torch.complex(values * 0, -values).conj().imag


def numpy_bfloat16(x, missing):
    """Return an array of the bfloat16 that `ml_dtypes` adds to numpy."""
    import ml_dtypes

    return None if missing.any() else x.astype(ml_dtypes.bfloat16)


NEEDS = {polars_frame: "polars", polars_vectors: "polars", arrow_table: "pyarrow"} | {
    arrow_vectors: "pyarrow",
    numpy_bfloat16: "ml_dtypes",
}


def installed(*makers):
    """Return those whose library is there."""
    return [make for make in makers if make not in NEEDS or find_spec(NEEDS[make])]


OF_BOTH = installed(
    plain, masked, listed, rows, turned, nullable, pandas_objects, pandas_nullable, tensor,
    bfloat16, negated, numpy_bfloat16, polars_frame, arrow_table,
)  # fmt: skip
OF_FEATURES = installed(
    *OF_BOTH, records, pandas_columns, pandas_vectors, polars_vectors, arrow_vectors
)
OF_LABELS = installed(*OF_BOTH, categories)
OF_STRINGS = installed(
    plain, masked, listed, nullable, pandas_objects, pandas_nullable, categories, polars_frame,
    arrow_table,
)  # fmt: skip
OF_FLOATS = (bfloat16, negated, numpy_bfloat16)

# Of (N, d) features: what is no dense array of numbers, whatever stands in it.
NO_FEATURES = [
    scipy.sparse.csr_matrix,
    lambda x: torch.from_numpy(x).to_sparse(),
    lambda x: torch.from_numpy(x).to("meta"),
    lambda x: torch.nested.nested_tensor([*torch.from_numpy(x)]),
    lambda x: torch.from_numpy(x).to(torch.complex64),
    lambda x: x.astype(str),
    lambda x: x.astype("S"),
    lambda x: x.astype("M8[s]"),
    lambda x: x.astype(complex),
    lambda x: {"features": x},
    lambda x: set(x.ravel().tolist()),
    lambda x: iter(x),
    lambda x: str(x),
    lambda x: None,
    lambda x: [*x[:-1], x[-1, 1:]],
    lambda x: pd.DataFrame(x).assign(name="a"),
    lambda x: pd.DataFrame(x).assign(day=pd.Timestamp(0)),
    lambda x: x[0, 0],
]
