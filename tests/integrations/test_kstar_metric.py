"""What every metric of the family takes, refuses and shows; NaN where k* is undefined."""

import io
import warnings

import matplotlib
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

matplotlib.use("Agg")
pytest.importorskip("torchmetrics")

import matplotlib.pyplot as plt
from torchmetrics import MetricCollection, MetricTracker
from torchmetrics.wrappers import ClasswiseWrapper

from kstar_gpu import kstar_distribution
from kstar_gpu.integrations.torchmetrics import KStar, KStarOnes, KStarSkewness

FAMILY = [KStar, KStarOnes, KStarSkewness]


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture
def samples(rng):
    labels = np.arange(60) % 3
    features = rng.standard_normal((60, 4)) + labels[:, None]
    return torch.from_numpy(features).float(), torch.from_numpy(labels)


@pytest.mark.parametrize("kind", FAMILY)
@pytest.mark.parametrize("average", ["micro", "macro", "weighted", None])
def test_of_one_class_it_is_undefined_and_says_so_once(samples, kind, average):
    """A loader that is sorted by class: its batches are of one, the epoch is not."""
    order = samples[1].argsort()
    loader = DataLoader(TensorDataset(samples[0][order], samples[1][order]), batch_size=10)
    metric = kind(["a", "b", "c", "d"], average=average)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for batch in loader:
            value = metric(*batch)
            assert value.isnan().all()
            assert value.shape == (() if average else (4,))
            assert metric.compute().shape == value.shape
    (warning,) = caught
    assert "NaN: labels: at least two classes are wanted, got 1 (0)" in str(warning.message)
    wanted = kind(average=average, num_classes=4)(*samples)
    torch.testing.assert_close(metric.compute(), wanted, equal_nan=True)
    assert not wanted.isnan().all()


def test_of_no_samples_it_is_undefined(samples):
    metric = KStar()
    with pytest.warns(UserWarning, match="NaN|before the ``update``") as caught:
        assert metric.compute().isnan()
    assert len(caught) == 1  # that of torchmetrics
    metric.update(samples[0][:0], samples[1][:0])
    with pytest.warns(UserWarning, match=r"KStar: NaN: .* got 0 \(none\)") as caught:
        assert metric.compute().isnan()
    assert len(caught) == 1
    metric.update(*samples)
    assert metric.compute() == KStar()(*samples)


def test_where_all_values_are_equal_there_is_no_skewness(samples):
    apart = samples[0] + 1000 * samples[1][:, None]
    for average in ("macro", "micro", None):
        metric = KStarSkewness(average=average)
        with pytest.warns(UserWarning, match=r"KStarSkewness: NaN: in no class .* differ"):
            value = metric(apart, samples[1])
        assert value.isnan().all()
    apart[:20] = samples[0][:20]
    found = KStarSkewness(average="weighted")(apart, samples[1])
    assert not found.isnan()


def test_names_go_with_labels_whichever_come(samples):
    some = samples[1] > 0
    metric = KStar(["a", "b", "c", "d"])
    metric.update(samples[0][some], samples[1][some])
    assert metric.distribution().class_names == ("b", "c")
    metric = KStar({10: "ten", 20: "twenty", 30: "thirty"})
    metric.update(samples[0][some], samples[1][some] * 10)
    assert metric.distribution().class_names == ("ten", "twenty")
    with pytest.raises(ValueError, match=r"labels: one of the 3 that class_names has, .* got 0"):
        metric.update(samples[0], samples[1])
    metric = KStar(num_classes=2)
    with pytest.raises(ValueError, match=r"labels: one of the 2 that num_classes has, .* got 2"):
        metric.update(*samples)


def test_without_names_any_integer_is_a_label(samples):
    found = KStar()(samples[0], samples[1] * 10**12 - 5)
    assert found == KStar()(*samples)
    with pytest.raises(ValueError, match=r"for a value per class indices .* got -5"):
        KStar(average=None)(samples[0], samples[1] - 5)


