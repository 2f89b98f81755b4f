"""What the code of a function or a class reaches: other definitions by name, as bytecode says."""

import dis
import sys
from functools import cached_property, partial, partialmethod
from pathlib import PurePath
from types import CodeType, FunctionType, MethodType
from typing import Any, NamedTuple

from torch import nn

ENTRIES = ("forward", "__call__", "__getattr__")  # where a module begins to compute
INSTALLED = {"site-packages", "dist-packages"}  # folders of packages


class Reach(NamedTuple):
    """What the forward pass of a class of modules reaches.

    Attributes
    ----------
    definitions : of one's own code, those in the class and its bases, with their names
    names : all that is named on the way, attributes among them
    stored : attributes that are written on the way: they are of a run, not of the network
    """

    definitions: list[tuple[str, Any]]
    names: set[str]
    stored: set[str]


def is_own(thing: Any) -> bool:
    """Whether a function or class is one's own code, not that of Python, torch or a package."""
    module = getattr(thing, "__module__", None) or ""
    code = getattr(thing, "__code__", None)
    return is_own_file(module, code.co_filename if code else None)


def is_own_file(module: str, file: str | None = None) -> bool:
    """Whether a module of Python is one's own code, in this file or in the one it came from."""
    top = module.partition(".")[0]
    if top == "torch" or top in sys.stdlib_module_names:
        return False
    if file is None:
        file = getattr(sys.modules.get(module), "__file__", None)
    return not INSTALLED & {*PurePath(file or "").parts}


def bases_of(cls: type) -> list[type]:
    """Return a class and its bases, without those that say nothing about what it computes."""
    last = [nn.Module, object, *nn.Module.__mro__]
    return [base for base in cls.__mro__ if base not in last and not _moves_data(base)]


def reach_of(cls: type) -> Reach:
    """Return what the forward pass of a class of modules reaches."""
    definitions: list[tuple[str, Any]] = []
    names: set[str] = set()
    stored: set[str] = set()
    waiting = {*ENTRIES}
    while waiting:
        found: set[str] = set()
        for name in sorted(waiting):
            for base in bases_of(cls):
                if name not in vars(base):
                    continue
                definition = vars(base)[name]
                if is_own(base):
                    definitions.append((f"{base.__name__}.{name}", definition))
                elif name not in ENTRIES:
                    continue  # a package's own affairs
                for function in functions_in(definition):
                    found |= names_in(function.__code__)
                    stored |= stored_in(function.__code__)
        names |= waiting
        waiting = found - names
    return Reach(definitions, names, stored)


def functions_in(value: Any) -> list[FunctionType]:
    """Return the functions of Python that something callable consists of, those it wraps too.

    Of whatever else: none.
    """
    found: list[FunctionType] = []
    waiting = [value]
    while waiting:
        value = original(waiting.pop())
        if isinstance(value, FunctionType) and value not in found:
            found.append(value)
            waiting += map(contents_of, value.__closure__ or ())
        elif isinstance(value, property):
            waiting.append(value.fget)  # what its setter writes was given, not computed
        elif isinstance(value, staticmethod | classmethod | MethodType):
            waiting.append(value.__func__)
        elif isinstance(value, partial | partialmethod | cached_property):
            waiting.append(value.func)
    return found


def original(value: Any) -> Any:
    """Return the function that a compiled one, or one with a cache, was made of."""
    if not callable(value) or isinstance(value, nn.Module | MethodType | type):
        return value
    inner = getattr(value, "_torchdynamo_orig_callable", None)
    wrapper = isinstance(value, FunctionType) and "_dynamo" not in value.__code__.co_filename
    if inner is None and not wrapper:
        inner = getattr(value, "__wrapped__", None)
    return original(inner) if callable(inner) else value


def contents_of(cell: Any) -> Any:
    """Return what is in the cell of a closure; None if nothing is, yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def names_in(code: CodeType) -> set[str]:
    """Return all names in code, and texts that may be names (for `getattr`)."""
    names = {*code.co_names}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= names_in(constant)
        elif isinstance(constant, str):
            names.add(constant)
    return names


def stored_in(code: CodeType) -> set[str]:
    """Return the attributes and globals that code writes."""
    stored = {
        step.argval
        for step in dis.get_instructions(code)
        if step.opname in ("STORE_ATTR", "STORE_GLOBAL")
    }
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return stored.union(*map(stored_in, inner))


def _moves_data(base: type) -> bool:
    """Whether a base is one that torch adds to a module whose parameters are sharded."""
    return base.__module__.startswith("torch.distributed.")
