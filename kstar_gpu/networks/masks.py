"""Which tokens of a sequence count, as the inputs say, at whatever length a layer has."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

MaskFunction = Callable[[Tensor, int], Tensor]
ASK = "mask=function, from (mask, length) to a mask of that length, or pool=function is wanted"
# Of speech encoders in transformers: from a mask of the sound to one of its features.
METHOD = "_get_feature_vector_attention_mask"


def check_mask(mask: Any) -> None:
    """Refuse what is no function, where one is given."""
    if mask is not None and not callable(mask):
        raise TypeError(f"mask: a function is wanted, got {mask!r}")


class TokenMasks:
    """The masks of one batch.

    Parameters
    ----------
    inputs : of the model; masks are entries `attention_mask`, `decoder_attention_mask` (true where
        tokens count), `key_padding_mask`, `src_key_padding_mask` (true where they do not)
    model : which may know how a mask becomes shorter
    function : from a mask (B, T) and another length to a mask of that length, if given
    """

    def __init__(self, inputs: Any, model: nn.Module, function: MaskFunction | None = None) -> None:
        self.entries: dict[str, Tensor] = {}
        self.model = model
        self.function = function
        for name, value in inputs.items() if isinstance(inputs, Mapping) else ():
            if str(name).endswith(("attention_mask", "key_padding_mask")):
                self.entries[name] = value
        ids = inputs.get("decoder_input_ids") if isinstance(inputs, Mapping) else None
        if isinstance(ids, Tensor) and "decoder_attention_mask" not in self.entries:
            self.entries["decoder_input_ids"] = torch.ones(ids.shape[:2], dtype=torch.bool)

    @cached_property
    def kept(self) -> dict[str, Tensor]:
        """What counts by each entry, on the CPU."""
        return {name: _kept(name, value) for name, value in self.entries.items()}

    def of(self, places: int, maps: bool = False) -> Tensor | None:
        """Return which of so many places count; None if all do.

        Parameters
        ----------
        places : how many a sample has in the layer's output
        maps : whether they are those of maps, which only the function can tell of

        Raises
        ------
        ValueError
            If a mask leaves something out, and cannot be brought to that length.
        """
        fitting = {n: m for n, m in self.kept.items() if m.shape[1] == places and not maps}
        if fitting:
            first, mask = next(iter(fitting.items()))
            rival = next((n for n, m in fitting.items() if not torch.equal(m, mask)), None)
            if rival is not None:
                raise ValueError(f"{first} and {rival} are both that long, and differ: {ASK}")
            return None if mask.all() else mask
        padded = {name: mask for name, mask in self.kept.items() if not mask.all()}
        if not padded:
            return None
        name, mask = next(iter(padded.items()))
        shorter = self._brought_to(places, mask, maps)
        if shorter is None:
            kind = "places of maps" if maps else "tokens"
            raise ValueError(
                f"{name} leaves out some of {mask.shape[1]} tokens, the layer gives {places} "
                f"{kind}: {ASK}"
            )
        return None if shorter.all() else shorter

    def _brought_to(self, places: int, mask: Tensor, maps: bool) -> Tensor | None:
        if self.function is not None:
            found = self.function(mask, places)
            if not isinstance(found, Tensor) or found.shape != (len(mask), places):
                got = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
                raise ValueError(
                    f"mask: a function that gives shape {(len(mask), places)} is wanted, got {got}"
                )
            return _kept("mask", found)
        modules = self.model.modules()
        owner = next((module for module in modules if hasattr(module, METHOD)), None)
        if owner is None or maps:
            return None
        ask = getattr(owner, METHOD)
        # The method is right for one length alone: that at which all of a full mask counts.
        try:
            whole = ask(places, torch.ones_like(mask, dtype=torch.long))
            longer = ask(places + 1, torch.ones_like(mask, dtype=torch.long))
            found = ask(places, mask.long())
        except (RuntimeError, IndexError, ValueError):
            return None
        if whole.shape != (len(mask), places) or not whole.all() or longer.all():
            return None
        return _kept(METHOD, found)


def _kept(name: str, value: Any) -> Tensor:
    """Return what counts by an entry, on the CPU."""
    if not isinstance(value, Tensor) or value.ndim != 2:
        got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise ValueError(f"{name}: a mask (B, T) is wanted, got {got}")
    there = value.cpu()
    if there.dtype != torch.bool and not ((there == 0) | (there == 1)).all():
        raise ValueError(f"{name}: booleans, or 0 and 1, are wanted, got other numbers")
    return ~there.bool() if name.endswith("padding_mask") else there.bool()
