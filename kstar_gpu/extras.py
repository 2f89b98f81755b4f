"""What is installed only by those who want it, imported where it is used."""

from importlib import import_module
from types import ModuleType


def import_extra(module: str, extra: str, need: str) -> ModuleType:
    """Return a module that comes with an extra of this package.

    Parameters
    ----------
    module : such as "timm"
    extra : which of the package's extras installs it
    need : what is told where it is missing, such as "to_frame needs pandas"

    Raises
    ------
    ImportError
        Saying what is needed, and how it is installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(f'{need}: pip install "kstar-gpu[{extra}]"') from error


def import_pandas(method: str = "to_frame") -> ModuleType:
    """Return pandas, for a table that this method gives."""
    return import_extra("pandas", "frames", f"{method} needs pandas")
