"""What a network computes, as a hash: its structure, its state, and its code."""

import re
from collections.abc import Iterator
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from .model_state import evaluation_mode
from .reached_code import bases_of, functions_in, is_own, names_in, original, reach_of
from .value_hashes import SCALARS, SCALARS_OF_TORCH, Token, ValueHash, graph_text

OF_EVERY_MODULE = {*vars(nn.Module()), "_compiled_call_impl"}
COUNTED = (
    *(Tensor, np.ndarray, torch.ScriptObject, torch.jit.ScriptFunction),
    *(FunctionType, BuiltinFunctionType, np.ufunc, partial),
)


class Fingerprint(NamedTuple):
    """What a network computes.

    Attributes
    ----------
    sha256 : the hash
    code_of : the version of Python whose bytecode is part of it, "any" if none is
    """

    sha256: str
    code_of: str


def model_fingerprint(model: nn.Module) -> Fingerprint:
    """Return a hash of what decides what a model computes in evaluation mode.

    That are, of every module in its place: its class and `extra_repr`, parameters and buffers
    (persistent or not), packed and extra state, attributes (tensors and functions; numbers and
    texts that are not private; others where the forward pass names them), hooks of the forward
    pass, and what the forward pass reaches of one's own code. Code of torch and of installed
    packages counts by its name. Attributes that the forward pass itself writes do not count, nor do
    devices, gradients, the mode, compilation, or the wrappers of `DataParallel` and
    `DistributedDataParallel`. Parameters that are spread over processes (`fully_shard`) are
    gathered, one by one: every process has to ask.

    Raises
    ------
    ValueError
        For what has no numbers, or whose numbers cannot be read, by its name: lazy parameters
        before the first call, the device meta, `FullyShardedDataParallel`.
    """
    hashes = ModelHash()
    with torch.no_grad(), evaluation_mode(model):
        digest = hashes.of(model)
    return Fingerprint(digest.hex(), hashes.code_of or "any")


class ModelHash(ValueHash):
    """Hashes modules, too, and says which of them could not be."""

    def __init__(self) -> None:
        super().__init__()
        self.path: list[str] = []

    def of(self, value: Any) -> bytes:
        """Return the hash of a value, or of the module within wrappers."""
        return super().of(unwrapped(value))

    def _tokens(self, value: Any) -> Iterator[Token]:
        if isinstance(value, nn.Module):
            yield from self._of_module(value)
        else:
            yield from super()._tokens(value)

    def _of_module(self, module: nn.Module) -> Iterator[Token]:
        if type(module).__name__ == "FullyShardedDataParallel":
            raise ValueError(
                f"model: {self._name()!r} is sharded by FullyShardedDataParallel, which leaves "
                "pieces of parameters on each process; take fully_shard, or the module unsharded"
            )
        yield self.of(type(module))
        yield re.sub(r" at 0x[0-9a-f]+", "", module.extra_repr())
        if isinstance(module, torch.fx.GraphModule):
            yield module.code
        if isinstance(module, torch.jit.ScriptModule):
            yield from self._of_script(module)
        for name, value in (*module._parameters.items(), *module._buffers.items()):
            yield from self._named(name, value)
        if type(module).get_extra_state is not nn.Module.get_extra_state:
            yield self.of(module.get_extra_state())
        for hook in (*module._forward_pre_hooks.values(), *module._forward_hooks.values()):
            if not getattr(hook, "__module__", "").startswith("torch.distributed."):
                yield self.of(hook)
        for name, value in attributes_of(module):
            yield from self._named(name, value)
        for name, child in module._modules.items():
            yield from self._named(name, child)

    def _of_class(self, cls: type) -> Iterator[Token]:
        """Yield a class; of a module's, what its forward pass reaches, and no training steps."""
        if not issubclass(cls, nn.Module):
            yield from super()._of_class(cls)
            return
        for base in bases_of(cls):
            yield base.__name__ if is_own(base) else f"{base.__module__}.{base.__qualname__}"
        for name, definition in reach_of(cls).definitions:
            yield name
            yield self.of(definition)

    def _of_script(self, module: torch.jit.ScriptModule) -> Iterator[Token]:
        """Yield the code of what is scripted or traced, and the constants in it."""
        yield str(module.original_name)
        if module._c._has_method("forward"):
            yield graph_text(module.inlined_graph)
            yield self.of(module.code_with_constants[1].const_mapping)

    def _of_numbers(self, value: Any) -> Iterator[Token]:
        try:
            yield from super()._of_numbers(value)
        except torch.cuda.OutOfMemoryError:
            raise
        except (ValueError, RuntimeError, TypeError) as error:
            raise ValueError(
                f"model: {self._name()!r} {error}; where results are kept (out=), a network is "
                "known by its numbers"
            ) from error

    def _named(self, name: str, value: Any) -> Iterator[Token]:
        self.path.append(name)
        yield name
        yield self.of(value)
        self.path.pop()

    def _name(self) -> str:
        return ".".join(self.path)


def attributes_of(module: nn.Module) -> list[tuple[str, Any]]:
    """Return the attributes of a module that count, by name."""
    if isinstance(module, torch.jit.ScriptModule):
        known = {*module._concrete_type.get_attributes()} - {"training", *OF_EVERY_MODULE}
        known -= {*module._parameters.keys(), *module._buffers.keys()}
        return [(name, module._c.getattr(name)) for name in sorted(known)]
    _, names, stored = reach_of(type(module))
    for function in functions_in(vars(module).get("forward")):
        names |= names_in(function.__code__)
    # What torch computes from parameters of these names, for each call anew.
    derived = {key.removesuffix(s) for key in module._parameters for s in ("_g", "_orig")}
    # Of a package's code, only the entry was read for names.
    packaged = not any(map(is_own, bases_of(type(module))))
    return [
        (name, value)
        for name, value in sorted(vars(module).items())
        if name not in OF_EVERY_MODULE | stored | derived
        and not _is_its_own_forward(module, value)
        and (
            name in names
            or isinstance(value, COUNTED)
            or (not name.startswith("_") and _is_of_scalars(value, packaged))
        )
    ]


def unwrapped(value: Any) -> Any:
    """Return the module inside of wrappers that compute nothing of their own."""
    while isinstance(value, nn.Module):
        if isinstance(value, nn.DataParallel | nn.parallel.DistributedDataParallel):
            value = value.module
        elif "_orig_mod" in value._modules:  # torch.compile
            value = value._modules["_orig_mod"]
        else:
            break
    return value


def _is_of_scalars(value: Any, containers: bool) -> bool:
    """Whether a value is a number, a text or the like; or is made of such, if containers are."""
    if containers and isinstance(value, dict):
        value = [*value, *value.values()]
    if containers and isinstance(value, list | tuple | set | frozenset):
        return all(_is_of_scalars(part, containers) for part in value)
    return isinstance(value, SCALARS + SCALARS_OF_TORCH)


def _is_its_own_forward(module: nn.Module, value: Any) -> bool:
    """Whether this is the class's forward pass, as `torch.compile` leaves it in an attribute."""
    inner = original(value)
    if isinstance(inner, MethodType) and inner.__self__ is module:
        inner = inner.__func__
    return inner is type(module).forward
