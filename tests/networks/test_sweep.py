"""Sweeps: every layer once, saved as it goes, resumed where it stopped, and never mixed up."""

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.other_kernels import of_integers
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from kstar_gpu import LayerError, Sweep, activations, kstar_distribution, sweep
from kstar_gpu.networks import sweep as sweeps
from kstar_gpu.networks.sweep_directory import SweepDirectory

# Integers, here and in the network: sums that are exact in batches of any size, in any process.
INPUTS = torch.randint(-99, 100, (60, 5), generator=torch.Generator().manual_seed(0)).float()
LABELS = torch.arange(60) % 3
LAYERS = ["0", "2"]


def loader(inputs=INPUTS, labels=LABELS):
    return DataLoader(TensorDataset(inputs, labels), batch_size=16)


def network(seed=0):
    torch.manual_seed(seed)
    return of_integers(nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)), largest=9)


def same(a, b):
    return np.array_equal(a.kstar, b.kstar) and a.class_names == b.class_names


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


@pytest.mark.parametrize("spill", [False, True])
def test_what_is_there_is_not_computed_again(spill, monkeypatch, caplog, tmp_path):
    caplog.set_level(logging.INFO, logger="kstar_gpu.networks.sweep_run")
    first = sweep(network(), loader(), ["0"], out=tmp_path, spill=spill)
    assert "Sequential data 0: done" in caplog.text
    asked = []
    plain = sweeps.activations

    def watched(model, loader, layers, **options):
        asked.append(layers)
        return plain(model, loader, layers, **options)

    monkeypatch.setattr(sweeps, "activations", watched)
    second = sweep(network(), loader(), ["0", "2"], out=tmp_path, spill=spill)
    third = sweep(network(), loader(), ["0", "2"], out=tmp_path, spill=spill)
    assert asked == [["2"]]
    assert "Sequential data 0: finished before" in caplog.text
    assert same(first["Sequential", "data", "0"], third["Sequential", "data", "0"])
    loaded = Sweep.load(tmp_path)
    for key, result in second.results.items():
        assert same(loaded[key], result)
    assert not (tmp_path / "Sequential" / "data" / "features").exists()


def test_a_half_written_file_is_not_trusted(tmp_path):
    wanted = sweep(network(), loader(), LAYERS, out=tmp_path)
    file = next((tmp_path / "Sequential" / "data").glob("000_*.npz"))
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
    assert (tmp_path / "Sequential" / "data" / "features" / "manifest.json").is_file()
    with pytest.raises(ValueError, match="other inputs or labels"):
        sweep(network(), loader(**other), LAYERS, out=tmp_path, spill=True)
    again = sweep(network(), loader(), LAYERS, out=tmp_path, spill=True)
    whole = sweep(network(), loader(), LAYERS)
    for key, result in whole.results.items():
        assert same(again[key], result)


def test_features_that_another_model_left_are_not_used(monkeypatch, tmp_path):
    def killed(*_, **__):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(SweepDirectory, "save", killed)
        with pytest.raises(SystemExit):
            sweep(network(0), loader(), LAYERS, out=tmp_path, spill=True)
    with pytest.raises(ValueError, match="was made with model_sha256"):
        sweep(network(1), loader(), LAYERS, out=tmp_path, spill=True)


def test_layers_keep_their_order(tmp_path):
    sweep(network(), loader(), ["2"], out=tmp_path)
    sweep(network(), loader(), ["0", "1", "2"], out=tmp_path)
    assert [key.layer for key in Sweep.load(tmp_path).results] == ["0", "1", "2"]


def test_a_layer_that_fails_does_not_lose_the_others(tmp_path):
    class Breaks(nn.Module):
        def forward(self, x):
            return x / 0

    model = nn.Sequential(nn.Linear(5, 4), Breaks())
    with pytest.warns(UserWarning, match="Sequential/data/1 failed: ValueError: features: finite"):
        result = sweep(model, loader(), ["0", "1"], out=tmp_path)
    assert [*result.results] == [("Sequential", "data", "0")]
    assert "ValueError: features: finite numbers" in result.errors["Sequential", "data", "1"]
    assert repr(result) == "<Sweep: 1 results, 1 failed>"


@pytest.mark.parametrize("spill", [False, True])
def test_a_layer_that_cannot_be_recorded_does_not_lose_the_others(spill, tmp_path):
    class Text(nn.Module):
        def forward(self, x):
            return "text"

    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.says, self.unused = nn.Linear(5, 4), Text(), nn.Linear(4, 4)

        def forward(self, x):
            self.says(x)
            return self.first(x)

    out = tmp_path / "runs"
    asked = ["says", "first", "unused"]
    with pytest.warns(UserWarning, match="Both/data/(says|unused) failed: ") as warned:
        result = sweep(Both(), loader(), asked, out=out, spill=spill)
    assert len(warned) == 2
    assert {warning.filename for warning in warned} == {__file__}
    assert [*result.results] == [("Both", "data", "first")]
    assert len(result["Both", "data", "first"].kstar) == 60
    assert {key.layer for key in result.errors} == {"says", "unused"}
    assert "must give a tensor, got str" in result.errors["Both", "data", "says"]
    assert "did not run" in result.errors["Both", "data", "unused"]
    with pytest.warns(UserWarning, match="did not run"):
        nothing = sweep({"none": Both()}, loader(), ["unused"], out=out, spill=spill)
    assert not nothing.results
    loaded = Sweep.load(out)
    assert [*loaded.results] == [("Both", "data", "first")]
    assert loaded.errors == {**result.errors, **nothing.errors}


