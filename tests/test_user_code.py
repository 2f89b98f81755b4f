"""What code of the user's raises goes on as it is, and can be told from what ours raises."""

import pytest

from kstar_gpu.user_code import UserData, raised_by, user_code


def test_the_innermost_code_is_named():
    with pytest.raises(KeyError) as caught, user_code("outer"), user_code("inner"):
        raise KeyError("x")
    assert raised_by(caught.value) == "inner"
    assert raised_by(KeyError("x")) is None
    with pytest.raises(SystemExit), user_code("code"):
        raise SystemExit


def test_batches_of_the_user():
    data = UserData([1, 2, 3], "the data")
    assert len(data) == 3
    assert [*data] == [*data] == [1, 2, 3]


def broken():
    yield 1
    raise RuntimeError("no more")


def test_a_loader_that_fails_is_named():
    batches = iter(UserData(broken(), "the data"))
    assert next(batches) == 1
    with pytest.raises(RuntimeError, match="no more") as caught:
        next(batches)
    assert raised_by(caught.value) == "the data"
    with pytest.raises(TypeError) as caught:
        next(iter(UserData(3, "the data")))
    assert raised_by(caught.value) == "the data"


def test_who_takes_the_batches_is_not_blamed_on_them():
    def take():
        for _ in UserData([1], "the data"):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        take()
    assert raised_by(caught.value) is None
