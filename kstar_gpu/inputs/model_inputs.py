"""What a model takes, in files of arrays: one input per sample, or several by their names."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .array_files import ArrayFile, names_that_fit, open_named
from .arrays import to_tensor
from .frames import is_column

INPUTS = "inputs"
NO_INPUTS = ("labels", "class_names")
MASK = "attention_mask"


def read_inputs(
    path: str, takes: Sequence[str] = ()
) -> tuple[Tensor | dict[str, Tensor], Any, list[str] | None]:
    """Return what a model takes, a label for each, and the class names if they fit the labels.

    Parameters
    ----------
    path : of a file with `labels`, perhaps `class_names`, and either `inputs`, or entries that are
        called as what the model takes, which are returned by their names
    takes : what the arguments of the model are called

    Raises
    ------
    ValueError, OSError, ImportError
        As `read_samples`; if there is not one label per input; for a mask without the name of what
        it is of.
    """
    file, _ = open_named(path)
    labels = file.entry("labels", "labels")
    named = [name for name in takes if name in file.names and name not in NO_INPUTS]
    if not named or INPUTS in file.names:
        if MASK in file.names:
            raise ValueError(
                f"{file.path}: beside {MASK} the inputs are wanted under their own name, such as "
                f"input_ids; entries: {file.listed}"
            )
        named = []
    found = {name: _tensor(file, name, labels) for name in named or [INPUTS]}
    names = names_that_fit(file.class_names(), labels, None)
    return found if named else found[INPUTS], labels, names


def _tensor(file: ArrayFile, name: str, labels: Any) -> Tensor:
    """Return an entry of a file as a tensor with as many samples as there are labels."""
    given = file.entry(name, name)
    try:
        inputs = to_tensor(given, name) if is_column(given) else torch.as_tensor(given)
        count = len(inputs), len(labels)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"{file.path}: an array of inputs and one of labels are wanted, "
            f"got {type(given).__name__} and {type(labels).__name__} ({error})"
        ) from error
    if count[0] != count[1]:
        raise ValueError(f"{file.path}: one label per input is wanted ({count[0]}), got {count[1]}")
    return inputs


def check_padding(inputs: Tensor | dict[str, Tensor], padding: int | None, path: str) -> None:
    """Refuse tokens that are padded, where no mask says so: they would count as if they were text.

    Parameters
    ----------
    inputs : from `read_inputs`
    padding : the token that fills up, if there is one
    path : of the file, for the error

    Raises
    ------
    ValueError
    """
    named = inputs if isinstance(inputs, dict) else {INPUTS: inputs}
    if padding is None or MASK in named:
        return
    for name in {INPUTS, "input_ids"} & named.keys():
        value = named[name]
        if not value.is_floating_point() and value.ndim == 2 and bool((value == padding).any()):
            raise ValueError(
                f"{path}: {name} hold the model's padding (token {padding}), and no {MASK} says "
                f"so: input_ids and {MASK} are wanted, as tokenizers of transformers give them "
                "(ones where padding is meant)"
            )
