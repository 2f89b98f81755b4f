"""What a forward pass reaches: methods by name, the insides of wrappers, and no training."""

import functools

import pytest
import torch
from helpers.kinds_of_networks import Packaged
from helpers.own_networks import Scaled, twice
from torch import nn

from kstar_gpu.networks.reached_code import (
    bases_of,
    functions_in,
    is_own,
    names_in,
    original,
    reach_of,
    stored_in,
)


def test_whose_code_it_is():
    assert is_own(twice)
    assert is_own(Scaled)
    for thing in (nn.Linear, torch.relu, functools.wraps, pytest.raises, int):
        assert not is_own(thing)


def test_the_forward_pass_reaches_methods_and_no_training():
    reach = reach_of(Scaled)
    assert [name for name, _ in reach.definitions] == [
        "Scaled.forward",
        "Scaled.after",
        "Scaled.kept",
    ]
    assert {"scale", "twice", "SHIFT", "activation", "steps"} <= reach.names
    assert "training_step" not in reach.names
    assert reach.stored == {"calls"}


def test_a_class_that_inherits_its_forward_pass():
    class Flat(nn.LeakyReLU):
        pass

    class Higher(Scaled):
        def forward(self, x):
            return super().forward(x) + 1

    assert "negative_slope" in reach_of(Flat).names
    assert not reach_of(Flat).definitions
    names = [name for name, _ in reach_of(Higher).definitions]
    assert names == ["Higher.forward", "Scaled.forward", "Scaled.after", "Scaled.kept"]
    assert bases_of(Higher) == [Higher, Scaled]


def test_of_a_package_the_entry_alone_is_read():
    assert "within" in reach_of(Packaged).names
    assert "window" not in reach_of(Packaged).names
    assert not reach_of(Packaged).definitions


def test_functions_within_others():
    plain = Scaled.forward
    for wrapped in (
        torch.no_grad()(plain),
        torch.compile(plain),
        functools.partial(plain, 1),
        property(plain),
        staticmethod(plain),
        classmethod(plain),
        Scaled().forward,
        torch.compile(Scaled().forward),
        functools.cached_property(plain),
    ):
        assert plain in functions_in(wrapped)
    cached = functools.cache(twice)
    assert functions_in(cached) == [twice]
    assert original(cached) is twice
    assert functions_in(torch.relu) == functions_in(3) == []


def test_names_and_what_is_written_of_code_within_code():
    def outer(module):
        def inner():
            module.state = getattr(module, "kept")  # noqa: B009
            return module.other

        return inner

    assert names_in(outer.__code__) >= {"kept", "other", "state"}
    assert stored_in(outer.__code__) == {"state"}


def test_what_a_setter_writes_is_of_the_network():
    class Tuned(nn.Module):
        @property
        def scale(self):
            return self._scale

        @scale.setter
        def scale(self, value):
            self._scale = value

        def forward(self, x):
            return x * self.scale

    reach = reach_of(Tuned)
    assert "_scale" in reach.names
    assert not reach.stored
