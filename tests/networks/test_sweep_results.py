"""What a sweep has found: in order, and put together."""

import pickle
import sys

import numpy as np
import pytest
from helpers.small_sweep import LAYERS, loader, network, same

from kstar_gpu import activations, kstar, kstar_distribution, sweep
from kstar_gpu.networks.sweep_results import Key, Sweep
from kstar_gpu.stats import result_file

sweep_module = sys.modules["kstar_gpu.networks.sweep"]


def test_parts_are_put_together_in_their_order():
    one, two = (sweep({name: network()}, loader(), LAYERS) for name in "ab")
    one.add(Key("a", "data", "x"), "what is wrong")
    found = Sweep.of([two, one])
    assert [key.model for key in found.results] == ["b", "b", "a", "a"]
    assert found.errors == {("a", "data", "x"): "what is wrong"}
    assert len(found) == 4
    assert repr(found) == "<Sweep: 4 results, 1 failed>"
    assert found["a", "data", "0"] is one["a", "data", "0"]
    assert len(Sweep.of([])) == 0


def test_it_is_a_mapping():
    found = sweep(network(), loader(), LAYERS)
    assert [*found] == [*found.results] == [*found.keys()]
    assert [*found.values()] == [*found.results.values()]
    key = next(iter(found))
    assert key in found
    assert ("a", "b", "c") not in found
    assert found.get(("a", "b", "c")) is None


def test_it_can_be_pickled():
    found = sweep(network(), loader(), LAYERS)
    again = pickle.loads(pickle.dumps(found))
    assert all(same(again[key], result) for key, result in found.results.items())


def test_it_knows_whom_samples_meet_and_keeps_that(tmp_path):
    found = sweep(network(), loader(), LAYERS, out=tmp_path)
    features, labels = activations(network(), loader(), LAYERS)
    for again in (found, Sweep.load(tmp_path), sweep(network(), loader(), LAYERS, out=tmp_path)):
        for key, result in again.results.items():
            wanted = kstar(features[key.layer], labels, return_foreign=True)
            np.testing.assert_array_equal(result.foreign_index, wanted.index)
            np.testing.assert_array_equal(result.foreign_distance, wanted.distance.float())
            assert len(result.confused(2, by="class")) == 6


def test_layers_kept_before_foreign_samples_were(tmp_path, monkeypatch):
    """They stay as they are, beside those that are new."""
    with monkeypatch.context() as before:
        before.setattr(sweep_module, "kstar_distribution", without_foreign)
        before.setattr(result_file, "FILE_VERSION", 3)
        sweep(network(), loader(), LAYERS[:1], out=tmp_path)
    found = sweep(network(), loader(), LAYERS, out=tmp_path)
    assert found["Sequential", "data", "0"].foreign_index is None
    assert found["Sequential", "data", "2"].foreign_index is not None
    assert len(Sweep.load(tmp_path)) == 2


def without_foreign(*arguments, return_foreign, **options):
    return kstar_distribution(*arguments, **options)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("_fc", "sweep['_fc']: a key (model, data, layer) is wanted; of layers, close names: 'fc'"),
        ("abc", "sweep['abc']: a key (model, data, layer) is wanted"),  # of three letters
        (3, "sweep[3]: a key (model, data, layer) is wanted; of layers, there are: 'conv', 'fc'"),
        (["a", "d", "fc"], "sweep[['a', 'd', 'fc']]: a key (model, data, layer) is wanted"),
        (("a", "d"), "the first key is ('a', 'd', 'conv')"),
        (("a", "d", "_fc"), "sweep[('a', 'd', '_fc')]: no layer '_fc'; close names: 'fc' (of 2)"),
        (("b", "d", "fc"), "sweep[('b', 'd', 'fc')]: no model 'b'; there are: 'a'"),
        (("a", "test", "fc"), "no data 'test'; there are: 'd'"),
        (("a", "d", "rnn"), "sweep[('a', 'd', 'rnn')]: the layer failed: ran twice"),
    ],
)
def test_a_wrong_key_says_what_there_is(key, message):
    result = kstar_distribution([[0.0], [1.0], [3.0]], [0, 0, 1])
    found = Sweep({Key("a", "d", "conv"): result, Key("a", "d", "fc"): result})
    found.errors[Key("a", "d", "rnn")] = "ran twice"
    with pytest.raises(KeyError) as missing:
        found[key]
    assert str(missing.value).replace(message, "", 1) != str(missing.value)
    assert "\n" not in str(missing.value)
    with pytest.raises(KeyError):
        Sweep()[key]
    assert found["a", "d", "fc"] is result
    assert found[Key("a", "d", "fc")] is result


def test_features_name_what_there_is():
    features = activations(network(), loader(), LAYERS).features
    with pytest.raises(KeyError, match="there is none named '_fc'; there are: '0', '2'"):
        features["_fc"]


def test_in_a_notebook():
    result = kstar_distribution([[0.0], [1.0], [3.0]], [0, 0, 1])
    results = {Key("<b>", "d", f"layer{n}"): result for n in range(30)}
    found = Sweep(results, {Key("a", "d", "x"): "w"})
    text = found._repr_html_()
    assert "Sweep: 30 results; 1 failed" in text
    assert text.count("<tr>") == 21
    assert "10 more results" in text
    assert "&lt;b&gt;" in text
    assert "<b>" not in text
    assert "1 clustered, 1 undefined" in text
    assert "more results" not in Sweep({Key("a", "d", "x"): result})._repr_html_()
    assert Sweep()._repr_html_().count("<tr>") == 1
