"""A sweep's directory: nothing is trusted that is not whole, and nothing is mixed up."""

import json
import sys

import pytest
import torch
from helpers.own_networks import seeded
from helpers.small_sweep import INPUTS, LABELS, LAYERS, loader, network, same
from torch import nn

from kstar_gpu import Sweep, activations, sweep
from kstar_gpu.names import file_name
from kstar_gpu.networks import sweep as sweeps
from kstar_gpu.networks.sweep_directory import SweepDirectory


def test_a_half_written_file_is_not_trusted(tmp_path):
    wanted = sweep(network(), loader(), LAYERS, out=tmp_path)
    file = next((tmp_path / file_name("Sequential") / "data").glob("000_*.npz"))
    file.write_bytes(file.read_bytes()[:100])
    again = sweep(network(), loader(), LAYERS, out=tmp_path)
    for key, result in wanted.results.items():
        assert same(again[key], result)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(models=network(1)), "was made with model_sha256"),
        (dict(loaders=loader(labels=LABELS.flip(0))), "was made with other inputs or labels"),
        (dict(loaders=loader(INPUTS + 1)), "was made with other inputs or labels"),
        (dict(pool="flatten"), "was made with pool 'auto', now it is 'flatten'"),
        (dict(metric="cosine"), "was made with metric 'euclidean', now it is 'cosine'"),
        (dict(dtype=torch.float16), "was made with dtype 'None', now it is 'torch.float16'"),
    ],
)
def test_a_directory_of_something_else_is_refused(change, message, tmp_path):
    given = dict(models=network(), loaders=loader(), layers=LAYERS, out=tmp_path)
    sweep(**given)
    with pytest.raises(ValueError, match=message):
        sweep(**(given | change))


def test_another_mixed_precision_is_another_sweep(monkeypatch, tmp_path):
    given = dict(models=network(), loaders=loader(), layers=["0"], out=tmp_path)
    sweep(**given, amp=True)
    with pytest.raises(ValueError, match=r"was made with amp 'torch\.bfloat16', now it is False"):
        sweep(**given)
    monkeypatch.setattr(torch, "get_autocast_dtype", lambda kind: torch.float16)  # as on a GPU
    with pytest.raises(ValueError, match=r"amp 'torch\.bfloat16', now it is 'torch\.float16'"):
        sweep(**given, amp=True)


def relu_or(activation):
    model = network()
    model[1] = activation()
    return model


def test_the_same_parameters_are_not_the_same_network(tmp_path):
    sweep(relu_or(nn.ReLU), loader(), ["2"], out=tmp_path)
    with pytest.raises(ValueError, match="was made with model_sha256"):
        sweep(relu_or(nn.Tanh), loader(), ["2"], out=tmp_path)
    compiled = nn.DataParallel(relu_or(nn.ReLU).train())
    sweep({"Sequential": compiled}, loader(), {"Sequential": ["module.2"]}, out=tmp_path)


def test_a_directory_of_an_earlier_version_can_be_read_and_not_gone_on_with(tmp_path):
    wanted = sweep(network(), loader(), LAYERS, out=tmp_path)
    file = tmp_path / file_name("Sequential") / "data" / "run.json"
    manifest = json.loads(file.read_text())
    assert manifest["samples"] == 60
    for name in ("version", "bytecode", "first_samples", "samples"):
        del manifest[name]
    file.write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match=r"made by another version of kstar_gpu, .*Sweep\.load"):
        sweep(network(), loader(), LAYERS, out=tmp_path)
    loaded = Sweep.load(tmp_path)
    for key, result in wanted.results.items():
        assert same(loaded[key], result)


def test_another_version_of_python_is_named(monkeypatch, tmp_path):
    given = dict(models=seeded(), loaders=loader(INPUTS[:, :3]), layers=["layer"], out=tmp_path)
    sweep(**given)
    monkeypatch.setattr(sys.implementation, "cache_tag", "cpython-399")
    with pytest.raises(ValueError, match=r"bytecode 'cpython-\d+', now it is 'cpython-399'"):
        sweep(**given)