def test_features_that_are_there_are_used_though_a_layer_failed(tmp_path, monkeypatch):
    """Killed between the pass and the k*: the pass is not made again."""
    model = nn.Sequential(nn.Linear(5, 4), nn.Identity())
    model[1].forward = lambda x: "text"

    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(sweeps, "kstar_distribution", killed)
    with pytest.raises(KeyboardInterrupt):
        sweep(model, loader(), ["0", "1"], out=tmp_path, spill=True)
    monkeypatch.undo()
    monkeypatch.setattr(sweeps, "activations", killed)
    with pytest.warns(UserWarning, match="must give a tensor"):
        result = sweep(model, loader(), ["0", "1"], out=tmp_path, spill=True)
    assert [*result.results] == [("Sequential", "data", "0")]


def test_a_loader_that_gives_its_batches_once_is_not_cut_short():
    model = nn.Sequential(nn.Linear(5, 4), nn.Identity())
    model[1].forward = lambda x: "text"
    with pytest.raises(LayerError, match=r"layer '1' .* must give a tensor, got str"):
        sweep(model, iter(loader()), ["0", "1"])


def test_batches_of_another_size_are_the_same_data(tmp_path):
    samples = TensorDataset(INPUTS, LABELS)
    whole = sweep(network(), DataLoader(samples, batch_size=60), ["0", "2"])
    sweep(network(), DataLoader(samples, batch_size=16), ["0"], out=tmp_path)
    sweep(network(), DataLoader(samples, batch_size=7), ["0", "2"], out=tmp_path)
    loaded = Sweep.load(tmp_path)
    for key, result in whole.results.items():
        assert same(loaded[key], result)
    moved = TensorDataset(INPUTS.flip(0), LABELS)
    with pytest.raises(ValueError, match="made with other inputs or labels"):
        sweep(network(), DataLoader(moved, batch_size=16), ["0", "2"], out=tmp_path)


def test_inputs_that_are_padded_otherwise_are_other_inputs(tmp_path):
    class Tokens(nn.Module):
        def forward(self, ids, attention_mask):
            return ids[:, :, None].float()

    def padded(size):
        """Yield batches of 1, 2, 3, 1, 2, ... tokens, padded to their longest."""
        lengths = 1 + torch.arange(60) % 3
        for rows in torch.arange(60).split(size):
            mask = torch.arange(lengths[rows].max()) < lengths[rows, None]
            inputs = {"ids": (rows[:, None] + 1) * mask, "attention_mask": mask.long()}
            yield inputs, LABELS[rows]

    sweep(Tokens(), [*padded(3)], [""], out=tmp_path)
    sweep(Tokens(), [*padded(6)], [""], out=tmp_path)  # as long
    with pytest.raises(ValueError, match="was made with other inputs or labels"):
        sweep(Tokens(), [*padded(1)], [""], out=tmp_path)


def test_names_that_are_no_file_names(tmp_path):
    models = {"a/b": network(0), "a_b": network(1), "..": network(2)}
    wanted = sweep(models, {"x y": loader()}, ["2"], out=tmp_path)
    loaded = Sweep.load(tmp_path)
    assert set(loaded.results) == set(wanted.results)
    for key, result in wanted.results.items():
        assert same(loaded[key], result)


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


SLOW = """
import sys, time, torch
sys.path[:0] = {tests!r}
from test_sweep import LAYERS, loader, network
from kstar_gpu import sweep
from kstar_gpu.networks import sweep as sweeps
plain = sweeps.kstar_distribution
def slow(*arguments, **options):
    result = plain(*arguments, **options)
    print("one", flush=True)
    time.sleep(1)
    return result
sweeps.kstar_distribution = slow
sweep(network(), loader(), ["0", "1", "2"], out={out!r}, spill=True)
"""


def test_killed_and_started_again(tmp_path, caplog):
    tests = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    code = SLOW.format(tests=tests, out=str(tmp_path / "killed"))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=-1, text=True)
    process.stdout.readline()
    process.stdout.readline()  # the first layer is saved before the second is begun
    process.kill()
    process.wait()
    caplog.set_level(logging.INFO, logger="kstar_gpu.networks.sweep_run")
    again = sweep(network(), loader(), ["0", "1", "2"], out=tmp_path / "killed", spill=True)
    assert "Sequential data 0: finished before" in caplog.text
    whole = sweep(network(), loader(), ["0", "1", "2"], out=tmp_path / "whole")
    for key, result in whole.results.items():
        assert same(again[key], result)
    for file in (tmp_path / "whole" / "Sequential" / "data").glob("*.npz"):
        twin = np.load(tmp_path / "killed" / "Sequential" / "data" / file.name)
        for name, values in np.load(file).items():
            np.testing.assert_array_equal(twin[name], values)
