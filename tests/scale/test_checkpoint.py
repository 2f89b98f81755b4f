"""What is found so far is kept whole, and nothing else is taken for it."""

import numpy as np
import pytest

from kstar_gpu.files import DamagedFileError
from kstar_gpu.scale.checkpoint import State, identity, resume, save

STATE = State(np.array([1.5, np.inf]), np.array([7, 2**63 - 1]), np.array([3, 0]), 5)


def test_a_state_comes_back(tmp_path):
    save(tmp_path / "kept", STATE, "these")
    found = resume(tmp_path / "kept", 2, "these")
    for name in ("squared", "ids", "counts"):
        np.testing.assert_array_equal(getattr(found, name), getattr(STATE, name))
        getattr(found, name)[0] = 1  # it is written to
    assert found.done == 5
    assert resume(tmp_path / "none", 2, "these") is None


def test_one_of_other_samples_is_refused(tmp_path):
    save(tmp_path / "kept", STATE, "these")
    for count, belongs in ((2, "others"), (3, "these")):
        with pytest.raises(ValueError, match="checkpoint: one of the same samples"):
            resume(tmp_path / "kept", count, belongs)


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b + b"x", lambda b: b"[1]\n", bytes]
)
def test_a_damaged_one_is_named(damage, tmp_path):
    path = tmp_path / "kept"
    save(path, STATE, "these")
    path.write_bytes(damage(path.read_bytes()) if damage is not bytes else b"")
    with pytest.raises(DamagedFileError, match="kept"):
        resume(path, 2, "these")
    save(path, STATE, "these")
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="damaged checkpoint"):
        resume(path, 2, "these")


def test_an_identity_tells_arrays_apart():
    one = np.arange(6)
    assert identity(one, 1.0) == identity(one.copy(), 1.0)
    told = [identity(one, 1.0), identity(one, 2.0), identity(one.reshape(2, 3), 1.0)]
    told += [identity(one.astype(np.int32), 1.0), identity(one + 1, 1.0)]
    assert len({*told}) == 5
