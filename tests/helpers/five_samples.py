"""Five samples of two classes, their k* values, and how a call with something else is refused."""

import re

import numpy as np
import pytest

from kstar_gpu import definition, kstar

X = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 4.0], [9.0, 1.0], [8.0, 1.5]])
Y = np.array([0, 0, 1, 1, 1])
WANTED = definition.kstar(X, Y)


def assert_refused(arguments, error, words):
    """Call kstar() with these arguments instead: it must fail, and say so in these words."""
    call = {"features": X, "labels": Y, **arguments}
    with pytest.raises(error, match=re.escape(words)):
        kstar(call.pop("features"), call.pop("labels"), **call)
