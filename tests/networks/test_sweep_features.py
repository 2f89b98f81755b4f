"""Features that a sweep has spilled: used if whole and of the same, else recorded again."""

import pytest
from helpers.small_sweep import (
    INPUTS,
    LABELS,
    LAYERS,
    folder_of,
    interrupted,
    loader,
    network,
    same,
)

from kstar_gpu import Sweep, sweep
from kstar_gpu.networks import sweep as sweeps
from kstar_gpu.networks.sweep_directory import SweepDirectory
from kstar_gpu.networks.sweep_features import spilled_features, whole_spills


@pytest.mark.parametrize("spill", [False, True])
@pytest.mark.parametrize("layers", [LAYERS, ["0", "1", "2"]])
@pytest.mark.parametrize("other", [dict(inputs=INPUTS + 1), dict(labels=LABELS.flip(0))])
def test_features_on_disk_are_used_for_the_same_data_alone(
    other, layers, spill, monkeypatch, tmp_path
):
    with monkeypatch.context() as patch:
        patch.setattr(sweeps, "kstar_distribution", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sweep(network(), loader(), LAYERS, out=tmp_path, spill=True)
    features = folder_of(tmp_path) / "features"
    (finished,) = features.glob("*/manifest.json")
    with pytest.raises(ValueError, match="other inputs or labels"):
        sweep(network(), loader(**other), layers, out=tmp_path, spill=spill)
    assert [*features.iterdir()] == [finished.parent]
    with monkeypatch.context() as patch:
        patch.setattr(sweeps, "activations", interrupted)  # the model need not run
        again = sweep(network(), loader(), LAYERS, out=tmp_path, spill=True)
    assert not features.exists()
    whole = sweep(network(), loader(), LAYERS)
    for key, result in whole.results.items():
        assert same(again[key], result)


@pytest.mark.parametrize("place", range(5, 1000, 97))
def test_features_that_are_damaged_are_recorded_again(place, monkeypatch, tmp_path):
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


def test_features_that_do_not_say_of_which_data_are_not_used(monkeypatch, tmp_path):
    """Those of a process that was killed before it knew."""
    with monkeypatch.context() as patch:
        patch.setattr(SweepDirectory, "note_features", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sweep(network(), loader(), LAYERS, out=tmp_path, spill=True)
    assert len([*(folder_of(tmp_path) / "features").iterdir()]) == 1
    found = sweep(network(), loader(INPUTS + 1), LAYERS, out=tmp_path, spill=True)
    wanted = sweep(network(), loader(INPUTS + 1), LAYERS)
    for key, result in wanted.results.items():
        assert same(found[key], result)


def test_what_is_no_finished_spill(monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        patch.setattr(sweeps, "kstar_distribution", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sweep(network(), loader(), LAYERS, out=tmp_path, spill=True)
    folder = folder_of(tmp_path)
    (spill,) = (folder / "features").iterdir()
    damaged = {}
    assert [*whole_spills(folder, damaged)] == [spill]
    assert [*spilled_features(folder, LAYERS, damaged).features] == LAYERS
    assert spilled_features(folder, ["1"], damaged) is None
    assert damaged == {}
    spill.rename(tmp_path / "elsewhere")
    spill.symlink_to(tmp_path / "elsewhere")
    assert whole_spills(folder, damaged) == {}
    spill.unlink()
    (tmp_path / "elsewhere").rename(spill)
    manifest = (spill / "manifest.json").read_text()
    (spill / "manifest.json").write_text(manifest.replace("data_sha256", "data_sha255"))
    assert whole_spills(folder, damaged) == {}
    assert next(iter(damaged)).endswith("; features are recorded again")
    with pytest.warns(UserWarning, match=r"manifest\.json: .*; features are recorded again"):
        sweep(network(), loader(), LAYERS, out=tmp_path, spill=True)
    assert len(Sweep.load(tmp_path)) == 2
    assert not (folder / "features").exists()
