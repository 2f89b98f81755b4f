"""Balls of bytes that say too much: every kind of lie is seen beside the definition."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.exact import assert_exact
from helpers.narrow import full_coarse

pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")

from kstar_gpu.engines import projection
from kstar_gpu.engines.cpu import common


@pytest.fixture(autouse=True)
def bytes_first(monkeypatch):
    monkeypatch.setattr(projection, "choose_balls", full_coarse)


def far_apart(rng):
    """Two small classes far from each other: all foreign distances are much the same."""
    y = np.arange(600) % 2
    return 2.0 * y[:, None] - 1 + 0.03 * rng.standard_normal((600, 100)), y


def near(rng):
    return rng.standard_normal((600, 3)), np.arange(600) % 4


def scale_off(monkeypatch):
    """One per cent too small: so is what lies within reach."""
    plain = common.make_certificate

    def broken(balls, scale, *rest):
        return plain(balls, scale * 0.99 if balls[0].sums is not None else scale, *rest)

    monkeypatch.setattr(common, "make_certificate", broken)


def change_bytes(change, monkeypatch):
    plain = common.make_bytes
    monkeypatch.setattr(common, "make_bytes", lambda *given: [change(b) for b in plain(*given)])


def without_radii(monkeypatch):
    change_bytes(lambda balls: replace(balls, radii=np.zeros_like(balls.radii)), monkeypatch)


def squares_off(monkeypatch):
    change_bytes(lambda balls: replace(balls, squares=balls.squares + 100), monkeypatch)


def turn_with(signs, monkeypatch):
    plain = common.choose_coarsening

    def turned(*given):
        how = plain(*given)
        return how._replace(signs=np.resize(np.array(signs, np.int16), len(how.middle)))

    monkeypatch.setattr(common, "choose_coarsening", turned)


def turn_that_stretches(monkeypatch):
    turn_with([1, 2, -1], monkeypatch)


BROKEN = [
    (scale_off, far_apart),
    (without_radii, near),
    (squares_off, near),
    (turn_that_stretches, near),
    (turn_that_stretches, far_apart),
]


@pytest.mark.parametrize(("lie", "data"), BROKEN)
def test_it_is_seen(lie, data, monkeypatch, rng):
    x, y = data(rng)
    assert_exact(x, y, backend="cpu")
    lie(monkeypatch)
    with pytest.raises(AssertionError, match="Arrays are not equal"):
        assert_exact(x, y, backend="cpu")


@pytest.mark.parametrize("data", [far_apart, near])
@pytest.mark.parametrize("signs", [[1], [-1], [1, -1, -1]])
def test_any_turn_by_signs_is_valid(signs, data, monkeypatch, rng):
    turn_with(signs, monkeypatch)
    assert_exact(*data(rng), backend="cpu")
