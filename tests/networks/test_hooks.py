"""What is wrong with what layers give is said of each, and hooks of others are left alone."""

import pytest
import torch
from helpers.small_models import INPUTS, LABELS, Gives, count_hooks
from torch import nn

from kstar_gpu import LayerError, activations


def test_hooks_of_others_are_left_alone(model, loader):
    calls = []
    model[0].register_forward_hook(lambda *_: calls.append(1))
    activations(model, loader, ["0"])
    assert len(calls) == 3
    assert count_hooks(model) == 1


@pytest.mark.parametrize("output", [None, (None, ()), {"loss": None}, "text"])
def test_output_without_a_tensor(output):
    model = Gives(output)
    with pytest.raises(LayerError, match=r"layer '' \(Gives\) must give a tensor, got "):
        activations(model, [(INPUTS, LABELS)], [""])
    assert count_hooks(model) == 0


@pytest.mark.parametrize(
    "wrap", [lambda x: (x, None), lambda x: [None, x], lambda x: {"loss": None, "logits": x}]
)
def test_the_first_tensor_of_an_output_is_taken(wrap):
    features = activations(Gives(wrap(INPUTS)), [(INPUTS, LABELS)], [""]).features[""]
    assert torch.equal(features, INPUTS)


def test_all_that_is_wrong_is_said_at_once():
    model = nn.ModuleDict({"a": Gives(None), "b": Gives(INPUTS[:2]), "c": nn.Identity()})
    model.forward = lambda x: [model[name](x) for name in "ab"]
    with pytest.raises(LayerError) as caught:
        activations(model, [(INPUTS, LABELS)], ["a", "b", "c"])
    assert sorted(caught.value.failed) == ["a", "b", "c"]


def test_layer_that_never_runs(model, loader):
    model[3].unused = nn.Linear(1, 1)
    with pytest.raises(ValueError, match=r"layer '3\.unused' did not run"):
        activations(model, loader, ["0", "3.unused"])


def test_layer_that_runs_twice(loader):
    shared = nn.ReLU()
    with pytest.raises(ValueError, match="layer '0' ran more than once in a batch"):
        activations(nn.Sequential(shared, nn.Linear(3, 2), shared), loader, ["0"])


def test_layer_without_one_row_per_sample():
    loader = [(torch.ones(2, 3, 4), torch.tensor([0, 1]))]
    with pytest.raises(ValueError, match=r"one row per sample, got shape \(24,\) for a batch of 2"):
        activations(nn.Flatten(0), loader, [""])


def test_layer_whose_shape_changes():
    loader = [(torch.ones(1, size), torch.tensor([0])) for size in (3, 4)]
    with pytest.raises(ValueError, match=r"one shape throughout, got \(4,\) per sample after \(3,"):
        activations(nn.Sequential(nn.ReLU()), loader, ["0"])


PARTS = [60.0 * torch.arange(4 * length).reshape(length, 4) for length in (3, 1, 5, 2, 4, 6, 2)]
MEANS = torch.stack([part.mean(0) for part in PARTS])
FIRST = torch.stack([part[0] for part in PARTS])


def given(output, pool="auto"):
    return activations(Gives(output), [(INPUTS, LABELS)], [""], pool=pool).features[""]


def ragged():
    """Return samples of lengths of their own, as torch holds such."""
    nested = [
        torch.nested.nested_tensor(PARTS, layout=layout) for layout in (torch.strided, torch.jagged)
    ]
    return [*nested, nn.utils.rnn.pack_sequence(PARTS, enforce_sorted=False)]


@pytest.mark.parametrize("kind", range(3), ids=["nested", "jagged", "packed"])
def test_samples_of_lengths_of_their_own(kind):
    output = ragged()[kind]
    for wrapped in (output, (output, None)):
        assert torch.equal(given(wrapped), MEANS)
        assert torch.equal(given(wrapped, "channels_last"), MEANS)
        assert torch.equal(given(wrapped, "cls"), FIRST)
    for pool in ("flatten", "channels_first", "sequence_first"):
        with pytest.raises(LayerError, match=f"pool='{pool}': samples of one length are wanted"):
            given(output, pool)


def test_nested_samples_that_are_no_sequences():
    vectors = torch.nested.nested_tensor([part[:, 0] for part in PARTS])
    with pytest.raises(LayerError, match=r"sequences \(T, D\) of one width are wanted.*\(3,\), "):
        given(vectors)
    alike = torch.nested.nested_tensor([*60.0 * torch.arange(56).reshape(7, 2, 4)])
    assert torch.equal(given(alike, "flatten"), 60.0 * torch.arange(56).reshape(7, 8))


def test_a_transformer_that_leaves_out_padding():
    layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    model = nn.TransformerEncoder(layer, 2)
    lengths = torch.tensor([5, 2, 3, 5, 1, 4, 5])
    padding = torch.arange(5) >= lengths[:, None]
    inputs = {"src": torch.randn(7, 5, 4), "src_key_padding_mask": padding}
    found = activations(model, [(inputs, LABELS)], ["layers.0", ""]).features
    with torch.no_grad():
        output = model.eval()(**inputs)
        one = layer.__class__.forward(model.layers[0], inputs["src"], None, padding)
    for name, wanted in (("", output), ("layers.0", one)):
        counts = ~padding[:, : wanted.shape[1], None]
        means = wanted.masked_fill(~counts, 0).sum(1) / counts.sum(1)
        torch.testing.assert_close(found[name], means)


@pytest.mark.parametrize(
    "of",
    [
        torch.Tensor.to_sparse,
        torch.Tensor.to_sparse_csr,
        lambda x: torch.quantize_per_tensor(x, 1.0, 0, torch.qint32),
    ],
    ids=["coo", "csr", "quantized"],
)
def test_tensors_that_are_not_plain(of):
    rows = torch.arange(28.0).reshape(7, 4)
    found = given(of(rows))
    assert found.layout == torch.strided
    assert torch.equal(found, rows)


def test_masked_tensors_are_refused():
    with pytest.warns(UserWarning, match="prototype"):
        masked = torch.masked.masked_tensor(INPUTS, INPUTS > 0)
    with pytest.raises(LayerError, match="a plain tensor is wanted, got a MaskedTensor"):
        given(masked)
