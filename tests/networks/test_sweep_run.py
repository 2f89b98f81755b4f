"""A run of a sweep: every layer once, resumed where it stopped, and none lost for another."""

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.small_sweep import INPUTS, loader, network, same
from torch import nn

from kstar_gpu import LayerError, Sweep, sweep
from kstar_gpu.names import file_name
from kstar_gpu.networks import sweep as sweeps


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
    assert not (tmp_path / file_name("Sequential") / "data" / "features").exists()


@pytest.mark.parametrize("spill", [False, True])
def test_a_layer_that_fails_does_not_lose_the_others(spill, tmp_path):
    class Breaks(nn.Module):
        def forward(self, x):
            return x / 0

    model = nn.Sequential(nn.Linear(5, 4), Breaks())
    with pytest.warns(UserWarning, match="Sequential/data/1 failed: ValueError: features: finite"):
        result = sweep(model, loader(), ["0", "1"], out=tmp_path, spill=spill)
    assert [*result.results] == [("Sequential", "data", "0")]
    assert "ValueError: features: finite numbers" in result.errors["Sequential", "data", "1"]
    assert repr(result) == "<Sweep: 1 results, 1 failed>"
    # For another try, without another pass.
    assert (tmp_path / file_name("Sequential") / "data" / "features").exists() == spill


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
    model = Both()
    with pytest.warns(UserWarning, match="did not run"):
        nothing = sweep({"none": model}, loader(), ["unused"], out=out, spill=spill)
    assert not nothing.results
    again = sweep({"none": model}, loader(), ["first"], out=out, spill=spill)  # the same data
    assert [*again.results] == [("none", "data", "first")]
    with pytest.raises(ValueError, match="made with other inputs or labels"):
        sweep({"none": model}, loader(INPUTS + 1), ["first"], out=out, spill=spill)
    loaded = Sweep.load(out)
    assert [*loaded.results] == [("Both", "data", "first"), ("none", "data", "first")]
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


SLOW = """
import sys, time, torch
sys.path.insert(0, {tests!r})
from helpers.small_sweep import LAYERS, loader, network
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
    code = SLOW.format(tests=str(Path(__file__).parents[1]), out=str(tmp_path / "killed"))
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
    for file in (tmp_path / "whole" / file_name("Sequential") / "data").glob("*.npz"):
        twin = np.load(tmp_path / "killed" / file_name("Sequential") / "data" / file.name)
        for name, values in np.load(file).items():
            np.testing.assert_array_equal(twin[name], values)


@pytest.mark.filterwarnings("always")
def test_names_do_not_rule_the_terminal(caplog, capsys, tmp_path):
    """Whatever models, data sets and layers are called: in logs, warnings, bars and errors."""
    hostile = "\x1b[2J\x1b]0;title\x07\r\nname\u202e"
    model = nn.ModuleDict({hostile: nn.Linear(5, 2), f"bad{hostile}": nn.Linear(5, 2)})
    model.forward = lambda x: model[hostile](x) + model[f"bad{hostile}"](x * float("nan"))
    caplog.set_level(logging.INFO)
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"failed: ") as warned:
            sweep(
                {hostile: model},
                {hostile: loader()},
                [*model],
                out=tmp_path,
                progress=True,
                class_names=[hostile, "b", "c"],
            )
    shown = [str(each.message) for each in warned] + caplog.messages
    shown += capsys.readouterr().err.replace("\r", "\n").split("\n")
    assert any(r"\x1b[2J\x1b]0;title\x07\r\nname\u202e" in line for line in shown)
    assert [line for line in shown if set(line) & set("\x1b\x07\n\u202e")] == []
