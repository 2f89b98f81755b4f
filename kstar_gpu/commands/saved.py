"""What is saved: a result in a file, or a sweep in a directory, of which some are chosen."""

import argparse
from pathlib import Path

from ..networks.object_store import is_address
from ..networks.sweep import Key, Sweep
from ..stats.distribution import KStarDistribution


def add_saved(parser: argparse.ArgumentParser) -> None:
    """Add what is read, and how a result of a sweep is chosen."""
    parser.add_argument(
        "saved", metavar="RESULT.npz|DIR", help="what `compute --out` or `sweep --out` has saved"
    )
    parser.add_argument("--model", metavar="NAME", help="of a sweep")
    parser.add_argument("--data", metavar="NAME", help="of a sweep")
    parser.add_argument("--layer", metavar="NAME", nargs="+", help="of a sweep")


def read_saved(arguments: argparse.Namespace) -> KStarDistribution | Sweep:
    """Return the result, or of the sweep the results that are chosen.

    Raises
    ------
    ValueError, OSError
        If there is none, or a file is damaged; for a model, data set or layer that the sweep lacks.
    """
    path = arguments.saved
    if is_address(path) or Path(path).is_dir():
        return _chosen(Sweep.load(path), arguments)
    for option in ("model", "data", "layer"):
        if getattr(arguments, option) is not None:
            raise ValueError(f"--{option}: the directory of a sweep is wanted with it, got {path}")
    return KStarDistribution.load(path)


def _chosen(sweep: Sweep, arguments: argparse.Namespace) -> Sweep:
    keys = [*sweep.results]
    for option in ("model", "data", "layer"):
        wanted = getattr(arguments, option)
        if wanted is None:
            continue
        wanted = [wanted] if isinstance(wanted, str) else wanted
        known = dict.fromkeys(getattr(key, option) for key in keys)
        for name in wanted:
            if name not in known:
                raise ValueError(
                    f"--{option}: one of {', '.join(map(repr, known))} is wanted, got {name!r}"
                )
        keys = [key for key in keys if getattr(key, option) in wanted]
    return Sweep({key: sweep.results[key] for key in keys}, sweep.errors)


def one_result(saved: KStarDistribution | Sweep) -> KStarDistribution:
    """Return the result, if it is one alone.

    Raises
    ------
    ValueError
        If several are left.
    """
    if isinstance(saved, KStarDistribution):
        return saved
    if len(saved) > 1:
        names = ", ".join(map(_named, [*saved.results][:9])) + (", ..." if len(saved) > 9 else "")
        raise ValueError(
            f"--model, --data, --layer: a choice of one result is wanted, got {len(saved)}: {names}"
        )
    return next(iter(saved.results.values()))


def _named(key: Key) -> str:
    return "/".join(key)
