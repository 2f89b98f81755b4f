"""What came out of a sweep's layers: a file of each, which says itself what it was made from.

    OUT/MODEL/DATA/LAYER.npz            the result of a layer
    OUT/MODEL/DATA/LAYER.failed.json    what is wrong with a layer that gives no rows

Either has a sum of all that it holds, and belongs where its contents say: a copy under another name
is none. Nothing else lists them.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ..checked_json import read_checked, write_checked
from ..files import DamagedFileError, open_plain_file
from ..names import file_name, one_line
from ..stats.distribution import KStarDistribution
from ..stats.result_file import read_result, write_result
from .first_outputs import is_in_short

RESULT = ".npz"
FAILURE = ".failed.json"
FORMAT = "kstar_gpu.sweep.failure"
OLD_MANIFEST = "run.json"  # of directories before, whose files did not say what they were
# What every file says; the settings of the sweep come on top.
OF_THE_DATA: dict[str, type] = {"data_sha256": str, "samples": int}
WANTED: dict[str, type] = {"model": str, "data": str, "layer": str, "position": int} | OF_THE_DATA
OF_THE_LAYER = ("layer", "position", "first_samples")


class OutcomeFile(NamedTuple):
    """The file of a layer: where it is, what it was made from, and what came out."""

    path: Path
    made_from: dict[str, Any]
    outcome: KStarDistribution | str


def data_folder(out: str | os.PathLike[str], model: str, data: str) -> Path:
    """Return where the files of a model on a data set are."""
    return Path(out) / file_name(model) / file_name(data)


def layer_paths(folder: Path, layer: str) -> tuple[Path, Path]:
    """Return where the result of a layer is, and where what is wrong with it."""
    name = file_name(layer)
    return folder / f"{name}{RESULT}", folder / f"{name}{FAILURE}"


def write_outcome(
    folder: Path, made_from: Mapping[str, Any], outcome: KStarDistribution | str
) -> None:
    """Write the file of a layer, in place of what was there of it."""
    result, failure = layer_paths(folder, made_from["layer"])
    if isinstance(outcome, str):
        write_checked(failure, {"format": FORMAT, "error": outcome, "made_from": made_from})
    else:
        write_result(vars(outcome), result, made_from)
        failure.unlink(missing_ok=True)


def check_version(out: str | os.PathLike[str]) -> None:
    """Refuse what a version before has kept, whose folders may have other names, too.

    Raises
    ------
    ValueError
        If there is anything of one.
    """
    for path in Path(out).glob(f"*/*/{OLD_MANIFEST}"):
        raise ValueError(
            f"{one_line(path)}: the directory was made by another version of kstar_gpu, whose "
            "files do not say what they were made from; choose another directory "
            "(KStarDistribution.load still reads its results)"
        )


def is_of_a_sweep(name: str) -> bool:
    """Whether files of that name are read here, or refused."""
    return name.endswith((RESULT, FAILURE)) or name == OLD_MANIFEST


def outcome_paths(folder: Path) -> list[Path]:
    """Return where the files of layers are in a folder, by name.

    Raises
    ------
    DamagedFileError
        If the folder, or the one that it is in, is a link, which might lead elsewhere.
    """
    for path in (folder.parent, folder):
        if path.is_symlink():
            raise DamagedFileError(path, "a folder is wanted, got a link")
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [folder / name for name in names if name.endswith((RESULT, FAILURE))]


def read_outcome(path: Path) -> OutcomeFile:
    """Return what the file of a layer holds.

    Raises
    ------
    DamagedFileError
        If it is damaged, or does not belong where it is.
    OSError
        If it is not there, or cannot be read.
    """
    with open_plain_file(path):
        pass  # no link that leads elsewhere
    outcome: KStarDistribution | str
    if path.name.endswith(RESULT):
        fields, made_from = read_result(path)
        outcome = KStarDistribution(**fields)
    else:
        entries = read_checked(path)
        made_from, outcome = entries.get("made_from", {}), entries.get("error", "")
        if entries.get("format") != FORMAT or not isinstance(outcome, str):
            raise DamagedFileError(path, "what is wrong with a layer is wanted, got something else")
    _check(path, made_from, outcome)
    return OutcomeFile(path, made_from, outcome)


def read_sweep(
    out: str | os.PathLike[str],
) -> Iterator[tuple[str, str, str, KStarDistribution | str]]:
    """Yield model, data set, layer, and its result or what is wrong with it, from a directory.

    Raises
    ------
    DamagedFileError
        If a file is damaged.
    ValueError
        If files of one model and data set were made from something else, or by a version before.
    """
    check_version(out)
    files: list[OutcomeFile] = []
    for folder in sorted(path for path in Path(out).glob("*/*") if path.is_dir()):
        here = []
        for path in outcome_paths(folder):
            with suppress(FileNotFoundError):  # it was taken away just now
                here.append(read_outcome(path))
        for file in here[1:]:
            _check_agree(here[0], file)
        files += here
    finished = {_place(file) for file in files if not isinstance(file.outcome, str)}
    for file in sorted(files, key=_place):
        # Of a layer that was computed after all, what was wrong may still be there.
        if not isinstance(file.outcome, str) or _place(file) not in finished:
            model, data, _, layer = _place(file)
            yield model, data, layer, file.outcome


def _place(file: OutcomeFile) -> tuple[str, str, int, str]:
    """Return what files are sorted by."""
    said = file.made_from
    return said["model"], said["data"], said["position"], said["layer"]


def says(made_from: Mapping[str, Any], wanted: Mapping[str, type]) -> bool:
    """Whether something says of itself what is wanted, each of its type."""
    return all(type(made_from.get(name)) is kind for name, kind in wanted.items())


def _check(path: Path, made_from: Any, outcome: KStarDistribution | str) -> None:
    """See that a file says what it should, and is where it belongs."""
    if not isinstance(made_from, dict) or not says(made_from, WANTED):
        raise DamagedFileError(path, "a sweep's file is wanted, got another one")
    model, data, layer = (made_from[name] for name in ("model", "data", "layer"))
    suffix = FAILURE if isinstance(outcome, str) else RESULT
    place = data_folder(path.parents[2], model, data) / f"{file_name(layer)}{suffix}"
    if path != place:
        raise DamagedFileError(
            path,
            f"it was renamed or copied: it says that it is of model {model!r}, data {data!r}, "
            f"layer {layer!r}",
        )
    if isinstance(outcome, str):
        return
    said = {name: made_from.get(name) for name in ("metric", "skewness", "threshold", "samples")}
    if said != {
        **{name: getattr(outcome, name) for name in ("metric", "skewness", "threshold")},
        "samples": len(outcome.kstar),
    }:
        raise DamagedFileError(path, "the file is damaged: its result is not what it was made from")
    if not is_in_short(made_from.get("first_samples")):
        raise DamagedFileError(path, "the file is damaged: it lacks the first samples in short")


def _check_agree(first: OutcomeFile, second: OutcomeFile) -> None:
    """See that two files of a folder were made from the same."""
    for name in {**first.made_from, **second.made_from}:
        one, other = (file.made_from.get(name) for file in (first, second))
        if name not in OF_THE_LAYER and one != other:
            raise ValueError(
                f"{first.path} and {second.path} were not made from the same: {name} is {one!r} "
                f"and {other!r}; remove what is wrong of them"
            )
