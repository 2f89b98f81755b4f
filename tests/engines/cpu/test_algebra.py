"""The CPU engine's own products: what torch would give, on every instruction set."""

import numpy as np
import pytest
import torch

pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")

from kstar_gpu.engines import directions
from kstar_gpu.engines.cpu import _cpu
from kstar_gpu.engines.cpu.algebra import Crew, NativeAlgebra
from kstar_gpu.engines.directions import Algebra, principal_directions

SHAPES = [(1, 1, 1), (3, 40, 5), (300, 70, 97), (17, 1, 130), (8, 200, 64), (0, 5, 7)]


def floats(rng, *shape):
    return torch.from_numpy(rng.standard_normal(shape).astype(np.float32))


@pytest.fixture(params=_cpu.targets())
def algebra(request):
    return NativeAlgebra(Crew(2, request.param))


@pytest.mark.parametrize("shape", SHAPES)
def test_products_are_those_of_the_matrices_however_they_lie(shape, algebra, rng):
    rows, depth, columns = shape
    a, b = floats(rng, rows, depth), floats(rng, depth, columns)
    for left in (a, a.T.contiguous().T, floats(rng, rows, 2 * depth)[:, ::2]):
        for right in (b, b.T.contiguous().T):
            wanted = left.to(torch.float64) @ right.to(torch.float64)
            found = algebra.product(left, right)
            assert found.dtype == torch.float32
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-4)


def test_products_do_not_depend_on_the_number_of_threads(algebra, rng):
    a, b = floats(rng, 700, 300), floats(rng, 300, 200)
    alone = NativeAlgebra(Crew(1, algebra.crew.target)).product(a, b)
    for threads in (2, 3, 8):
        assert torch.equal(NativeAlgebra(Crew(threads, algebra.crew.target)).product(a, b), alone)


def test_rows_are_centred_and_measured(algebra, rng):
    rows = floats(rng, 50, 20) + 3
    np.testing.assert_allclose(algebra.centred(rows), Algebra().centred(rows), atol=1e-5)
    lengths = algebra.squared_lengths(rows)
    np.testing.assert_allclose(lengths, Algebra().squared_lengths(rows), rtol=1e-5)


def test_gram_schmidt_is_the_twin_of_the_one_in_numpy(algebra, rng):
    rows = rng.standard_normal((20, 12)) * rng.uniform(0.1, 10, (20, 1))
    gram = rows @ rows.T
    wanted, found = directions.gram_schmidt(gram), np.empty_like(gram)
    rank = _cpu.gram_schmidt(gram, found, algebra.crew.target)
    assert rank == len(wanted) == 12
    np.testing.assert_allclose(found[:rank], wanted, rtol=1e-6, atol=1e-9)


def test_principal_directions_are_those_that_torch_finds(algebra, rng):
    rows = floats(rng, 500, 60) * torch.linspace(9, 0.1, 60)
    ours, torchs = principal_directions(rows, 16, algebra), principal_directions(rows, 16)
    assert ours.shape == torchs.shape == (60, 16)
    np.testing.assert_allclose(ours @ ours.T, torchs @ torchs.T, atol=1e-3)


def test_no_rows_have_no_directions(algebra):
    assert principal_directions(torch.ones(4, 6), 16, algebra).shape == (6, 0)
