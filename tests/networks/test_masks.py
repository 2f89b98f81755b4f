"""Masks are honoured at the length that a layer has, or the layer is refused."""

import pytest
import torch
from torch import nn

from kstar_gpu import LayerError, activations
from kstar_gpu.networks.masks import METHOD

LABELS = torch.arange(6) % 2
LENGTHS = torch.tensor([8, 2, 4, 6, 3, 8])
MASK = torch.arange(8) < LENGTHS[:, None]
TOKENS = torch.randn(6, 8, 4, generator=torch.Generator().manual_seed(3))


def shorter(mask, length):
    """Every other token counts if its pair begins with one that does."""
    return mask[:, ::2]


class Encoder(nn.Module):
    """Gives what `encode` makes of its values, whatever masks it gets."""

    def __init__(self, encode=lambda values: values[:, ::2]):
        super().__init__()
        self.encode = encode

    def forward(self, values, **masks):
        return self.encode(values)


class Speech(Encoder):
    """As speech encoders in transformers do, it knows how long its sequences become."""


def method(self, feature_vector_length, attention_mask, add_adapter=None):
    lengths = (attention_mask.sum(-1) + 1) // 2
    return torch.arange(feature_vector_length) < lengths[:, None]


setattr(Speech, METHOD, method)


def found(model, inputs, **options):
    return activations(model, [(inputs, LABELS)], [""], **options).features[""]


def means(tokens, mask):
    counts = mask[:, :, None]
    return (tokens * counts).sum(1) / counts.sum(1)


INPUTS = {"values": TOKENS, "attention_mask": MASK.long()}


def test_a_mask_of_another_length_is_refused():
    with pytest.raises(LayerError, match=r"leaves out some of 8 tokens, the layer gives 4.*mask="):
        found(Encoder(), INPUTS)
    longer = Encoder(lambda values: torch.cat([values[:, :2], values], 1))  # tokens of a prefix
    with pytest.raises(LayerError, match="leaves out some of 8 tokens, the layer gives 10"):
        found(longer, INPUTS)


def test_the_models_own_method_makes_it_shorter():
    for model in (Speech(), nn.Sequential(Speech())):
        if isinstance(model, nn.Sequential):
            inner = model[0]
            model.forward = lambda values, inner=inner, **masks: inner(values, **masks)
        torch.testing.assert_close(found(model, INPUTS), means(TOKENS[:, ::2], MASK[:, ::2]))


def test_but_not_to_a_length_that_is_not_its():
    for wrong in (lambda values: values[:, :3], lambda values: values[:, :6]):
        with pytest.raises(LayerError, match="leaves out some of 8 tokens"):
            found(Speech(wrong), INPUTS)


def test_a_function_makes_it_shorter():
    wanted = means(TOKENS[:, ::2], MASK[:, ::2])
    torch.testing.assert_close(found(Encoder(), INPUTS, mask=shorter), wanted)
    with pytest.raises(LayerError, match=r"mask: .* shape \(6, 4\) is wanted, got \(6, 8\)"):
        found(Encoder(), INPUTS, mask=lambda mask, length: mask)
    with pytest.raises(TypeError, match="mask: a function is wanted, got 'mean'"):
        found(Encoder(), INPUTS, mask="mean")


def test_a_mask_that_leaves_nothing_out_has_any_length():
    inputs = {"values": TOKENS, "attention_mask": torch.ones(6, 8)}
    torch.testing.assert_close(found(Encoder(), inputs), TOKENS[:, ::2].mean(1))


def test_maps_take_a_function_alone():
    def maps(values):
        return values.transpose(1, 2).unflatten(2, (2, 4))

    with pytest.raises(LayerError, match="the layer gives 8 places of maps"):
        found(Encoder(maps), INPUTS, pool="channels_first")
    given = found(Encoder(maps), INPUTS, pool="channels_first", mask=lambda mask, length: mask)
    torch.testing.assert_close(given, means(TOKENS, MASK))


def test_sequences_first_are_masked_too():
    model = Encoder(lambda values: values.transpose(0, 1))
    torch.testing.assert_close(found(model, INPUTS), means(TOKENS, MASK))


def test_masks_of_padding():
    inputs = {"values": TOKENS, "src_key_padding_mask": ~MASK}
    torch.testing.assert_close(found(Encoder(lambda x: x), inputs), means(TOKENS, MASK))


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (torch.where(MASK, 0.0, -1e9), "attention_mask: booleans, or 0 and 1, are wanted"),
        (MASK[:, None, None], r"attention_mask: a mask \(B, T\) is wanted, got \(6, 1, 1, 8\)"),
    ],
)
def test_masks_of_other_forms(mask, message):
    with pytest.raises(LayerError, match=message):
        found(Encoder(), {"values": TOKENS, "attention_mask": mask})


@pytest.mark.parametrize("other", ["decoder_attention_mask", "decoder_input_ids"])
def test_two_masks_of_one_length(other):
    inputs = INPUTS | {other: torch.ones(6, 8, dtype=torch.long)}
    with pytest.raises(LayerError, match=f"attention_mask and {other} are both that long"):
        found(Encoder(lambda values: values), inputs)
    same = INPUTS | {"decoder_attention_mask": MASK}
    torch.testing.assert_close(found(Encoder(lambda x: x), same), means(TOKENS, MASK))


def test_a_first_token_that_does_not_count():
    inputs = {"values": TOKENS, "attention_mask": MASK.flip(1)}
    with pytest.raises(LayerError, match=r"pool='cls': .* padding"):
        found(Encoder(lambda values: values), inputs, pool="cls")
    assert torch.equal(found(Encoder(lambda x: x), INPUTS, pool="cls"), TOKENS[:, 0])


def test_vectors_need_no_mask():
    assert torch.equal(found(Encoder(lambda values: values[:, 0]), INPUTS), TOKENS[:, 0])


def test_speech_encoders_of_transformers():
    transformers = pytest.importorskip("transformers")
    config = transformers.Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8, 8),
        conv_stride=(4, 2),
        conv_kernel=(8, 3),
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        feat_extract_norm="layer",
    )
    model = transformers.Wav2Vec2Model(config)
    sound = torch.randn(2, 400)
    mask = torch.ones(2, 400, dtype=torch.long)
    mask[1, 200:] = 0
    inputs = {"input_values": sound, "attention_mask": mask}
    given = activations(model, [(inputs, LABELS[:2])], ["encoder"]).features["encoder"]
    with torch.no_grad():
        states = model.eval()(sound, attention_mask=mask).last_hidden_state
    counts = getattr(model, METHOD)(states.shape[1], mask)
    assert not counts.all()
    torch.testing.assert_close(given, means(states, counts))
