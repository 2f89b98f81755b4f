"""What is not there: a KeyError that says what is."""

import copy
import pickle

import pytest

from kstar_gpu.known import Known, UnknownKeyError, there_is


def test_close_names_or_all():
    assert there_is("_fc", ["fc", "conv1"]) == "close names: 'fc' (of 2)"
    assert there_is(3, ["fc", "conv1"]) == "there are: 'fc', 'conv1'"
    assert there_is("xyz", ["fc", "fc", "a\nb"]) == "there are: 'fc', 'a\\nb'"
    assert there_is("xyz", []) == "there are: none"
    many = there_is("xyz", map(str, range(100)))
    assert many.endswith("'19' and 80 more")


def test_a_dict_as_any_other():
    known = Known(fc=1, conv=2)
    assert known == {"fc": 1, "conv": 2}
    assert known["fc"] == 1
    assert known.get("_fc") is None
    assert "_fc" not in known
    with pytest.raises(KeyError) as missing:
        known["_fc"]
    assert isinstance(missing.value, UnknownKeyError)
    assert str(missing.value) == "there is none named '_fc'; close names: 'fc' (of 2)"
    assert [*known] == ["fc", "conv"]
    for again in (pickle.loads(pickle.dumps(known)), copy.deepcopy(known)):
        assert again == known
        with pytest.raises(UnknownKeyError):
            again["x"]
