"""A picture as a file, for the command line: what would stop it is found before the work."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..extras import import_extra
from ..files import check_target, write_whole


def check_picture(path: Path) -> None:
    """See that a picture can be drawn, and written there, by its suffix.

    Raises
    ------
    ValueError, OSError
        For another suffix; as `check_target`.
    ImportError
        Without matplotlib, or where it cannot draw as it is set up to.
    """
    check_target(path)
    import_extra("matplotlib", "plot", "--plot needs matplotlib")

    import matplotlib.pyplot as plt

    figure = plt.figure()
    formats = figure.canvas.get_supported_filetypes()
    plt.close(figure)
    if path.suffix.lstrip(".").lower() not in formats:
        raise ValueError(f"{path}: a picture's suffix is wanted, one of {', '.join(formats)}")


def write_picture(draw: Callable[[], Any], path: Path) -> None:
    """Draw a new figure into a file, which appears whole or not at all."""
    import matplotlib.pyplot as plt

    draw()
    content = io.BytesIO()
    try:
        plt.savefig(content, format=path.suffix[1:].lower(), dpi=150)
    except RuntimeError as error:  # of TeX, where matplotlib is set up to use it
        raise ValueError(f"{path}: matplotlib cannot draw it: {error}") from error
    finally:
        plt.close()
    write_whole(path, content.getvalue())