def test_what_changes_no_result_may_change(tmp_path):
    given = dict(models=network(), loaders=loader(), layers=LAYERS, out=tmp_path)
    sweep(**given)
    again = sweep(**given, metric="euclidean", backend="torch", class_names=["a", "b", "c"])
    assert again["Sequential", "data", "2"].class_names == ("a", "b", "c")


@pytest.mark.parametrize("other", [dict(inputs=INPUTS + 1), dict(labels=LABELS.flip(0))])
def test_features_on_disk_are_used_for_the_same_data_alone(other, monkeypatch, tmp_path):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sweeps, "kstar_distribution", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sweep(network(), loader(), LAYERS, out=tmp_path, spill=True)
    assert (tmp_path / file_name("Sequential") / "data" / "features" / "manifest.json").is_file()
    with pytest.raises(ValueError, match="other inputs or labels"):
        sweep(network(), loader(**other), LAYERS, out=tmp_path, spill=True)
    again = sweep(network(), loader(), LAYERS, out=tmp_path, spill=True)
    whole = sweep(network(), loader(), LAYERS)
    for key, result in whole.results.items():
        assert same(again[key], result)


@pytest.mark.parametrize("place", range(5, 1000, 97))
def test_features_that_are_damaged_are_recorded_again(place, monkeypatch, tmp_path):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sweeps, "kstar_distribution", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sweep(network(), loader(), LAYERS, out=tmp_path, spill=True)
    (path,) = tmp_path.rglob("001_*.npy")
    damaged = bytearray(path.read_bytes())
    damaged[place % len(damaged)] ^= 1
    path.write_bytes(damaged)
    with pytest.warns(UserWarning, match=rf"{path.name}.*; features are recorded again"):
        again = sweep(network(), loader(), LAYERS, out=tmp_path, spill=True)
    for key, result in sweep(network(), loader(), LAYERS).results.items():
        assert same(again[key], result)


@pytest.mark.parametrize("step", ["check_data", "save"])
def test_features_that_another_model_left_are_not_used(step, monkeypatch, tmp_path):
    def killed(*_, **__):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(SweepDirectory, step, killed)
        with pytest.raises(SystemExit):
            sweep(network(0), loader(), LAYERS, out=tmp_path, spill=True)
    with pytest.raises(ValueError, match="was made with model_sha256"):
        sweep(network(1), loader(), LAYERS, out=tmp_path, spill=True)


def test_features_of_other_data_are_not_used_though_nothing_else_is_known_of_these(
    monkeypatch, tmp_path
):
    def killed(*_):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(SweepDirectory, "check_data", killed)
        with pytest.raises(SystemExit):
            sweep(network(), loader(), LAYERS, out=tmp_path, spill=True)
    left = tmp_path / file_name("Sequential") / "data" / "features.sha256"
    assert left.is_file()

    def watched(*arguments, **options):
        assert not left.exists()  # or it would be taken for that of the features to come
        return activations(*arguments, **options)

    monkeypatch.setattr(sweeps, "activations", watched)
    found = sweep(network(), loader(INPUTS + 1), LAYERS, out=tmp_path, spill=True)
    wanted = sweep(network(), loader(INPUTS + 1), LAYERS)
    for key, result in wanted.results.items():
        assert same(found[key], result)


def test_layers_keep_their_order(tmp_path):
    sweep(network(), loader(), ["2"], out=tmp_path)
    sweep(network(), loader(), ["0", "1", "2"], out=tmp_path)
    assert [key.layer for key in Sweep.load(tmp_path).results] == ["0", "1", "2"]


def test_names_that_are_no_file_names(tmp_path):
    models = {"a/b": network(0), "a_b": network(1), "..": network(2)}
    wanted = sweep(models, {"x y": loader()}, ["2"], out=tmp_path)
    loaded = Sweep.load(tmp_path)
    assert set(loaded.results) == set(wanted.results)
    for key, result in wanted.results.items():
        assert same(loaded[key], result)
