"""Activations: the right rows in the right order, and a model left exactly as it was."""

import pickle

import pytest
import torch
from helpers.other_kernels import of_integers
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from kstar_gpu import LayerError, activations

INPUTS = torch.randn(7, 3, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([2, 0, 1, 1, 0, 2, 0])


@pytest.fixture
def loader() -> DataLoader:
    return DataLoader(TensorDataset(INPUTS, LABELS), batch_size=3)  # batches of 3, 3 and 1


@pytest.fixture
def model() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(4, 2))


def hooks(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in model.modules())


def test_gives_each_layers_output_in_the_loaders_order(model, loader):
    features, labels = activations(model, loader, ["0", "3", ""])
    model.eval()
    with torch.no_grad():
        batches = [(model[0](inputs), model(inputs)) for inputs, _ in loader]
    first, last = (torch.cat(parts) for parts in zip(*batches, strict=True))
    assert torch.equal(features["0"], first)  # not what the in-place ReLU after it left there
    assert torch.equal(features["3"], last)
    assert torch.equal(features[""], last)  # "" is the model itself
    assert torch.equal(labels, LABELS)
    assert list(features) == ["0", "3", ""]
    assert not any(values.requires_grad for values in features.values())


def test_keeps_shape_and_dtype_of_the_output():
    model = nn.Conv2d(1, 4, 3).to(torch.float64)
    loader = [(torch.ones(2, 1, 5, 5, dtype=torch.float64), torch.tensor([0, 1]))]
    features = activations(model, loader, [""], pool="flatten").features[""]
    assert features.shape == (2, 4 * 3 * 3)
    assert features.dtype == torch.float64


def test_a_model_without_parameters_will_do(loader):
    features = activations(nn.Sequential(nn.Flatten()), loader, ["0"]).features["0"]
    assert torch.equal(features, INPUTS)


def test_a_module_is_found_under_each_of_its_names(loader):
    model = nn.Sequential(nn.Flatten())
    model.alias = model[0]
    model.forward = lambda inputs: model[0](inputs)
    features = activations(model, loader, ["0", "alias"]).features
    assert torch.equal(features["0"], features["alias"])


def test_leaves_the_model_as_it_was(model, loader):
    model.train()
    model[3].eval()  # a mixture, such as a frozen layer in a network under training
    flags = [module.training for module in model.modules()]
    activations(model, loader, ["0", "3"])
    assert [module.training for module in model.modules()] == flags
    assert hooks(model) == 0
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_leaves_the_model_as_it_was_after_an_exception(model, error):
    def broken_loader():
        yield INPUTS, LABELS
        assert not model.training
        assert hooks(model) == 2
        raise error("stop")

    model.train()
    with pytest.raises(error, match="stop"):
        activations(model, broken_loader(), ["0", "3"])
    assert all(module.training for module in model.modules())
    assert hooks(model) == 0
    assert torch.is_grad_enabled()


def test_hooks_of_others_are_left_alone(model, loader):
    calls = []
    model[0].register_forward_hook(lambda *_: calls.append(1))
    activations(model, loader, ["0"])
    assert len(calls) == 3
    assert hooks(model) == 1


def test_unknown_layer(model, loader):
    model.add_module("classifier", nn.Linear(2, 2))
    with pytest.raises(ValueError, match="no module named 'clasifier'; close names: 'classifier'"):
        activations(model, loader, ["clasifier"])
    with pytest.raises(ValueError, match="no module named 'xyz'; no name is close"):
        activations(model, loader, ["0", "xyz"])
    with pytest.raises(TypeError, match="must be a sequence of names, got the string 'classifier'"):
        activations(model, loader, "classifier")
    assert hooks(model) == 0


class Gives(nn.Module):
    """A module that gives what it is told to."""

    def __init__(self, output) -> None:
        super().__init__()
        self.output = output

    def forward(self, *_, **__):
        return self.output


@pytest.mark.parametrize("output", [None, (None, ()), {"loss": None}, "text"])
def test_output_without_a_tensor(output):
    model = Gives(output)
    with pytest.raises(LayerError, match=r"layer '' \(Gives\) must give a tensor, got "):
        activations(model, [(INPUTS, LABELS)], [""])
    assert hooks(model) == 0


@pytest.mark.parametrize(
    "wrap", [lambda x: (x, None), lambda x: [None, x], lambda x: {"loss": None, "logits": x}]
)
def test_the_first_tensor_of_an_output_is_taken(wrap):
    features = activations(Gives(wrap(INPUTS)), [(INPUTS, LABELS)], [""]).features[""]
    assert torch.equal(features, INPUTS)


