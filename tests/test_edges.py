"""Whatever comes in, what comes out is right, or an error that names an argument."""

import re

import numpy as np
import pytest
import torch
from helpers import containers
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kstar_gpu import definition, kstar, kstar_distribution

ARGUMENT = r"(features|labels|references|reference_labels|device): "
NUMBERS = ["f2", "f4", "f8", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?"]
# What the classes 0, 1, 2 may be called. Names of two sides are one class if they are equal.
NAMES = [
    np.array([0, 1, 2]),
    np.array([0, 1, 2], dtype=np.uint8),
    np.array([2.0, 0.0, 1.0]),
    np.array([True, False, True]),
    np.array([2**60, 2**60 + 1, 5]),
    np.array([2**60 + 1, 5, 2**60], dtype=np.uint64),
    np.array([2**63 + 1, 1, 2**63], dtype=np.uint64),
    np.array(["b", "a", "ab"]),
]
NO_DEVICES = ["meta", "vulkan", "abacus", "", 1.5, *(() if torch.cuda.is_available() else ["cuda"])]


@st.composite
def features(draw, count, width):
    """Draw features in a container; the numbers that they are, and whether they can be taken."""
    x = draw(arrays(np.int64, (count, width), elements=st.integers(0, 3)))
    x = x.astype(draw(st.sampled_from(NUMBERS)))
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(containers.NO_FEATURES))(x.astype(np.float64)), x, False
    missing = np.zeros(x.shape, dtype=bool)
    if draw(st.integers(0, 3)) == 0:
        missing[draw(st.integers(0, count - 1)), draw(st.integers(0, width - 1))] = True
    given = draw(st.sampled_from(containers.OF_FEATURES))(x, missing)
    assume(given is not None)
    return given, x.astype(np.float64), not missing.any()


@st.composite
def labels(draw, count):
    """Draw labels in a container; the names that they are, and whether they can be taken."""
    names = draw(st.sampled_from(NAMES))
    y = names[draw(arrays(np.int64, count, elements=st.integers(0, 2)))]
    missing = np.zeros(count, dtype=bool)
    missing[draw(st.integers(0, count - 1))] = draw(st.integers(0, 3)) == 0
    makers = containers.OF_STRINGS if y.dtype.kind == "U" else containers.OF_LABELS
    make = draw(st.sampled_from(makers))
    if make in containers.OF_FLOATS:
        assume(y.max() < 2**53)  # it would round them, before we see them
    given = make(y, missing)
    assume(given is not None)
    return given, y.tolist(), not missing.any()


def wanted_of(x, y, others, other_names):
    """Return k* by the definition, or None where there is none to be had."""
    named = y + (other_names or [])
    if len({isinstance(name, str) for name in named}) > 1 or len(set(other_names or y)) < 2:
        return None
    codes = {name: code for code, name in enumerate(dict.fromkeys(named))}
    sides = [None if side is None else [codes[name] for name in side] for side in (y, other_names)]
    return definition.kstar(x, sides[0], others, sides[1])


@given(st.data())
@settings(max_examples=200, deadline=None)
@pytest.mark.filterwarnings("ignore:The PyTorch API of")
def test_the_right_value_or_an_error_that_names_an_argument(data):
    count, width = data.draw(st.integers(2, 6)), data.draw(st.integers(1, 3))
    x, numbers, valid = data.draw(features(count, width))
    y, names, named = data.draw(labels(count))
    given, others, other_names = {}, None, None
    valid = valid and named
    if data.draw(st.booleans()):
        given["references"], others, taken = data.draw(features(count + 1, width))
        given["reference_labels"], other_names, named = data.draw(labels(count + 1))
        valid = valid and taken and named
    if data.draw(st.integers(0, 9)) == 0:
        given["device"] = data.draw(st.sampled_from(NO_DEVICES))
        valid = False
    ask = data.draw(st.sampled_from([kstar, kstar_distribution]))
    wanted = wanted_of(numbers, names, others, other_names) if valid else None
    try:
        result = ask(x, y, **given)
    except (ValueError, TypeError) as error:
        assert re.match(ARGUMENT, str(error)), error  # noqa: PT017  # a value would do as well
        assert wanted is None, error  # noqa: PT017
    else:
        assert wanted is not None
        found = result if ask is kstar else result.kstar
        np.testing.assert_array_equal(np.asarray(found), wanted)
