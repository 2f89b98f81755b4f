"""Batches are kept whole or not at all, as they came, whatever is done to the metric."""

import numpy as np
import pytest
import torch

pytest.importorskip("torchmetrics")

from kstar_gpu import definition
from kstar_gpu.integrations.torchmetrics import KStar, KStarOnes

HALVES = [torch.float16, torch.bfloat16]


@pytest.fixture
def samples(rng):
    labels = np.arange(60) % 3
    features = rng.standard_normal((60, 4)) + labels[:, None]
    return torch.from_numpy(features).float(), torch.from_numpy(labels)


def kept(metric):
    return [[*metric.features], [*metric.sample_labels], metric.update_count]


def the_same(found, wanted):
    return all(
        len(ours) == len(theirs) and all(map(torch.equal, ours, theirs))
        for ours, theirs in zip(found[:2], wanted[:2], strict=True)
    ) and (found[2] == wanted[2])


def test_what_is_written_over_later_is_kept_as_it_was(samples):
    metric = KStar()
    features, labels = (part.clone() for part in samples)
    metric.update(features, labels)
    features.zero_()
    labels.zero_()
    assert metric.compute() == KStar()(*samples)


def test_of_a_view_nothing_else_is_kept(samples):
    metric = KStar()
    metric.update(torch.cat([samples[0]] * 50, 1)[:, :4], samples[1])
    assert metric.features[0].untyped_storage().nbytes() == 60 * 4 * 4


def test_no_graph_is_kept(samples):
    metric = KStar()
    metric(samples[0].clone().requires_grad_() * 2, samples[1])
    assert not metric.features[0].requires_grad


@pytest.mark.parametrize(
    ("features", "labels", "error", "message"),
    [
        (torch.ones(3, 2), torch.ones(2), ValueError, r"labels: one label per sample .* \(3\)"),
        (torch.ones(3, 2), torch.ones(3, 1), ValueError, r"labels: .* got shape \(3, 1\)"),
        (torch.ones(3), torch.ones(3), ValueError, r"features: shape \(B, d\) .* got \(3,\)"),
        (torch.ones(3, 0), torch.ones(3), ValueError, r"features: .* got \(3, 0\)"),
        (np.ones((3, 2)), torch.ones(3), TypeError, "features: a tensor is wanted, got ndarray"),
        (torch.ones(3, 2), [0, 1, 1], TypeError, "labels: a tensor is wanted, got list"),
        (torch.ones(3, 2).to_sparse(), torch.ones(3), TypeError, "features: a dense array"),
        (torch.ones(3, 2) * 1j, torch.ones(3), TypeError, "features: .* got torch.complex64"),
        (torch.ones(3, 2), torch.ones(3) * 1j, TypeError, "labels: .* got torch.complex64"),
        (torch.ones(3, 2), torch.ones(3) / 2, ValueError, r"labels: integers .* got 0\.5"),
        (torch.ones(3, 2), torch.ones(3) * torch.nan, ValueError, "labels: integers .* got nan"),
        (torch.ones(3, 2), torch.ones(3) * torch.inf, ValueError, "labels: integers .* got inf"),
        (torch.ones(3, 5), torch.arange(3), ValueError, r"features: as many .* \(4\), got 5"),
        (torch.full((60, 4), torch.nan), torch.arange(60), ValueError, "features: finite numbers"),
    ],
)
def test_a_batch_that_is_refused_changes_nothing(samples, features, labels, error, message):
    metric = KStar()
    metric.update(*samples)
    before = kept(metric)
    for take in (metric, metric.forward):
        with pytest.raises(error, match=message):
            take(features, labels)
        assert the_same(kept(metric), before)
    if "finite" not in message:  # which is seen when k* is computed
        with pytest.raises(error, match=message):
            metric.update(features, labels)
    assert metric.compute() == KStar()(*samples)
    assert metric(*samples) == metric.compute()  # as if nothing had happened


@pytest.mark.parametrize("dtype", [*HALVES, torch.float32])
def test_labels_that_a_float_may_have_rounded(samples, dtype):
    most = {torch.float16: 2048, torch.bfloat16: 256, torch.float32: 2**24}[dtype]
    metric = KStar()
    metric.update(torch.ones(2, 1), torch.tensor([most, 1]).to(dtype))
    assert metric.sample_labels[0].tolist() == [most, 1]
    with pytest.raises(ValueError, match=f"labels: integers up to {most}, which {dtype}"):
        metric.update(torch.ones(2, 1), torch.tensor([most * 2, 1]).to(dtype))


