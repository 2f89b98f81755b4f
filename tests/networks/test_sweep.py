"""Sweeps: every model, data set and layer, and what is refused."""

import pytest
import torch
from helpers.small_sweep import INPUTS, LAYERS, loader, network, same

from kstar_gpu import Sweep, activations, kstar_distribution, sweep


def test_every_model_data_set_and_layer():
    models = {"one": network(1), "two": network(2)}
    loaders = {"plain": loader(), "noisy": loader(INPUTS + 1)}
    result = sweep(models, loaders, {"one": ["0"], "two": ["?"]}, class_names=["a", "b", "c"])
    assert [*result.results] == [
        ("one", "plain", "0"),
        ("one", "noisy", "0"),
        *(("two", data, layer) for data in loaders for layer in "012"),
    ]
    features, labels = activations(models["two"], loaders["noisy"], ["2"])
    wanted = kstar_distribution(features["2"], labels, ["a", "b", "c"])
    assert same(result["two", "noisy", "2"], wanted)
    frame = result.to_frame()
    assert [*frame.columns[:4]] == ["model", "data", "layer", "depth"]
    assert len(frame) == 8 * 3
    last = frame[(frame["model"] == "two") & (frame["data"] == "plain")]
    assert [*last["depth"]] == [0] * 3 + [1] * 3 + [2] * 3


def test_one_of_each_will_do():
    result = sweep(network(), loader(), ["2"])
    assert [*result.results] == [("Sequential", "data", "2")]
    assert repr(result) == "<Sweep: 1 results>"


def test_bad_input(tmp_path):
    with pytest.raises(ValueError, match="out: a directory is wanted where spill=True"):
        sweep(network(), loader(), LAYERS, spill=True)
    with pytest.raises(ValueError, match="pool: a name is wanted where results are kept"):
        sweep(network(), loader(), LAYERS, out=tmp_path, pool=torch.nn.Flatten())
    with pytest.raises(ValueError, match="metric: euclidean or cosine is wanted, got 'cosin'"):
        sweep(network(), loader(), LAYERS, metric="cosin")
    with pytest.raises(TypeError, match=r"sweep: options are .*, got metrics"):
        sweep(network(), loader(), LAYERS, metrics="cosine")
    with pytest.raises(ValueError, match="layers: names for every model are wanted, got none"):
        sweep({"a": network(), "b": network()}, loader(), {"a": ["0"]})
    with pytest.raises(ValueError, match="a sweep's directory is wanted"):
        Sweep.load(tmp_path)
