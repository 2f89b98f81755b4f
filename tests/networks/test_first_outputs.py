"""Features in short: rounding does not count, another network does."""

import pytest
import torch
from helpers.small_sweep import loader, network
from torch import nn

from kstar_gpu import Sweep, sweep
from kstar_gpu.networks import first_outputs, sweep_settings
from kstar_gpu.networks import sweep as sweeps
from kstar_gpu.networks.fingerprints import Fingerprint
from kstar_gpu.networks.first_outputs import (
    COARSE,
    FINE,
    differing_layers,
    in_short,
    is_other,
    tolerance_of,
)

ROWS = torch.randn(12, 300, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(12, 300), (12, 3, 100), (12, 1), (12, 0), (3, 7)])
def test_rounding_is_nothing_and_another_row_is_much(shape):
    rows = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    kept = in_short(rows)
    assert len(kept) == min(8, shape[0])
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    assert not is_other(kept, in_short(rows + noise * 2**-11), FINE)
    assert not is_other(kept, in_short(rows.to(torch.bfloat16)), COARSE)
    assert not is_other(kept, in_short(rows[:2]), FINE)
    if rows.numel():
        assert is_other(kept, in_short(rows + noise / 8), FINE)
        assert is_other(kept, in_short(rows * 1.05), FINE)
        assert is_other(kept, in_short(-rows), COARSE)


def test_what_some_samples_decide_otherwise_is_the_same_network():
    turned = ROWS.clone()
    turned[:4] *= -1
    assert not is_other(in_short(ROWS), in_short(turned), FINE)
    turned[4] *= -1
    assert is_other(in_short(ROWS), in_short(turned), FINE)


def test_places_count_and_not_only_lengths():
    assert is_other(in_short(ROWS), in_short(ROWS.flip(1)), COARSE)
    assert is_other(in_short(ROWS), in_short(ROWS.roll(8, 1)), COARSE)


def test_numbers_have_one_of_two_signs_in_one_of_eight_places():
    lines = {in_short(row[None])[0] for row in torch.eye(200)}
    assert len(lines) == 2 * 8


def test_lengths_count_where_sums_cancel():
    lines = [in_short(row[None]) for row in torch.eye(200)]
    row = torch.zeros(1, 200)
    row[0, 0], row[0, lines.index(lines[0], 1)] = 1, -1
    assert is_other(in_short(row), in_short(row * 3), COARSE)
    assert not is_other(in_short(row), in_short(row), FINE)


def test_zeros_and_what_is_not_finite():
    zeros, undefined = torch.zeros(3, 2), torch.full((3, 2), torch.nan)
    for same in (zeros, undefined, undefined.fill_(torch.inf)):
        assert not is_other(in_short(same), in_short(same), FINE)
    assert is_other(in_short(zeros), in_short(undefined), FINE)
    assert is_other(in_short(zeros), in_short(zeros + 1), FINE)
    integers = torch.arange(6).reshape(3, 2)
    assert not is_other(in_short(integers), in_short(integers.double()), FINE)


def test_how_much_rounding_may_change():
    assert tolerance_of(network(), None, False) == FINE
    assert tolerance_of(network(), torch.float64, False) == FINE
    assert tolerance_of(network(), None, True) == COARSE
    assert tolerance_of(network(), torch.float16, False) == COARSE
    assert tolerance_of(network().bfloat16(), None, False) == COARSE


def test_layers_that_differ():
    running = {"pool": "auto", "dtype": None, "device": None, "amp": False, "progress": True}
    batch = next(iter(loader()))
    model = network()
    rows = model(batch[0]).detach()
    kept = {"0": in_short(model[0](batch[0]).detach()), "2": in_short(rows)}
    assert differing_layers(model, batch, kept, running) == []
    model[1] = nn.Tanh()
    assert differing_layers(model, batch, kept, running) == ["2"]
    model[2].forward = lambda x: "text"
    assert differing_layers(model, batch, kept, running) == ["2"]


@pytest.mark.parametrize("spill", [False, True])
@pytest.mark.parametrize("layers", [["0", "2"], ["2"]])
def test_what_no_fingerprint_tells_is_seen_by_outputs(spill, layers, monkeypatch, tmp_path):
    """As if the fingerprint knew nothing of activations."""
    monkeypatch.setattr(
        sweep_settings, "model_fingerprint", lambda model: Fingerprint("of all", "any")
    )
    sweep(network(), loader(), ["2"], out=tmp_path, spill=spill)
    other = network()
    other[1] = nn.Tanh()
    with pytest.raises(ValueError, match=r"out: .* another model: layer '2' gives other features"):
        sweep(other, loader(), layers, out=tmp_path, spill=spill)
    again = sweep(network(), loader(), ["0", "2"], out=tmp_path, spill=spill)
    assert len(again) == 2


def test_features_that_another_network_left_are_not_used(monkeypatch, tmp_path):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(
        sweep_settings, "model_fingerprint", lambda model: Fingerprint("of all", "any")
    )
    with monkeypatch.context() as patch:
        patch.setattr(sweeps, "kstar_distribution", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sweep(network(), loader(), ["2"], out=tmp_path, spill=True)
    other = network()
    other[1] = nn.Tanh()
    with pytest.raises(ValueError, match="layer '2' gives other features"):
        sweep(other, loader(), ["2"], out=tmp_path, spill=True)
    # They are still there for the network that left them.
    monkeypatch.setattr(sweeps, "activations", interrupted)
    sweep(network(), loader(), ["2"], out=tmp_path, spill=True)
    assert len(Sweep.load(tmp_path)) == 1


def test_no_other_layers_run_than_those_that_are_kept(monkeypatch, tmp_path):
    asked = []
    plain = first_outputs.activations

    def watched(model, loader, layers, **options):
        asked.append((len(loader), layers))
        return plain(model, loader, layers, **options)

    monkeypatch.setattr(first_outputs, "activations", watched)
    sweep(network(), loader(), ["0"], out=tmp_path)
    assert asked == []
    sweep(network(), loader(), ["0", "2"], out=tmp_path)
    assert asked == [(1, ["0"])]
