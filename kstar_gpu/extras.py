"""pandas, where it is asked for."""

from types import ModuleType


def import_pandas() -> ModuleType:
    """Return pandas, or say what to install."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError('to_frame needs pandas: pip install "kstar-gpu[frames]"') from error
    module: ModuleType = pd
    return module
