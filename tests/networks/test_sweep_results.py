"""What a sweep has found: in order, and put together."""

import pickle

from helpers.small_sweep import LAYERS, loader, network, same

from kstar_gpu import sweep
from kstar_gpu.networks.sweep_results import Key, Sweep


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


def test_it_can_be_pickled():
    found = sweep(network(), loader(), LAYERS)
    again = pickle.loads(pickle.dumps(found))
    assert all(same(again[key], result) for key, result in found.results.items())