def test_scalars_by_name(samples):
    metric = KStar(metric="cosine")
    for batch in DataLoader(TensorDataset(*samples), batch_size=25):
        metric.update(*batch)
    wanted = kstar_distribution(*samples, metric="cosine")
    found = metric.scalars()
    assert found["kstar_mean"] == torch.tensor(wanted.mean.mean(), dtype=torch.float32)
    assert found["kstar_mean"] == metric.compute()
    assert found["kstar_skewness"] == torch.tensor(
        wanted.skewness_plain.mean(), dtype=torch.float32
    )
    for pattern in ("fractured", "overlapped", "clustered"):
        share = wanted.pattern.count(pattern) / 3
        assert found[f"kstar_{pattern}"] == torch.tensor(share)
    np.testing.assert_array_equal(metric.distribution().kstar, wanted.kstar)
    metric.reset()
    assert not metric.features
    metric.update(samples[0][:1], samples[1][:1])
    with pytest.warns(UserWarning, match="got 1") as caught:
        none = metric.scalars()
    assert len(caught) == 1
    assert none.keys() == found.keys()
    assert all(value.isnan() for value in none.values())


def test_a_picture(samples):
    metric = KStar(class_names=list("abc"))
    metric.update(*samples)
    figure, ax = metric.plot()
    assert ax.figure is figure
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list("abc")
    _, ours = plt.subplots()
    assert metric.plot(ax=ours)[1] is ours


def drawn(ax):
    """Return the heights of what is drawn, line by line, by name."""
    return {line.get_label(): np.ravel(line.get_ydata()).tolist() for line in ax.lines}


def test_a_picture_of_values(samples):
    metric = KStar()
    metric.update(*samples)
    value = metric.compute()
    assert value.item() in [y for (y, *_) in drawn(metric.plot(value)[1]).values()]
    _, ax = metric.plot([value, value / 2, value / 4])
    assert [value.item(), value.item() / 2, value.item() / 4] in drawn(ax).values()
    _, ours = plt.subplots()
    assert metric.plot(value, ours) == (ours.figure, ours)
    assert len(ours.lines) == 1
    for values in (None, value):
        with pytest.raises(TypeError, match="ax: matplotlib axes are wanted, got int"):
            metric.plot(values, 3)


def test_a_picture_of_values_per_class(samples):
    names = ["$10_$20", "_b", "_b"]
    metric = KStar({2: names[1], 1: names[0], 5: names[2]}, average=None)
    some = samples[1] > 0
    value = metric(samples[0][some], samples[1][some])
    for values in (value, [value, value / 2]):
        figure, ax = metric.plot(values)
        figure.savefig(io.BytesIO())
        texts = [text.get_text() for text in ax.get_legend().get_texts()]
        assert texts == [r"\$10_\$20", "_b", "_b"]
        assert len(ax.lines) == 3
    heights = [value[1].item(), value[1].item() / 2]
    assert drawn(ax)["Class 1"] == heights
    metric.plot(value, ax)  # once more
    assert [text.get_text() for text in ax.get_legend().get_texts()][3:] == texts
    assert KStar(list("abc")).plot(value[0])[1].get_legend() is None


def test_pictures_by_others(samples):
    collection = MetricCollection([KStar(), KStarOnes()])
    collection.update(*samples)
    assert len(collection.plot()) == 2
    tracker = MetricTracker(KStar())
    tracker.increment()
    tracker.update(*samples)
    tracker.plot()
    wrapper = ClasswiseWrapper(KStar(average=None))
    wrapper.update(*samples)
    wrapper.plot()


def test_options_of_torchmetrics_and_unknown_ones(samples):
    metric = KStar(compute_on_cpu=True, metric="cosine")
    metric.update(*samples)
    assert metric.compute() > 0
    with pytest.raises(ValueError, match="Unexpected keyword arguments"):
        KStar(metrics="cosine")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"average": "mean"},
            "average: micro, macro, weighted, none or None is wanted, got 'mean'",
        ),
        ({"metric": "manhattan"}, "metric: one of .* got 'manhattan'"),
        ({"metric": "precomputed"}, "metric: euclidean or cosine is wanted, .* got 'precomputed'"),
        ({"backend": "numpy"}, "backend: one of 'auto', 'cpu', .* got 'numpy'"),
        ({"memory_limit": 0}, "memory_limit: a positive number is wanted, got 0"),
        ({"skewness": "median"}, "skewness: plain or augmented is wanted, got 'median'"),
        ({"threshold": -1}, "threshold: .* got -1"),
    ],
)
def test_what_is_no_option_is_refused_at_once(options, message):
    with pytest.raises(ValueError, match=message):
        KStarOnes(**options)
