"""What the compiled CPU engine points to lives as long as it does, and is never a copy."""

import gc
import weakref

import numpy as np
import pytest

_cpu = pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")


ONLY_BALLS = ("points", "squares", "sums", "radii")


def arrays(number=np.int8, n=5, d=3):
    """Return what a side is made of, by name."""
    step = _cpu.BYTE_STEP if number == np.int8 else _cpu.WIDTH_STEP
    return {
        "values": np.zeros((n, d), np.float32),
        "norms": np.ones(n),
        "order": np.arange(n),
        "points": np.zeros((n, step), number),
        "squares": np.zeros(n, np.int32),
        "sums": np.zeros(n, np.int32),
        "radii": np.zeros(n),
        "codes": np.zeros(n, np.int32),
        "ids": np.arange(n),
        "weights": np.ones(n, np.int32),
    }


def make_balls(points, squares, sums, radii):
    certificate = _cpu.Certificate(1.0, 0.0, 0.0, 0.0, 0.0)
    return _cpu.Balls(points, 3, squares, sums, radii, certificate)


def make_side(values, norms, order, codes, ids, weights, **of_balls):
    balls = make_balls(**of_balls)
    members = _cpu.Members(values, "float32", norms, order)
    return _cpu.Side(members, codes, ids, weights, balls, balls)


@pytest.mark.parametrize("number", [np.int8, np.int16])
def test_a_side_keeps_its_arrays(number):
    given = arrays(number)
    watched = {name: weakref.ref(array) for name, array in given.items()}
    side = make_side(**given)
    del given
    gc.collect()
    assert [name for name, array in watched.items() if array() is None] == []
    del side
    gc.collect()
    assert [name for name, array in watched.items() if array() is not None] == []


@pytest.mark.parametrize("name", [name for name in arrays() if name != "values"])
def test_what_would_be_copied_is_refused(name):
    given = arrays()
    given[name] = given[name].astype(np.float32)
    with pytest.raises(TypeError, match="incompatible"):
        make_side(**given)


@pytest.mark.parametrize("number", [np.int32, np.uint8, np.uint16, np.float64, np.bool_])
def test_points_are_of_bytes_or_of_16_bit_numbers(number):
    given = {name: arrays()[name] for name in ONLY_BALLS}
    with pytest.raises(TypeError, match="incompatible"):
        make_balls(**given | {"points": given["points"].astype(number)})


@pytest.mark.parametrize("number", [np.int8, np.int16])
def test_points_lie_row_by_row(number):
    given = {name: arrays(number)[name] for name in ONLY_BALLS}
    for points in (np.asfortranarray(given["points"]), given["points"][:, ::2]):
        with pytest.raises(TypeError, match="incompatible"):
            make_balls(**given | {"points": points})


def test_points_of_bytes_come_with_their_sums():
    make_balls(**{name: arrays(np.int16)[name] for name in ONLY_BALLS} | {"sums": None})
    with pytest.raises(TypeError, match="incompatible"):
        make_balls(**{name: arrays()[name] for name in ONLY_BALLS} | {"sums": None})