def test_labels_of_every_kind(samples):
    wanted = KStar()(samples[0], samples[1] % 2)
    for dtype in (torch.bool, torch.uint8, torch.int32, torch.uint64, *HALVES, torch.float64):
        assert KStar()(samples[0], (samples[1] % 2).to(dtype)) == wanted
    large = torch.from_numpy(np.array([2**63 + 5, 1], np.uint64))
    with pytest.raises(ValueError, match=f"labels: integers below .* got {2**63 + 5}"):
        KStar().update(torch.ones(2, 1), large)


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("cast", ["set_dtype", "to"])
def test_half_precision_casts_features_and_no_labels(rng, dtype, cast):
    features = torch.from_numpy(rng.standard_normal((5000, 1))).float()
    metric = KStar(average=None)
    metric.update(features, torch.arange(5000))
    assert (metric.compute() == 1).all()  # each class has one sample
    getattr(metric, cast)(dtype)
    assert metric.features[0].dtype == dtype
    assert metric.sample_labels[0].tolist() == [*range(5000)]
    assert metric.compute().shape == (5000,)
    assert metric.compute().dtype == torch.float32
    rounded = metric.features[0].double().numpy()
    wanted = definition.kstar(rounded, np.arange(5000))
    np.testing.assert_array_equal(metric.distribution().kstar, wanted)


def test_values_are_of_the_samples_as_they_are_now(samples):
    metric = KStar()
    metric.update(samples[0] + 100, samples[1])
    before = metric.compute()
    metric.set_dtype(torch.bfloat16)  # which tells few of them apart
    assert metric.compute() == KStar()((samples[0] + 100).bfloat16(), samples[1])
    assert metric.compute() != before
    assert metric.set_dtype(torch.float64).compute().dtype == torch.float64


@pytest.mark.parametrize("dtype", [*HALVES, torch.float32, torch.float64, torch.int16])
def test_features_of_every_type(samples, dtype):
    features = (samples[0] * 100).to(dtype)
    metric = KStar()
    metric.update(features.half() if dtype == torch.int16 else features, samples[1])
    metric.reset()
    metric.update(features[:20].reshape(20, 2, 2), samples[1][:20])
    metric.update(features[20:].reshape(40, 4, 1), samples[1][20:])
    wanted = definition.kstar(features.double().numpy(), samples[1].numpy())
    np.testing.assert_array_equal(metric.distribution().kstar, wanted)
    for half in (torch.nn.Module.half, torch.nn.Module.bfloat16):
        half(torch.nn.ModuleList([metric]))  # a network's; metrics are left as they are
        np.testing.assert_array_equal(metric.distribution().kstar, wanted)


def test_moved_with_its_labels(samples):
    metric = KStar()
    metric.update(*samples)
    metric.to("meta")
    assert metric.features[0].is_meta
    assert metric.sample_labels[0].is_meta


def test_a_state_is_saved_and_loaded(samples):
    metric, other = KStar(), KStar()
    assert not metric.state_dict()
    metric.persistent(True)
    metric.update(*samples)
    state = metric.state_dict()
    other.update(samples[0][:20], samples[1][:20])
    other.compute()
    other.load_state_dict(state)
    assert other.compute() == metric.compute()  # not what it was of its own
    other.update(*samples)
    assert len(state["features"]) == len(metric.features) == 1
    assert {*state} == {"features", "sample_labels"}


@pytest.mark.filterwarnings("error")
def test_merged(samples):
    first, second, third = KStar(), KStar(), KStar()
    first.update(samples[0][:20], samples[1][:20])
    second.update(samples[0][20:40], samples[1][20:40])
    third.update(samples[0][40:], samples[1][40:])
    first.compute()
    first.merge_state(second)
    state = third.metric_state
    first.merge_state({name: torch.cat(batches) for name, batches in state.items()})
    assert first.compute() == KStar()(*samples)
    empty = KStar()
    empty.merge_state(first)
    assert empty.compute() == first.compute()  # and no warning that it was never updated


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"features": [torch.ones(2, 4)]}, "sample_labels"),
        ({"features": [torch.ones(2, 5)], "sample_labels": [torch.ones(2)]}, r"\(5\), got 4"),
        ({"features": [torch.ones(2, 4)], "sample_labels": [torch.ones(3)]}, r"\(62\), got 63"),
        (KStarOnes(), "instance of KStar"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(samples, state, message):
    metric = KStar()
    metric.update(*samples)
    before = kept(metric)
    with pytest.raises(ValueError, match=message):
        metric.merge_state(state)
    assert the_same(kept(metric), before)


def test_steps_do_not_copy_what_came_before(samples):
    metric = KStar()
    metric(*samples)
    first = metric.features[0]
    metric(*samples)
    assert metric.features[0] is first


def test_kept_on_the_host(samples):
    metric = KStar(compute_on_cpu=True)
    metric(*samples)
    metric.update(*samples)
    assert len(metric.features) == 2
    assert metric.compute() > 0
