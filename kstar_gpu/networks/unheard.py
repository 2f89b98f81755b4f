"""Modules whose hooks are not heard, since what runs is not the module: compiled, traced, fused."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def as_written(model: nn.Module) -> Iterator[None]:
    """Let compiled modules run as what they were compiled from, so that hooks are heard.

    Afterwards they are compiled as before; nothing is compiled anew.
    """
    if not any(map(_compiled, model.modules())):
        yield
        return
    stance = getattr(torch.compiler, "set_stance", None)
    if stance is None:  # before torch 2.6
        yield
        return
    with stance("force_eager"):
        yield


def without_hooks(model: nn.Module, modules: Mapping[str, nn.Module]) -> dict[str, str]:
    """Return which of these modules take no hooks, and why."""
    jit = torch.jit.ScriptModule
    return {name: why_unheard(model, m) for name, m in modules.items() if isinstance(m, jit)}


def why_unheard(model: nn.Module, module: nn.Module) -> str:
    """Say why nothing was heard of a module."""
    for name, around in model.named_modules():
        if module not in around.modules():
            continue
        if isinstance(around, torch.jit.ScriptModule):
            what = "is" if around is module else "is part of"
            return (
                f"{what} {_called(name)}, which torch.jit has traced or scripted: it runs unseen, "
                "without hooks; give the module that it was made from"
            )
        if around is module:
            continue
        if _compiled(around):
            return (
                f"is part of {_called(name)}, which torch.compile has compiled: what is inside "
                "runs unseen; give the module that it was made from (`_orig_mod`)"
            )
        if isinstance(around, torch.fx.GraphModule):
            return (
                f"is part of {_called(name)}, a torch.fx.GraphModule that does not call it: give "
                "the module that it was made from"
            )
        if isinstance(around, nn.MultiheadAttention):
            return (
                f"did not run when the model was called: {_called(name)}, a MultiheadAttention, "
                "uses its weights itself; ask for that one"
            )
    return "did not run when the model was called"


def _compiled(module: nn.Module) -> bool:
    return (
        type(module).__name__ == "OptimizedModule"
        or getattr(module, "_compiled_call_impl", None) is not None
        or hasattr(getattr(module, "forward", None), "_torchdynamo_orig_callable")
    )


def _called(name: str) -> str:
    return repr(name) if name else "the model"
