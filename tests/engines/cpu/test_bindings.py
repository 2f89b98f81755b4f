"""What the compiled CPU engine points to lives as long as it does, and is never a copy."""

import gc
import weakref

import numpy as np
import pytest

_cpu = pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")


def arrays(n=5, d=3):
    """Return what a side is made of, by name."""
    return {
        "values": np.zeros((n, d), np.float32),
        "norms": np.ones(n),
        "order": np.arange(n),
        "points": np.zeros((n, _cpu.WIDTH_STEP), np.int16),
        "radii": np.zeros(n),
        "codes": np.zeros(n, np.int32),
        "weights": np.ones(n, np.int32),
    }


def make_side(values, norms, order, points, radii, codes, weights):
    certificate = _cpu.Certificate(1.0, 0.0, 0.0, 0.0, 0.0)
    balls = _cpu.Balls(points, values.shape[1], radii, certificate)
    members = _cpu.Members(values, "float32", norms, order)
    return _cpu.Side(members, codes, weights, balls, balls)


def test_a_side_keeps_its_arrays():
    given = arrays()
    watched = {name: weakref.ref(array) for name, array in given.items()}
    side = make_side(**given)
    del given
    gc.collect()
    assert [name for name, array in watched.items() if array() is None] == []
    del side
    gc.collect()
    assert [name for name, array in watched.items() if array() is not None] == []


@pytest.mark.parametrize("name", ["norms", "order", "points", "radii", "codes", "weights"])
def test_what_would_be_copied_is_refused(name):
    given = arrays()
    given[name] = given[name].astype(np.float32)
    with pytest.raises(TypeError, match="incompatible"):
        make_side(**given)
