"""kstar() itself: what its arguments do, and which it refuses."""

import re

import numpy as np
import pytest
from helpers.five_samples import WANTED, X, Y, assert_refused

from kstar_gpu import definition, kstar


def test_normalised():
    np.testing.assert_array_equal(kstar(X, Y, normalize=True), WANTED / np.array([2, 2, 3, 3, 3]))


def test_normalised_by_one_more_than_the_references():
    result = kstar(X, [0, 0, 1, 1, 2], references=X, reference_labels=Y, normalize=True)
    plain = definition.kstar(X, np.array([0, 0, 1, 1, 2]), X, Y)
    assert plain[4] == 1
    np.testing.assert_array_equal(result[:4], plain[:4] / np.array([3, 3, 4, 4]))
    assert np.isnan(result[4])


def test_distances_of_each_metric():
    x = np.array([[1.0, 0.0], [0.0, 2.0]])
    assert kstar(x, [0, 1], return_foreign=True).distance.tolist() == [5**0.5] * 2
    assert kstar(x, [0, 1], metric="cosine", return_foreign=True).distance.tolist() == [1.0] * 2
    given = [[0.0, 0.25], [4.0, 0.0]]
    result = kstar(given, [0, 1], metric="precomputed", return_foreign=True)
    assert result.distance.tolist() == [0.25, 4.0]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (dict(memory_limit=-1), ValueError, "memory_limit: a positive number is wanted, got -1"),
        (
            dict(memory_limit="1 GB"),
            TypeError,
            "memory_limit: a number of bytes is wanted, got '1 GB'",
        ),
        (dict(memory_limit=1000), ValueError, "memory_limit: at least "),
        (
            dict(references=X),
            ValueError,
            "reference_labels: references and reference_labels go together, got one alone",
        ),
        (
            dict(reference_labels=Y),
            ValueError,
            "references: references and reference_labels go together, got one alone",
        ),
        (
            dict(features=np.eye(5), references=X, metric="precomputed"),
            ValueError,
            "references: under metric='precomputed' the features are already distances",
        ),
        (dict(backend=["cpu"]), TypeError, "backend: a name is wanted, got ['cpu']"),
        (dict(backend=None), TypeError, "backend: a name is wanted, got None"),
        (dict(device="abacus"), ValueError, "device: a torch device is wanted, got 'abacus'"),
    ],
)
def test_arguments_that_do_not_fit(arguments, error, words):
    assert_refused(arguments, error, words)


def test_memory_limit_makes_smaller_tiles(backend, rng):
    x, y = rng.standard_normal((3000, 8)), rng.integers(0, 3, 3000)
    with pytest.raises(ValueError, match="at least") as refusal:
        kstar(x, y, backend=backend, memory_limit=1)
    least = int(re.search(r"at least (\d+) bytes", str(refusal.value)).group(1))
    with pytest.raises(ValueError, match="memory_limit"):
        kstar(x, y, backend=backend, memory_limit=least - 1)
    result = kstar(x, y, backend=backend, memory_limit=least)
    np.testing.assert_array_equal(result, kstar(x, y, backend=backend))


def test_progress_is_shown_on_request(capsys):
    kstar(X, Y, progress=True)
    assert "search" in capsys.readouterr().err
    kstar(X, Y)
    assert capsys.readouterr().err == ""
