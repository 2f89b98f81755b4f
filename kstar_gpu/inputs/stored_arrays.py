"""Files of arrays that stay there until they are asked for: .h5 and .zarr."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..extras import import_extra
from ..files import DamagedFileError
from .file_sizes import check_growth


class StoredArrays(Mapping[str, Any]):
    """Arrays by name, each read when it is asked for.

    Parameters
    ----------
    path : of the file
    arrays : by name, each with its size in memory as `nbytes`
    read : from one of them to numpy's
    """

    def __init__(self, path: Path, arrays: Mapping[str, Any], read: Callable[[Any], Any]) -> None:
        self.path = path
        self.arrays = arrays
        self.read = read

    def __getitem__(self, name: str) -> Any:
        check_growth(self.path, int(self.arrays[name].nbytes))
        return self.read(self.arrays[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)


def open_hdf5(path: Path) -> StoredArrays:
    """Return the arrays of an HDF5 file, by their paths in it; no link is followed.

    Raises
    ------
    ValueError
        If it is none.
    ImportError
        Without h5py.
    """
    h5py = import_extra("h5py", "hdf5", f"{path} needs h5py")
    arrays: dict[str, Any] = {}

    def note(name: str, found: Any) -> None:
        if isinstance(found, h5py.Dataset):
            arrays[name] = found

    try:
        h5py.File(path, "r").visititems(note)
    except Exception as error:  # whatever the library makes of a damaged file
        raise DamagedFileError(path, f"cannot be read: {error or type(error).__name__}") from error
    return StoredArrays(path, arrays, _read_hdf5)


def open_zarr(path: Path) -> Any:
    """Return the array of a .zarr folder, or those of its groups, by their paths in it.

    Raises
    ------
    ValueError
        If it holds no array.
    ImportError
        Without zarr.
    """
    zarr = import_extra("zarr", "disk", f"{path} needs zarr")
    try:
        found = zarr.open(str(path), mode="r")
        if not isinstance(found, zarr.Array):
            return StoredArrays(path, dict(_arrays_of(found)), lambda array: array[...])
    except Exception as error:
        raise DamagedFileError(path, f"cannot be read: {error or type(error).__name__}") from error
    return StoredArrays(path, {"": found}, lambda array: array[...])[""]


def _read_hdf5(array: Any) -> Any:
    return array.asstr()[()] if array.dtype.metadata and array.dtype.kind == "O" else array[()]


def _arrays_of(group: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    for name, array in group.arrays():
        yield above + name, array
    for name, inner in group.groups():
        yield from _arrays_of(inner, f"{above}{name}/")
