"""Which axis is the batch, and which one holds the channels: told, or found out, never guessed."""

import pytest
import torch
from torch import nn

from kstar_gpu import LayerError, activations

SIDES = (5, 8)  # as long as the batch, and longer


def features(model, inputs, layers, **options):
    labels = torch.arange(len(inputs)) % 2
    return activations(model, [(inputs, labels)], layers, **options).features


def outputs(model, inputs, names):
    """Return what layers give, as they give it."""
    found = {}

    def keep(name):
        def hook(module, arguments, output):
            found[name] = output[0] if isinstance(output, tuple) else output

        return hook

    hooks = [model.get_submodule(name).register_forward_hook(keep(name)) for name in names]
    with torch.no_grad():
        model.eval()(inputs)
    for hook in hooks:
        hook.remove()
    return found


def assert_means(model, inputs, axes):
    """See that the layers are averaged over these axes, whatever happens to be as long."""
    found = features(model, inputs, [*axes])
    for name, output in outputs(model, inputs, axes).items():
        wanted = output.mean(axes[name])
        torch.testing.assert_close(found[name], wanted)


class SequenceFirst(nn.Module):
    """Gives sequences (T, B, D) to what it is around."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, tokens):
        return self.inner(tokens.transpose(0, 1))


class ChannelsLast(nn.Module):
    def forward(self, maps):
        return maps.permute(0, 2, 3, 1)


class ChannelsFirst(nn.Module):
    def forward(self, maps):
        return maps.permute(0, 3, 1, 2)


class Normed(nn.LayerNorm):
    """A LayerNorm of maps (B, C, H, W), as ConvNeXt has it: its number fits, its place does not."""

    def forward(self, maps):
        return super().forward(maps.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class WindowBlock(nn.Module):
    """A residual block over maps (B, H, W, C), as those of Swin are: windows and a linear map."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 2 * width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, maps):
        batch, height, width, channels = maps.shape
        cut = self.norm(maps).view(batch, height // 2, 2, width // 2, 2, channels)
        cut = cut.permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, channels)
        scores, values = self.qkv(cut).chunk(2, dim=-1)
        mixed = (scores @ scores.transpose(1, 2)).softmax(-1) @ values
        mixed = mixed.view(batch, height // 2, width // 2, 2, 2, channels)
        maps = maps + mixed.permute(0, 1, 3, 2, 4, 5).reshape(batch, height, width, channels)
        return maps + self.mlp(maps)


def encoder(**options):
    return nn.TransformerEncoderLayer(8, 2, 16, **options)


@pytest.mark.parametrize("tokens", [5, 8, 3])
@pytest.mark.parametrize(
    ("inner", "layers"),
    [
        (encoder(), ["inner", "inner.linear1", "inner.norm2"]),
        (nn.TransformerEncoder(encoder(), 2, enable_nested_tensor=False), ["inner"]),
        (nn.LSTM(8, 6, bidirectional=True), ["inner"]),
        (nn.GRU(8, 6), ["inner", ""]),
        (nn.RNN(8, 6), ["inner"]),
        (nn.Sequential(nn.Linear(8, 8), encoder(), nn.Tanh()), ["inner.0", "inner.1", "inner.2"]),
        (nn.Linear(8, 4), ["inner", ""]),  # nothing says so: what it computes does
    ],
    ids=["layer", "stack", "lstm", "gru", "rnn", "sequential", "linear"],
)
def test_sequences_first(inner, layers, tokens):
    inputs = torch.randn(5, tokens, 8)
    assert_means(SequenceFirst(inner), inputs, dict.fromkeys(layers, 0))


@pytest.mark.parametrize("tokens", [5, 8, 16])
def test_batches_first(tokens):
    model = nn.Sequential(encoder(batch_first=True), nn.GELU(), nn.LSTM(8, 6, batch_first=True))
    assert_means(model, torch.randn(5, tokens, 8), dict.fromkeys("012", 1))


def test_attention_as_it_says():
    class Mixes(nn.Module):
        def __init__(self, batch_first):
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=batch_first)

        def forward(self, tokens):
            return self.attention(tokens, tokens, tokens)

    assert_means(Mixes(True), torch.randn(5, 5, 8), {"attention": 1})
    assert_means(SequenceFirst(Mixes(False)), torch.randn(5, 5, 8), {"inner.attention": 0})


@pytest.mark.parametrize("side", [4, 6, 8, 16])
def test_channels_last(side):
    model = nn.Sequential(
        nn.Conv2d(3, 8, 1), ChannelsLast(), nn.LayerNorm(8), WindowBlock(8), WindowBlock(8)
    )
    axes = {"0": (2, 3), **dict.fromkeys(["1", "2", "3", "3.mlp.1", "4"], (1, 2))}
    assert_means(model, torch.randn(6, 3, side, side), axes)


@pytest.mark.parametrize("side", [4, 6, 8, 16])
def test_channels_last_and_first_again(side):
    """As in ConvNeXt, at sides that are any of its numbers of channels, and the batch."""
    block = nn.Sequential(
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
        ChannelsLast(),
        nn.LayerNorm(8),
        nn.Linear(8, 16),
        nn.GELU(),
        nn.Linear(16, 8),
        ChannelsFirst(),
    )
    model = nn.Sequential(nn.Conv2d(3, 8, 1), Normed(8), block, nn.ReLU())
    axes = dict.fromkeys(["0", "1", "2", "2.0", "2.6", "3", ""], (2, 3))
    axes |= dict.fromkeys(["2.1", "2.2", "2.3", "2.4", "2.5"], (1, 2))
    assert_means(model, torch.randn(6, 3, side, side), axes)


