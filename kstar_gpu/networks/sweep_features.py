"""Features that a sweep has spilled, in a directory of each process's own, while they are needed.

    FOLDER/features/JOB/    see `feature_store`; JOB is the token of the process's claim

What a process that is gone has spilled to its end, and noted what it was made from, can be gone on
with. Whoever has claimed the folder removes the rest.
"""

import shutil
from pathlib import Path
from typing import Any

from ..files import DamagedFileError
from .activations import Activations
from .feature_store import read_spill
from .outcome_files import OF_THE_DATA, says
from .spill_manifest import read_manifest

FEATURES = "features"


def whole_spills(folder: Path, damaged: dict[str, None]) -> dict[Path, dict[str, Any]]:
    """Return where features are that were spilled to their end, with what they were made from.

    Parameters
    ----------
    folder : of a model and data set
    damaged : takes what is wrong with those that are damaged
    """
    found = {}
    features = folder / FEATURES
    for spill in [] if features.is_symlink() or not features.is_dir() else features.iterdir():
        try:
            made_from = {} if spill.is_symlink() else read_manifest(spill).made_from
        except DamagedFileError as damage:
            damaged[_again(damage)] = None
        except (OSError, ValueError):
            pass  # it is not finished
        else:
            if says(made_from, OF_THE_DATA):
                found[spill] = made_from
    return found


def spilled_features(
    folder: Path, layers: list[str], damaged: dict[str, None]
) -> Activations | None:
    """Return the features of these layers, if they were spilled together, and are as they were."""
    for spill in whole_spills(folder, damaged):
        try:
            found = read_spill(spill)
        except DamagedFileError as damage:
            damaged[_again(damage)] = None
        else:
            if set(layers) <= set(found.features):
                return Activations(found.features, found.labels)
    return None


def remove_halves(folder: Path, damaged: dict[str, None]) -> None:
    """Remove whatever is no finished spill in the place of those."""
    features = folder / FEATURES
    if features.is_symlink() or not features.is_dir():
        remove(features)
        return
    whole = whole_spills(folder, damaged)
    for path in features.iterdir():
        if path not in whole:
            remove(path)


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder and what is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _again(damage: DamagedFileError) -> str:
    return f"{damage}; features are recorded again"
