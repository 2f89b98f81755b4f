"""Networks by name: from timm, torchvision, transformers, or a file of Python."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..extras import import_extra
from ..user_code import user_code
from ..user_files import checking_imports, load_file
from .hubs import hub_address, loading

Transform = Callable[[Any], Any]  # from a picture of PIL to a tensor


def named_model(
    name: str, weights: bool = True, classes: int | None = None
) -> tuple[nn.Module, Transform | None]:
    """Return a network and what makes its inputs of pictures, if that is known.

    Parameters
    ----------
    name : str
        "timm:NAME", "torchvision:NAME" or "hf:NAME" (of transformers, or a folder that one is saved
        in), with the weights that the library has for it (it downloads them where they are not
        yet); or "FILE.py:FACTORY", a function that is called without arguments and returns the
        network, or the network and its transform.
    weights : bool
        False: only its structure is wanted, and the library's weights are not loaded.
    classes : int, optional
        How many it tells apart, where `takes_classes`; by default as many as the library's does.

    Raises
    ------
    ValueError, TypeError
        For a name of another form; if the library or the file has none of that name, or the
        function returns something else.
    ConnectionError
        If weights are not here, and where they are cannot be reached.
    ImportError
        Without timm, torchvision or transformers.
    """
    source, _, rest = name.partition(":")
    more = {} if classes is None else {"num_classes": classes}
    if source == "timm":
        return _from_timm(rest, weights, more)
    if source == "torchvision":
        return _from_torchvision(rest, weights, more)
    if source == "hf":
        return _from_transformers(rest, weights)
    file, _, factory = name.rpartition(":")
    if not file.endswith(".py") or not factory:
        raise ValueError(
            "model: timm:NAME, torchvision:NAME, hf:NAME or FILE.py:FACTORY is wanted, "
            f"got {name!r}"
        )
    return _from_file(Path(file), factory)


def takes_classes(name: str) -> bool:
    """Whether a network of this name can be made for any number of classes."""
    return name.partition(":")[0] in ("timm", "torchvision")


def _from_timm(name: str, weights: bool, more: dict[str, int]) -> tuple[nn.Module, Transform]:
    timm = import_extra("timm", "zoo", "timm is needed for that")
    if not timm.is_model(name):
        raise ValueError(
            f"model: timm has none named {name!r}; timm.list_models(pretrained=True) lists them"
        )
    what = f"timm's {name}"
    try:
        with loading(what, hub_address() if weights else None), user_code(what):
            model = timm.create_model(name, pretrained=weights, **more)
    except RuntimeError as error:  # none at all, or none of that tag
        raise ValueError(f"model: timm has no such weights for {name!r}: {error}") from error
    settings = timm.data.resolve_model_data_config(model)
    return model, timm.data.create_transform(**settings, is_training=False)


def _from_torchvision(
    name: str, weights: bool, more: dict[str, int]
) -> tuple[nn.Module, Transform]:
    models = import_extra("torchvision", "zoo", "torchvision is needed for that").models
    if name not in models.list_models():
        raise ValueError(
            f"model: torchvision has none named {name!r}; torchvision.models.list_models() lists "
            "them"
        )
    chosen = models.get_model_weights(name).DEFAULT
    here = Path(torch.hub.get_dir(), "checkpoints", chosen.url.rpartition("/")[2]).is_file()
    what = f"torchvision's {name}"
    with loading(what, chosen.url if weights and not here else None) as asked:
        if not asked:
            raise FileNotFoundError(chosen.url)
        with user_code(what):
            model = models.get_model(name, weights=chosen if weights else None, **more)
    return model, chosen.transforms()


def _from_transformers(name: str, weights: bool) -> tuple[nn.Module, Transform | None]:
    transformers = import_extra("transformers", "hf", "transformers is needed for that")
    what = f"transformers' {name}"
    with loading(what, None if Path(name).is_dir() else hub_address()) as asked, user_code(what):
        where = {"local_files_only": not asked}
        if weights:  # of safetensors alone: others may hold pickled objects
            model = transformers.AutoModel.from_pretrained(name, use_safetensors=True, **where)
        else:
            settings = transformers.AutoConfig.from_pretrained(name, **where)
            model = transformers.AutoModel.from_config(settings)
        transform = None
        with suppress(OSError, ValueError, ImportError):  # it may be no model of pictures
            processor = transformers.AutoImageProcessor.from_pretrained(name, **where)
            transform = partial(_pixels, processor)
    return model, transform


def _pixels(processor: Any, picture: Any) -> Any:
    return processor(images=picture, return_tensors="pt")["pixel_values"][0]


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