@pytest.mark.parametrize("side", [4, 6])
def test_who_reads_it_tells(side):
    """Pictures whose layout nothing has said before."""
    model = nn.Sequential(ChannelsLast(), nn.LayerNorm(4), nn.Linear(4, 4))
    assert_means(model, torch.randn(6, 4, side, side), dict.fromkeys("012", (1, 2)))


@pytest.mark.parametrize("length", [6, 9])
def test_convolutions_of_sequences_put_channels_second(length):
    model = nn.Sequential(nn.Conv1d(4, 6, 1), nn.BatchNorm1d(6), nn.ReLU())
    assert_means(model, torch.randn(6, 4, length), dict.fromkeys("012", 2))


@pytest.mark.parametrize("size", [4, 8])
def test_residual_networks(size):
    model = nn.Sequential(
        nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(1), nn.Conv2d(8, 4, 1)
    )
    assert_means(model, torch.randn(size, 3, 8, 8), dict.fromkeys("01234", (2, 3)))


def test_frames_of_films():
    """Convolutions of each frame, then (B, T, C, H, W)."""

    class Frames(nn.Module):
        def __init__(self):
            super().__init__()
            self.maps = nn.Conv2d(3, 4, 1)

        def forward(self, films):
            return self.maps(films.flatten(0, 1)).unflatten(0, films.shape[:2])

    assert_means(Frames(), torch.randn(6, 4, 3, 4, 4), {"": (1, 3, 4)})


def test_windows_are_not_the_batch_where_they_are_as_many():
    class Windows(nn.Module):
        def forward(self, maps):
            return maps.view(-1, 6, 4)

    with pytest.raises(LayerError, match=r"one row per sample, got shape .12, 4. for a batch of 6"):
        features(nn.Sequential(Windows()), torch.randn(6, 12, 4), ["0"])


class Says(nn.Module):
    """Says of its output what timm's modules say."""

    def __init__(self, output_fmt):
        super().__init__()
        self.output_fmt = output_fmt

    def forward(self, maps):
        return maps


@pytest.mark.parametrize(("says", "axes"), [("NHWC", (1, 2)), ("NCHW", (2, 3))])
def test_flags(says, axes):
    assert_means(nn.Sequential(Says(says)), torch.randn(6, 4, 4, 4), {"0": axes})


class Unknown(nn.Module):
    """Computes what nothing can be seen of, for batches of one size alone."""

    def forward(self, tensor):
        assert len(tensor) == 5
        return torch.from_numpy(tensor.numpy().copy())


@pytest.mark.parametrize("axis", [0, 1])
def test_a_smaller_batch_tells_where_operations_are_not_seen(axis):
    class Unseen(nn.Module):
        def forward(self, tokens):
            return torch.from_numpy(tokens.numpy().swapaxes(0, axis).copy())

    tokens = torch.randn(5, 5, 8)
    found = features(nn.Sequential(Unseen()), tokens, ["0"])["0"]
    torch.testing.assert_close(found, tokens.mean(1))


def test_what_nothing_tells_is_refused_with_the_choices():
    tokens = torch.randn(5, 5, 8)
    with pytest.raises(LayerError) as caught:
        features(nn.Sequential(Unknown()), tokens, ["0"])
    for choice in ("channels_last", "sequence_first", "function", "batches of another size"):
        assert choice in str(caught.value)
    with pytest.raises(LayerError, match="holds the channels") as caught:
        features(nn.Sequential(ChannelsLast()), torch.randn(6, 4, 4, 4), ["0"])
    for choice in ("channels_first", "channels_last", "flatten", "function"):
        assert choice in str(caught.value)


@pytest.mark.parametrize(
    ("pool", "axis"), [("channels_last", 1), ("mean_last", 1), ("sequence_first", 0)]
)
def test_what_nothing_tells_can_be_stated(pool, axis):
    tokens = torch.randn(5, 5, 8)
    found = features(nn.Sequential(Unknown()), tokens, ["0"], pool=pool)["0"]
    torch.testing.assert_close(found, tokens.mean(axis))


def test_what_is_stated_is_not_against_what_is_known():
    tokens = torch.randn(5, 5, 8)
    with pytest.raises(LayerError, match=r"'sequence_first': \(T, B, D\) is wanted.* axis 0 is"):
        features(encoder(batch_first=True), tokens, [""], pool="sequence_first")
    model = SequenceFirst(encoder())
    found = features(model, tokens, ["inner"], pool="channels_last")["inner"]
    torch.testing.assert_close(found, outputs(model, tokens, ["inner"])["inner"].mean(0))


def test_later_batches_have_the_layout_of_the_first():
    model = SequenceFirst(nn.Linear(8, 4))
    inputs = torch.randn(12, 5, 8)
    labels = torch.arange(12) % 2
    parts = [*zip(inputs.split(5), labels.split(5), strict=True)]  # of 5, 5 and 2
    found = activations(model, parts, ["inner"]).features["inner"]
    with torch.no_grad():
        torch.testing.assert_close(found, model(inputs).mean(0))
