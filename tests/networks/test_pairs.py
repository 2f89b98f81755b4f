"""Pairs: what is given is taken as it is, what functions make is made when its turn comes."""

import threading
import time
from functools import partial

import pytest
import torch
from helpers.small_sweep import INPUTS, LAYERS, loader, network, same
from torch import nn
from torch.utils.data import DataLoader

from kstar_gpu import sweep
from kstar_gpu.networks.pairs import (
    Given,
    Pair,
    Seen,
    check_portable,
    is_factory,
    made_model,
    name_of_model,
    of_shard,
)
from kstar_gpu.networks.watched_loader import WatchedLoader


class Batches:
    def __iter__(self):
        return iter(loader())


@pytest.mark.parametrize("factory", [network, partial(network, 1), lambda: 1, Batches, dict])
def test_what_makes_models_or_batches(factory):
    assert is_factory(factory)


@pytest.mark.parametrize(
    "given", [network(), nn.Linear, lambda x: x, loader(), Batches(), [1], None, 3, "resnet18"]
)
def test_what_does_not(given):
    assert not is_factory(given)


def test_functions_give_what_they_make():
    models = {"one": network(1), "two": network(2)}
    loaders = {"plain": loader(), "noisy": loader(INPUTS + 1)}
    wanted = sweep(models, loaders, LAYERS)
    functions = {name: partial(network, seed) for name, seed in (("one", 1), ("two", 2))}
    data = {"plain": loader, "noisy": partial(loader, INPUTS + 1)}
    found = sweep(functions, data, LAYERS)
    assert [*found.results] == [*wanted.results]
    assert all(same(found[key], wanted[key]) for key in wanted.results)
    assert [*sweep(network, Batches, LAYERS).results] == [
        ("network", "data", layer) for layer in LAYERS
    ]


def test_a_model_is_made_when_its_turn_comes_and_data_once():
    made = []

    def make(name, what):
        made.append(name)
        return what()

    models = {name: partial(make, name, network) for name in ("A", "B")}
    loaders = {name: partial(make, name, loader) for name in ("x", "y")}
    pairs = Given(models, loaders).pairs()
    assert [pair[:2] for pair in pairs] == [("A", "x"), ("A", "y"), ("B", "x"), ("B", "y")]
    assert made == []
    watched = [pair.make().loader for pair in pairs]
    assert made == ["A", "x", "y", "B"]
    assert watched[0] is watched[2]
    pairs[0].make()
    assert made[4:] == ["A"]  # models are not kept


def test_one_loader_by_two_names_is_watched_once():
    data = loader()
    pairs = Given({"A": network}, {"x": data, "y": data}).pairs()
    assert pairs[0].make().loader is pairs[1].make().loader


def test_what_functions_make_is_checked():
    def broken():
        return 1 / 0

    with pytest.raises(TypeError, match=r"models\['A'\]\(\): a torch\.nn\.Module is wanted, got i"):
        sweep({"A": lambda: 3}, loader(), LAYERS)
    with pytest.raises(TypeError, match=r"loaders\['x'\]\(\): an iterable of batches is wanted"):
        sweep(network, {"x": lambda: 3}, LAYERS)
    with pytest.raises(ZeroDivisionError):
        sweep(broken, loader(), LAYERS)
    for layers, error in (({"A": LAYERS}, ValueError), ("0", TypeError)):
        with pytest.raises(error, match="layers"):
            sweep({"A": broken, "B": broken}, loader(), layers)
    with pytest.raises(ValueError, match="the model has no module named 'x'"):
        sweep({"A": broken, "B": network()}, loader(), ["x"])


def test_a_pool_of_no_layer():
    """Where one model is all that there is, it is refused; else told when all have been made."""
    with pytest.raises(ValueError, match="pool: there is no layer 'x'"):
        sweep(network, loader(), LAYERS, pool={"x": "mean"})
    two = {"A": network, "B": partial(network, 1)}
    with pytest.warns(UserWarning, match="pool: there is no layer 'x'") as warned:
        assert len(sweep(two, loader(), LAYERS, pool={"x": "mean", "0": "auto"})) == 4
    assert [each.filename for each in warned] == [__file__]


def test_a_function_that_makes_another_model_each_time():
    seen = Seen()
    seen.note("A", ["0"], {"model_sha256": 1})
    seen.note("A", ["0"], {"model_sha256": 1})
    for names, settings in ((["0"], {"model_sha256": 2}), (["1"], {"model_sha256": 1})):
        with pytest.raises(ValueError, match=r"models\['A'\]: a function is wanted that makes th"):
            seen.note("A", names, settings)


@pytest.mark.parametrize("other", [lambda: made_model(network, "models"), lambda: next(watch())])
def test_a_function_that_seeds_is_alone_with_torchs_generator(other):
    """Other threads neither make a model nor begin a pass between its seed and its parameters."""
    seeded = threading.Event()

    def slow():
        torch.manual_seed(1)
        seeded.set()
        time.sleep(0.2)  # in which the other thread would draw
        return nn.Linear(5, 4)

    def disturb():
        seeded.wait(30)
        other()

    thread = threading.Thread(target=disturb)
    thread.start()
    made = made_model(slow, "models")
    thread.join()
    torch.manual_seed(1)
    assert torch.equal(made.weight, nn.Linear(5, 4).weight)


def watch():
    return iter(WatchedLoader(loader()))


def test_a_function_that_sweeps_itself():
    def best():
        sweep(network, loader(), LAYERS)
        return network()

    assert len(sweep(best, loader(), LAYERS)) == 2


def test_names_of_models_without_one():
    assert name_of_model(network()) == "Sequential"
    assert name_of_model(network) == "network"
    assert name_of_model(partial(network, 1)) == "partial"


def test_what_workers_cannot_share():
    check_portable({"A": network}, {"x": loader(), "y": loader, "z": [1]})
    with pytest.raises(TypeError, match=r"models\['A'\]: with an executor a function .* got Sequ"):
        check_portable({"A": network()}, {})
    with pytest.raises(TypeError, match=r"loaders\['x'\]: with an executor a loader .*list_iter"):
        check_portable({}, {"x": iter([])})
    kept = DataLoader([1], num_workers=1, persistent_workers=True)
    with pytest.raises(TypeError, match="got DataLoader with persistent_workers=True"):
        check_portable({}, {"x": kept})


@pytest.mark.parametrize("jobs", [1, 2, 3, 7, 8, 20])
def test_shards_are_all_pairs_once(jobs):
    pairs = [Pair(f"{number}", "x", None) for number in range(8)]
    parts = [of_shard(pairs, f"{number + 1}/{jobs}") for number in range(jobs)]
    assert sorted(pair for part in parts for pair in part) == pairs
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("shard", ["", "1", "0/3", "4/3", "1/0", "-1/3", "1/3 ", "a/b", "1/3/5"])
def test_shards_that_are_none(shard):
    with pytest.raises(ValueError, match="shard: I/N is wanted, with I from 1 to N, got "):
        of_shard([], shard)
