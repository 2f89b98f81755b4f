"""What is installed only by those who want it, imported where it is used."""

from importlib import import_module
from types import ModuleType

import torch


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
        Saying what is needed, and how it is installed; or that it is installed and does not load,
        as happens to packages that were built for another torch.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if _is_missing(error, module):
            raise ImportError(f'{need}: pip install "kstar-gpu[{extra}]"') from error
        raise _does_not_load(module, error) from error
    except (ImportError, RuntimeError, OSError) as error:
        raise _does_not_load(module, error) from error


def _is_missing(error: ModuleNotFoundError, module: str) -> bool:
    """Whether it is the module itself that is not there, and not what it imports."""
    return f"{module}.".startswith(f"{error.name}.")


def _does_not_load(module: str, error: Exception) -> ImportError:
    name = module.partition(".")[0]
    return ImportError(
        f"{name} is installed, but does not load: {error}; beside torch {torch.__version__} "
        "another version or build may be wanted, of the same index as torch"
    )


def import_pandas(method: str = "to_frame") -> ModuleType:
    """Return pandas, for a table that this method gives."""
    return import_extra("pandas", "frames", f"{method} needs pandas")
