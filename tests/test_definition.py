"""Every backend returns what `definition.py` says, integer for integer, bit for bit."""

import numpy as np
import pytest
import torch
from helpers.exact import assert_exact
from helpers.families import FAMILIES, labels
from hypothesis import given, settings
from hypothesis import strategies as st

from kstar_gpu import definition, kstar


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("shape", [(150, 1, 2), (150, 40, 5), (97, 33, 60)], ids=str)
def test_self_form(family, shape, backend, tiles, rng):
    n, d, classes = shape
    assert_exact(family(rng, n, d), labels(rng, n, classes), backend=backend)


@pytest.mark.parametrize("family", FAMILIES)
def test_query_form(family, backend, tiles, rng):
    x = family(rng, 130, 20)
    y = labels(rng, 130, 6)
    reference_labels = y[60:].copy()
    reference_labels[:2] = 0, 1
    reference_labels[reference_labels == 5] = 4  # a class that only queries have
    assert_exact(
        x[:60], y[:60], references=x[60:], reference_labels=reference_labels, backend=backend
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_narrow_balls(family, backend, tiles, narrow_balls, rng):
    x, y = family(rng, 150, 40), labels(rng, 150, 4)
    assert_exact(x, y, backend=backend)
    assert_exact(x[:50], y[:50], references=x[50:], reference_labels=y[50:], backend=backend)


@pytest.mark.parametrize("family", [f for f in FAMILIES if f.__name__ != "all_equal"])
def test_cosine(family, backend, tiles, rng):
    x = family(rng, 120, 12)
    x = x[(x.astype(np.float64) ** 2).sum(1) > 0]
    assert_exact(x, labels(rng, len(x), 4), metric="cosine", backend=backend)


@pytest.mark.parametrize("n", [64, 700, 2500])
def test_many_tiles(n, backend, rng):
    assert_exact(rng.standard_normal((n, 24)), labels(rng, n, 7), backend=backend)


@pytest.mark.parametrize("sizes", [[1] * 50, [2] * 300, [990, 10], [1, 999], [300, 1, 1, 300, 50]])
def test_unbalanced_classes(sizes, backend, tiles, rng):
    y = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    assert_exact(rng.integers(0, 6, (len(y), 3)), y, backend=backend)


def test_two_samples(backend):
    assert_exact(np.array([[0.0], [3.0]]), np.array([1, 0]), backend=backend)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_small_problems(data):
    n = data.draw(st.integers(2, 24), "samples")
    d = data.draw(st.integers(1, 66), "features")
    kind = data.draw(st.sampled_from(["lattice", "floats", "few rows"]), "kind")
    seed = data.draw(st.integers(0, 2**32 - 1), "seed")
    dtype = data.draw(
        st.sampled_from([np.float16, np.float32, np.float64, np.int8, np.int64]), "dtype"
    )
    rng = np.random.default_rng(seed)
    x = rng.integers(-3, 4, (n, d)).astype(dtype)
    if kind == "floats":
        x = (x + rng.standard_normal((n, d)) * 3).astype(dtype)
    elif kind == "few rows":
        x = x[rng.integers(0, min(3, n), n)]
    y = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n), "labels"))
    y[:2] = 0, 1
    metric = data.draw(st.sampled_from(["euclidean", "cosine"]), "metric")
    if metric == "cosine":
        x[(x == 0).all(1)] = 1
    for backend in ("torch", "auto"):
        assert_exact(x, y, metric=metric, backend=backend)


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int16, torch.uint8]
)
def test_element_types(dtype, backend, rng):
    x = torch.from_numpy(rng.uniform(0, 9, (200, 37))).to(dtype)
    y = labels(rng, 200, 4)
    wanted = definition.kstar(x.to(torch.float64).numpy(), y)
    np.testing.assert_array_equal(kstar(x, y, backend=backend).numpy(), wanted)
    mixed = kstar(x, y, references=x.to(torch.float64), reference_labels=y, backend=backend)
    reference = definition.kstar(x.to(torch.float64).numpy(), y, x.to(torch.float64).numpy(), y)
    np.testing.assert_array_equal(mixed.numpy(), reference)


def test_large_integers_keep_their_last_bit(backend):
    x = np.array([[2**53], [2**53 - 1], [2**53 - 3], [0]])
    assert_exact(x, np.array([0, 0, 1, 1]), backend=backend)


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_any_number_of_threads(threads, backend, rng):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert_exact(rng.integers(0, 9, (400, 50)), labels(rng, 400, 3), backend=backend)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_the_definition_on_a_line():
    # a a b b a at 0 1 3 4 9: counted by hand.
    x, y = np.array([[0.0], [1.0], [3.0], [4.0], [9.0]]), np.array(list("aabba"))
    found = definition.table(x, y)
    assert found.kstar.tolist() == [2, 2, 2, 2, 1]
    assert found.row.tolist() == [2, 2, 1, 1, 3]
    assert found.squared_distance.tolist() == [9.0, 4.0, 4.0, 9.0, 25.0]


def test_the_definition_is_strict_and_prefers_the_lowest_index():
    # From 0: the own class at 1 is exactly as far as the foreign ones at -1 and 1.
    x, y = np.array([[0.0], [1.0], [-1.0], [1.0]]), np.array([0, 0, 1, 1])
    assert definition.table(x, y).kstar.tolist() == [1, 1, 1, 1]
    assert definition.table(x, y).row.tolist() == [2, 3, 0, 1]
