"""Equal values have equal hashes, in every process; others have others."""

import argparse
import functools
import logging
import subprocess
import sys
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import own_networks
from helpers.own_networks import Scaled, twice

from kstar_gpu.networks.value_hashes import ValueHash

COUNT = 0


@dataclass
class Options:
    scale: float = 1.0
    names: tuple = ()


class Slotted:
    __slots__ = ("held",)

    def __init__(self, held):
        self.held = held


class Colour(Enum):
    RED = 1
    BLUE = 2


def of(value):
    return ValueHash().of(value)


def adder(number):
    return lambda x: x + number


def by_default(number):
    return lambda x, k=number: x + k


def by_keyword(number):
    return lambda x, *, k=number: x + k


def decorated(function):
    @functools.wraps(function)
    def around(x):
        return function(x) + 1

    return around


def counting(x):
    global COUNT
    COUNT += 1
    return x


def looped(number):
    around = [number]
    around.append(around)
    return around


@pytest.mark.parametrize(
    ("made", "one", "two"),
    [
        (lambda k: k, 1, 2),
        (lambda k: k, 1, 1.0),
        (lambda k: k, 1, True),
        (lambda k: k, 0.0, -0.0),
        (lambda k: k, "relu", b"relu"),
        (lambda k: k, None, "None"),
        (lambda k: [k, "c"], "ab", "a"),
        (lambda k: k, ["ab", "c"], ["a", "bc"]),
        (lambda k: k, [[1], 2], [1, [2]]),
        (deque, [1, 2], [2, 1]),
        (set, "abcdefgh", "abcdefgi"),
        (OrderedDict, {"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (lambda k: slice(1, k), 2, 3),
        (range, 2, 3),
        (Fraction, 2, 3),
        (np.float32, 2, 3),
        (np.arange, 2, 3),
        (lambda k: np.array([k, None], object), 2, 3),
        (torch.Size, [2], [3]),
        (lambda k: k, torch.float32, torch.float64),
        (lambda k: Options(scale=k), 2, 3),
        (lambda k: Options(names=(k,)), 2, 3),
        (Slotted, 2, 3),
        (lambda k: argparse.Namespace(k=k), 2, 3),
        (lambda k: k, Colour.RED, Colour.BLUE),
        (lambda k: k, torch.relu, torch.tanh),
        (lambda k: k, torch.nn.functional.relu, torch.nn.functional.gelu),
        (lambda k: k, np.exp, np.sin),
        (lambda k: k, torch.nn.ReLU, torch.nn.Tanh),
        (adder, 2, 3),
        (lambda k: functools.partial(twice, k), 2, 3),
        (lambda k: functools.partial(k, 1), twice, adder(1)),
        (lambda k: Slotted(k).__init__, 2, 3),
        (functools.cache, twice, adder(1)),
        (by_default, 2, 3),
        (by_keyword, 2, 3),
        (lambda k: k, lambda x: x + 1, lambda x: x - 1),
        (lambda k: k, twice, decorated(twice)),
        (looped, 2, 3),
    ],
)
def test_values(made, one, two):
    assert of(made(one)) == of(made(one))
    assert of(made(one)) != of(made(two))


def test_what_differs_from_run_to_run_does_not_count():
    assert of(threading.Lock()) == of(threading.Lock())
    assert of(logging.getLogger("a")) == of(logging.getLogger("b"))
    handles = [torch.nn.Linear(1, 1).register_forward_hook(print) for _ in range(2)]
    assert of(handles[0]) == of(handles[1])


def test_what_a_function_writes_is_of_a_run(monkeypatch):
    before = of(counting)
    counting(0)
    assert COUNT == 1
    assert of(counting) == before


def test_no_two_lists_of_tokens_run_together():
    class Told(ValueHash):
        def _tokens(self, value):
            yield from value

    assert Told().of(["ab", "c"]) == Told().of(["ab", "c"])
    assert Told().of(["ab", "c"]) != Told().of(["a", "bc"])


def test_devices_count_as_one():
    assert of(torch.device("cpu")) == of(torch.device("cuda", 1)) == of("cuda:0") == of("cpu")
    assert of("cpu") != of("relu")


def test_a_function_is_what_it_does_not_where_it_stands():
    def variants():
        def first(x):
            return x + 1

        def second(x):
            """Documented, and commented."""
            # otherwise
            return x + 1

        def third(x):
            return x + 2

        return first, second, third

    first, second, third = variants()
    assert of(first) == of(variants()[0])
    assert of(first) != of(third)
    if sys.version_info < (3, 13):  # from then on it moves the constants
        assert of(first) == of(second)


@pytest.mark.parametrize(
    ("name", "other"), [("SHIFT", 2.0), ("FACTORS", {"one": 2.0}), ("twice", adder(1))]
)
def test_what_a_function_names_counts(name, other, monkeypatch):
    before = of(Scaled.after), of(Scaled.training_step)
    monkeypatch.setattr(own_networks, name, other)
    assert of(Scaled.after) != before[0]
    assert of(Scaled.training_step) == before[1]


def test_what_is_named_in_an_imported_module_counts(monkeypatch):
    def used(x):
        return own_networks.twice(x)

    before = of(used)
    monkeypatch.setattr(own_networks, "SHIFT", 3.0)  # not named
    assert of(used) == before
    monkeypatch.setattr(own_networks, "twice", adder(1))
    assert of(used) != before


def test_whether_a_version_of_python_is_part_of_it():
    for value, wanted in ((torch.relu, None), (twice, sys.implementation.cache_tag)):
        hashes = ValueHash()
        hashes.of([value])
        assert hashes.code_of == wanted


HASHED = """
import sys
sys.path.insert(0, {tests!r})
from helpers.own_networks import Scaled, seeded
from kstar_gpu.networks.fingerprints import model_fingerprint
from kstar_gpu.networks.value_hashes import ValueHash
print(ValueHash().of([Scaled, {{*"abcdefgh"}}]).hex(), model_fingerprint(seeded()).sha256)
"""


def test_every_process_finds_the_same():
    code = HASHED.format(tests=str(Path(__file__).parents[1]))
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert len(found) == 1
