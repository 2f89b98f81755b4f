"""Pooling: one vector per sample of whatever a layer gives."""

import pickle

import pytest
import torch
from helpers.small_models import INPUTS, LABELS, Gives
from torch import nn

from kstar_gpu import LayerError, activations
from kstar_gpu.networks.pooling import describe_pool, has_functions, pools_by_layer, read_pool

# Of multiples of 60, the mean of up to six is an integer: exact in whatever order.
MAPS = 60.0 * torch.randint(-99, 100, (7, 4, 2, 3), generator=torch.Generator().manual_seed(1))
TOKENS = 60.0 * torch.randint(-99, 100, (7, 5, 4), generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize(
    ("output", "pool", "wanted"),
    [
        (MAPS, "auto", MAPS.mean((2, 3))),
        (MAPS, "mean", MAPS.mean((2, 3))),
        (MAPS, "flatten", MAPS.flatten(1)),
        (MAPS, "channels_first", MAPS.mean((2, 3))),
        (MAPS, "channels_last", MAPS.mean((1, 2))),
        (MAPS, "mean_last", MAPS.mean((1, 2))),
        (TOKENS, "channels_first", TOKENS.mean(2)),
        (TOKENS, "channels_last", TOKENS.mean(1)),
        (TOKENS, "mean_last", TOKENS.mean(1)),
        (TOKENS.transpose(0, 1), "sequence_first", TOKENS.mean(1)),
        (INPUTS, "channels_last", INPUTS),
        (INPUTS, "channels_first", INPUTS),
        (MAPS, lambda x: x.amax((2, 3)), MAPS.amax((2, 3))),
        (TOKENS, "auto", TOKENS.mean(1)),
        (TOKENS, "cls", TOKENS[:, 0]),
        (INPUTS, "auto", INPUTS),
        (LABELS, "auto", LABELS),
    ],
)
def test_pools(output, pool, wanted):
    features = activations(Gives(output), [(INPUTS, LABELS)], [""], pool=pool).features[""]
    assert torch.equal(features, wanted)


@pytest.mark.parametrize(
    ("output", "pool", "message"),
    [
        (
            INPUTS,
            "mean",
            r"layer '' cannot be pooled: pool='mean': maps or sequences are wanted",
        ),
        (
            INPUTS,
            "mean_last",
            r"layer '' cannot be pooled: pool='mean_last': maps or sequences are wanted",
        ),
        (TOKENS, "sequence_first", r"\(T, B, D\) is wanted, got shape \(7, 5, 4\)"),
        (INPUTS, {"": "median"}, "or a function is wanted, got 'median'"),
        (INPUTS, {"head.*": "mean"}, r"pool: there is no layer 'head\.\*'; layers are "),
        (MAPS, "cls", r"pool='cls': \(B, T, D\) is wanted, got shape \(7, 4, 2, 3\)"),
        (INPUTS, "median", "pool: auto, flatten, mean, cls or a function is wanted, got 'median'"),
    ],
)
def test_pools_that_do_not_fit(output, pool, message):
    with pytest.raises(ValueError, match=message):
        activations(Gives(output), [(INPUTS, LABELS)], [""], pool=pool)


@pytest.mark.parametrize(
    ("output", "pool", "message"),
    [
        (torch.tensor(1.0), "flatten", "cannot be pooled: Dimension out of range"),
        (INPUTS[:, 0], lambda o: o[:, 0], "cannot be pooled: too many indices"),
        (INPUTS, lambda o: o.numpy(), "cannot be pooled: a tensor is wanted, got ndarray"),
    ],
)
def test_whatever_a_pool_does_is_said_of_its_layer(output, pool, message):
    with pytest.raises(LayerError, match=f"layer '' {message}") as caught:
        activations(Gives(output), [(INPUTS, LABELS)], [""], pool=pool)
    assert pickle.loads(pickle.dumps(caught.value)).failed == caught.value.failed


def test_inputs_by_name_and_the_mean_of_tokens_that_count():
    mask = torch.arange(5) < torch.arange(7)[:, None]  # 0 to 5 tokens
    loader = [({"input_ids": LABELS, "attention_mask": mask}, LABELS)]
    features = activations(Gives(TOKENS), loader, [""]).features[""]
    assert torch.equal(features[0], torch.zeros(4))
    for sample in range(1, 7):
        wanted = TOKENS[sample, : min(sample, 5)].mean(0)
        assert torch.equal(features[sample], wanted)


def test_the_mean_of_tokens_is_safe_in_half_precision():
    tokens = torch.full((2, 512, 3), 200.0, dtype=torch.float16)
    tokens[:, 500:] = float("nan")
    mask = torch.ones(2, 512)
    mask[:, 500:] = 0
    loader = [({"input_ids": LABELS[:2], "attention_mask": mask}, LABELS[:2])]
    features = activations(Gives(tokens), loader, [""]).features[""]
    assert torch.equal(features, torch.full((2, 3), 200.0, dtype=torch.float16))


def test_a_pool_for_each_layer():
    model = nn.Sequential(nn.Conv1d(5, 6, 1), nn.Sequential(nn.Identity(), nn.Flatten()))
    pool = {"1.*": "flatten", "1.0": lambda output: output[:, :, 0], "0": "channels_last"}
    found = activations(model, [(TOKENS, LABELS)], ["0", "1.?", "1"], pool=pool).features
    with torch.no_grad():
        output = model[0](TOKENS)
    assert torch.equal(found["0"], output.mean(1))
    assert torch.equal(found["1.0"], output[:, :, 0])  # its name, before a glob that fits
    assert torch.equal(found["1.1"], output.flatten(1))
    assert torch.equal(found["1"], output.flatten(1))  # "auto", since none of them fits


def test_the_first_glob_that_fits():
    pool = {"a.?": "cls", "a.*": "mean", "b": "flatten"}
    wanted = {"a.1": "cls", "a.12": "mean", "b": "flatten", "c": "auto", "a": "auto"}
    assert pools_by_layer(pool, wanted) == wanted
    assert pools_by_layer("cls", ["a", "b"]) == {"a": "cls", "b": "cls"}


def test_pools_in_words():
    assert read_pool(["cls"]) == "cls"
    pool = read_pool(["layers.*=channels_last", "head=auto"])
    assert pool == {"layers.*": "channels_last", "head": "auto"}
    assert describe_pool("cls") == "cls"
    assert describe_pool(pool) == '{"layers.*": "channels_last", "head": "auto"}'
    assert not has_functions(pool)
    assert has_functions({"a": "auto", "b": torch.flatten})
    assert has_functions(torch.flatten)
    for words in (["a=mean", "cls"], ["cls", "mean"], [], ["a=mean", "a=cls"]):
        with pytest.raises(ValueError, match="pool: one name, or GLOB=NAME for each"):
            read_pool(words)
    with pytest.raises(ValueError, match="or a function is wanted, got 'median'"):
        read_pool(["a=median"])
