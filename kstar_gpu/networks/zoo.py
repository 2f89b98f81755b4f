"""Networks by name: from timm, torchvision, or a file of Python."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from ..extras import import_extra
from ..user_code import user_code
from ..user_files import checking_imports, load_file

Transform = Callable[[Any], Any]  # from a picture of PIL to a tensor


def named_model(name: str) -> tuple[nn.Module, Transform | None]:
    """Return a network and what makes its inputs of pictures, if that is known.

    Parameters
    ----------
    name : str
        "timm:NAME" or "torchvision:NAME", with the weights that the library has for it (it
        downloads them where they are not yet); or "FILE.py:FACTORY", a function that is called
        without arguments and returns the network, or the network and its transform.

    Raises
    ------
    ValueError, TypeError
        For a name of another form; if the library or the file has none of that name, or the
        function returns something else.
    ImportError
        Without timm or torchvision.
    """
    source, _, rest = name.partition(":")
    if source == "timm":
        return _from_timm(rest)
    if source == "torchvision":
        return _from_torchvision(rest)
    file, _, factory = name.rpartition(":")
    if not file.endswith(".py") or not factory:
        raise ValueError(
            f"model: timm:NAME, torchvision:NAME or FILE.py:FACTORY is wanted, got {name!r}"
        )
    return _from_file(Path(file), factory)


def _from_timm(name: str) -> tuple[nn.Module, Transform]:
    timm = import_extra("timm", "zoo", "timm is needed for that")
    if not timm.is_model(name):
        raise ValueError(
            f"model: timm has none named {name!r}; timm.list_models(pretrained=True) lists them"
        )
    try:
        with user_code(f"timm's {name}"):
            model = timm.create_model(name, pretrained=True)
    except RuntimeError as error:  # none at all, or none of that tag
        raise ValueError(f"model: timm has no such weights for {name!r}: {error}") from error
    settings = timm.data.resolve_model_data_config(model)
    return model, timm.data.create_transform(**settings, is_training=False)


def _from_torchvision(name: str) -> tuple[nn.Module, Transform]:
    models = import_extra("torchvision", "zoo", "torchvision is needed for that").models
    if name not in models.list_models():
        raise ValueError(
            f"model: torchvision has none named {name!r}; torchvision.models.list_models() lists "
            "them"
        )
    weights = models.get_model_weights(name).DEFAULT
    with user_code(f"torchvision's {name}"):
        return models.get_model(name, weights=weights), weights.transforms()


def _from_file(path: Path, name: str) -> tuple[nn.Module, Transform | None]:
    """Call a function in a file of Python."""
    if not path.is_file():
        raise FileNotFoundError(f"model: there is no file {path}")
    try:
        with user_code(str(path)), checking_imports(path):
            module = load_file(path)
        factory = getattr(module, name, None)
        if not callable(factory):
            raise ValueError(f"model: {path} has no function {name!r}")
        with user_code(f"{path}:{name}"):
            made = factory()
    except SystemExit as end:
        raise ValueError(f"model: {path} ends the program, in the place of a model") from end
    match made:
        case nn.Module() as model:
            return model, None
        case (nn.Module() as model, transform) if callable(transform):
            return model, transform
        case other:
            raise TypeError(
                f"model: {name} must return a torch.nn.Module, or one and its transform, "
                f"got {type(other).__name__}"
            )
