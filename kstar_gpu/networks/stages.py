"""The stages of a model: the layers that are looked at where none are named."""

from collections import Counter

from torch import nn

ALIKE = 3  # modules of one class beside one another: stages, or blocks


def stages(model: nn.Module) -> list[str]:
    """Return the names of the model's stages, in its order.

    The model's parts; of a part that holds most of the model its own parts, and so on, until at
    least three are alike, as the stages of a ResNet or the blocks of a transformer are. Those
    without a matrix of parameters (activations, norms, pooling) are left out. A model that has no
    parts is its own.
    """
    total = _weights(model)
    found = _parts("", model, total)
    return [name for name, module in found if _has_matrix(module)] or [""]


def _parts(name: str, module: nn.Module, total: int) -> list[tuple[str, nn.Module]]:
    children = [
        (f"{name}.{own}".lstrip("."), child)
        for own, child in module.named_children()
        if _weights(child) or _never_runs(child)
    ]
    alike = Counter(type(child) for _, child in children).most_common(1)
    settled = bool(alike) and alike[0][1] >= ALIKE
    parts: list[tuple[str, nn.Module]] = []
    for own, child in children:
        has_parts = any(True for _ in child.children())
        if has_parts and (_never_runs(child) or (not settled and 2 * _weights(child) > total)):
            parts += _parts(own, child, total)
        else:
            parts.append((own, child))
    return parts


def _never_runs(module: nn.Module) -> bool:
    """Whether it only holds others, as ModuleList does."""
    return type(module).forward is nn.Module.forward


def _weights(module: nn.Module) -> int:
    """Return how many modules below it, or itself, have a matrix of their own."""
    return sum(map(_has_own_matrix, module.modules()))


def _has_matrix(module: nn.Module) -> bool:
    return any(map(_has_own_matrix, module.modules()))


def _has_own_matrix(module: nn.Module) -> bool:
    return any(parameter.dim() > 1 for parameter in module.parameters(recurse=False))
