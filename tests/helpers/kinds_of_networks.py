"""Networks of every kind that a fingerprint has to tell apart."""

import warnings

import torch
from torch import nn
from torch.nn.utils import parametrize

from helpers.own_networks import Scaled, seeded


def plain(activation=nn.ReLU, **options):
    return nn.Sequential(
        nn.Linear(3, 4), activation(), nn.BatchNorm1d(4, **options), nn.Dropout(0.1), nn.LSTM(4, 2)
    )


class Held(nn.Module):
    """Buffers that are not saved, a module that is not registered, a state of its own."""

    def __init__(self, buffer=1.0, module=None, state="a"):
        super().__init__()
        self.register_buffer("mask", torch.full((2,), buffer), persistent=False)
        self._state = state
        self.__dict__["hidden"] = [module or nn.ReLU()]

    def get_extra_state(self):
        return {"state": [self._state]}

    def forward(self, x):
        return self.hidden[0](x) * self.mask


class Packaged(nn.Module):
    """As in an installed package, whose code is not read: only the names at its entry are."""

    __module__ = "torch.nn.modules.windows"

    def __init__(self, window=(2, 3)):
        super().__init__()
        self.window = window

    def forward(self, x):
        return self.within(x)

    def within(self, x):
        return x * self.window[0] + self.window[1]


class Told(nn.Module):
    """What it computes with is in its `extra_repr` alone."""

    def __init__(self, power=1):
        super().__init__()
        self._power = power

    def extra_repr(self):
        return f"power={self._power}"

    def forward(self, x):
        return x ** [*vars(self).values()][-1]


class Tuned(nn.Module):
    """Where it is trained it is another one: as some that merge their weights to be evaluated."""

    def __init__(self):
        super().__init__()
        self.gain = 1.0

    def train(self, mode=True):
        self.gain = 2.0 if mode else 1.0
        return super().train(mode)

    def forward(self, x):
        return x * self.gain


def hooked(hook):
    layer = nn.Linear(3, 2)
    layer.register_forward_hook(hook)
    return layer


def parametrized(made):
    layer = nn.Linear(2, 2)
    parametrize.register_parametrization(layer, "weight", made())
    return layer


def gaining(gain):
    """Return a network whose forward pass is another one, of this very network."""
    network = seeded(plain)
    network._gain = gain
    network.forward = lambda x: x * network._gain
    return network


def quantized(seed):
    network = nn.Sequential(seeded(nn.Linear, 3, 4), nn.LSTM(4, 2))
    torch.manual_seed(seed)
    network[seed % 2].reset_parameters()
    return torch.ao.quantization.quantize_dynamic(network, {nn.Linear, nn.LSTM})


def overridden(factor):
    network = seeded(plain)
    network[1].forward = lambda x: x * factor
    return network


def scripted(**options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(seeded(Scripted, **options))


def traced(batch=1, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.trace(seeded(Scripted, **options), torch.zeros(batch, 3))


class Scripted(nn.Module):
    def __init__(self, scale=2.0, number=1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3))
        self.scale = scale
        self.shift = torch.full((3,), number)

    def forward(self, x):
        return x * self.weight * self.scale + self.shift


class ScriptedOtherwise(Scripted):
    def forward(self, x):
        return x * self.weight * self.scale - self.shift


ScriptedOtherwise.__name__ = ScriptedOtherwise.__qualname__ = "Scripted"


def doubled(x: torch.Tensor):
    return x * 2


def halved(x: torch.Tensor):
    return x / 2


def last_bit(number):
    return number * (1 + 2**-52)


def variants_of_forward():
    """Two classes of the same name, that differ in their code alone."""

    def first():
        class Same(Scaled):
            def forward(self, x):
                return self.after(x).relu()

        return Same()

    def second():
        class Same(Scaled):
            def forward(self, x):
                return self.after(x).tanh()

        return Same()

    return first, second