# Of multiples of 60, the mean of up to six is an integer: exact in whatever order.
MAPS = 60.0 * torch.randint(-99, 100, (7, 4, 2, 3), generator=torch.Generator().manual_seed(1))
TOKENS = 60.0 * torch.randint(-99, 100, (7, 5, 4), generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize(
    ("output", "pool", "wanted"),
    [
        (MAPS, "auto", MAPS.mean((2, 3))),
        (MAPS, "mean", MAPS.mean((2, 3))),
        (MAPS, "flatten", MAPS.flatten(1)),
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


def test_all_that_is_wrong_is_said_at_once():
    model = nn.ModuleDict({"a": Gives(None), "b": Gives(INPUTS[:2]), "c": nn.Identity()})
    model.forward = lambda x: [model[name](x) for name in "ab"]
    with pytest.raises(LayerError) as caught:
        activations(model, [(INPUTS, LABELS)], ["a", "b", "c"])
    assert sorted(caught.value.failed) == ["a", "b", "c"]


def test_inputs_by_name_and_the_mean_of_tokens_that_count():
    mask = torch.arange(5) < torch.arange(7)[:, None]  # 0 to 5 tokens
    loader = [({"input_ids": LABELS, "attention_mask": mask}, LABELS)]
    features = activations(Gives(TOKENS), loader, [""]).features[""]
    assert torch.equal(features[0], torch.zeros(4))
    for sample in range(1, 7):
        wanted = TOKENS[sample, : min(sample, 5)].mean(0)
        assert torch.equal(features[sample], wanted)


def test_globs_stand_for_names_in_the_models_order(loader):
    model = nn.Sequential()
    for name in ("stem", "stage2", "stage1", "head"):
        model.add_module(name, nn.Linear(3, 3))
    assert list(activations(model, loader, ["head", "stage?"]).features) == [
        "head",
        "stage2",
        "stage1",
    ]
    with pytest.raises(ValueError, match=r"no module named 'stege\*'; close names: "):
        activations(model, loader, ["stege*"])


def test_a_star_does_not_reach_beyond_a_dot(loader):
    model = nn.Sequential(nn.Sequential(nn.Linear(3, 3), nn.ReLU()), nn.Linear(3, 2))
    assert list(activations(model, loader, ["*"]).features) == ["0", "1"]
    assert list(activations(model, loader, ["*.*"]).features) == ["0.0", "0.1"]


def test_the_mean_of_tokens_is_safe_in_half_precision():
    tokens = torch.full((2, 512, 3), 200.0, dtype=torch.float16)
    tokens[:, 500:] = float("nan")
    mask = torch.ones(2, 512)
    mask[:, 500:] = 0
    loader = [({"input_ids": LABELS[:2], "attention_mask": mask}, LABELS[:2])]
    features = activations(Gives(tokens), loader, [""]).features[""]
    assert torch.equal(features, torch.full((2, 3), 200.0, dtype=torch.float16))


def test_kept_in_another_dtype(model, loader):
    features = activations(model, loader, ["3"], dtype=torch.float16).features["3"]
    assert features.dtype == torch.float16


def test_mixed_precision(model, loader):
    features = activations(model, loader, ["3"], amp=True).features["3"]
    assert features.dtype == torch.bfloat16
    assert not torch.is_autocast_enabled("cpu")


def test_half_precision_on_the_cpu_is_refused(model, loader):
    with pytest.raises(ValueError, match="on the CPU float32 or bfloat16 parameters are wanted"):
        activations(model.half(), loader, ["3"])
    assert hooks(model) == 0


def test_the_model_goes_to_a_device_and_comes_back(loader):
    """The meta device stands in for an accelerator, on the way out; nothing comes back from it."""
    model = nn.Sequential(nn.Linear(3, 2))
    seen = []
    model[0].register_forward_hook(lambda module, *_: seen.append(module.weight.device.type))
    with pytest.raises((NotImplementedError, RuntimeError), match="meta"):
        activations(model, loader, ["0"], device="meta")
    assert seen == ["meta"]


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


def test_empty_loader(model):
    with pytest.raises(ValueError, match="loader is empty"):
        activations(model, [], ["0"])


@pytest.mark.parametrize(
    ("batch", "described"),
    [
        (INPUTS, r"batch 0 is a tensor of shape \(7, 3\)"),
        ((INPUTS,), r"batch 0 is \(a tensor of shape \(7, 3\)\)"),
        ((INPUTS, LABELS[:4]), r"shape \(7, 3\), a tensor of shape \(4,\)"),
        ((INPUTS, LABELS[:, None]), r"a tensor of shape \(7, 1\)"),
        ((INPUTS, ["a"] * 7), r"a tensor of shape \(7, 3\), a list\)"),
        ({"inputs": INPUTS, "labels": LABELS}, "batch 0 is a dict"),
    ],
)
def test_batches_that_are_not_pairs(model, batch, described):
    with pytest.raises(ValueError, match=f"pairs .inputs, labels. of tensors.*{described}"):
        activations(model, [batch], ["0"])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_inputs_go_to_the_models_device_and_features_come_back(model):
    loader = DataLoader(TensorDataset((9 * INPUTS).round(), LABELS), batch_size=3)
    expected = activations(of_integers(model), loader, ["3"])
    features, labels = activations(model.cuda(), loader, ["3"])
    assert features["3"].device == labels.device == torch.device("cpu")
    assert torch.equal(features["3"], expected.features["3"])


def test_inputs_go_to_the_models_device():
    """The meta device stands in for an accelerator: the module must get its input there."""
    arrived: list[torch.device] = []

    class Watcher(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("anywhere", torch.zeros(1, device="meta"))

        def forward(self, inputs: Tensor) -> Tensor:
            arrived.append(inputs.device)
            return torch.zeros(len(inputs), 1)

    activations(Watcher(), [(INPUTS, LABELS)], [""])
    assert arrived == [torch.device("meta")]
