"""The one callback of `lightning` and `pytorch_lightning`, whichever are installed."""

from importlib import import_module
from typing import TYPE_CHECKING

from ..extras import import_extra

LIBRARIES = ("lightning.pytorch", "pytorch_lightning")


def callback_of_all() -> type:
    """Return a callback for the trainers of every library that is installed: they are strangers."""
    bases = []
    for library in LIBRARIES:
        try:
            bases.append(import_module(library).Callback)
        except ImportError:
            continue
    if not bases:
        need = "KStarCallback needs lightning or pytorch_lightning"
        import_extra(LIBRARIES[0], "lightning", need)
    return type("Callback", tuple(bases), {})


if TYPE_CHECKING:
    from lightning.pytorch import Callback as Callback
else:
    Callback = callback_of_all()
