"""The family as torchmetrics tests its own: batches, processes, copies, collections, wrappers."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

pytest.importorskip("torchmetrics")

from helpers.processes import of_one_process
from torchmetrics import MetricCollection, MetricTracker
from torchmetrics.classification import MulticlassAccuracy
from torchmetrics.wrappers import BootStrapper, ClasswiseWrapper, MinMaxMetric

from kstar_gpu import definition, kstar_distribution
from kstar_gpu.integrations.torchmetrics import KStar, KStarOnes, KStarSkewness

FAMILY = [KStar, KStarOnes, KStarSkewness]
AVERAGED = ["macro", "micro", "macro"]  # by default
NAMES = list("abcd")


@pytest.fixture
def samples(rng):
    labels = np.arange(120) % 4
    features = rng.standard_normal((120, 6)) + labels[:, None]
    return torch.from_numpy(features).float(), torch.from_numpy(labels)


def reference(kind, features, labels, average=None):
    """The same by the definition, and by scipy, class by class."""
    from scipy.stats import skew

    x, y = features.double().numpy(), labels.numpy()
    kstar = definition.kstar(x, y)
    sizes = np.bincount(y)
    values = {KStar: kstar / sizes[y], KStarOnes: kstar == 1, KStarSkewness: kstar / sizes[y]}[kind]
    of = skew if kind is KStarSkewness else np.mean
    if average == "micro":
        return of(values)
    each = np.array([of(values[y == label]) for label in range(len(sizes))])
    return {
        None: each,
        "none": each,
        "macro": each.mean(),
        "weighted": (each * sizes).sum() / len(y),
    }[average]


def close(found, wanted):
    """Sums of float64, rounded to float32."""
    torch.testing.assert_close(found, torch.as_tensor(wanted, dtype=torch.float32))


@pytest.mark.parametrize("kind", FAMILY)
@pytest.mark.parametrize("average", ["micro", "macro", "weighted", "none", None])
def test_batches_and_all_of_them(samples, kind, average):
    uneven = [part[:110] for part in samples]
    metric = kind(average=average)
    for batch in DataLoader(TensorDataset(*uneven), batch_size=40):
        close(metric(*batch), reference(kind, *batch, average))
    close(metric.compute(), reference(kind, *uneven, average))
    assert metric.compute().dtype == torch.float32
    metric.reset()
    metric.update(*samples)
    close(metric.compute(), reference(kind, *samples, average))


def test_what_is_averaged_by_default(samples):
    for kind, average in zip(FAMILY, AVERAGED, strict=True):
        uneven = [part[:110] for part in samples]
        metric = kind()
        close(metric(*uneven), reference(kind, *uneven, average))


def test_the_other_skewness(samples):
    wanted = kstar_distribution(*samples)
    for average, value in [
        (None, wanted.skewness_augmented.copy()),
        ("macro", wanted.skewness_augmented.mean()),
    ]:
        close(KStarSkewness(average=average, skewness="augmented")(*samples), value)
    pooled = KStarSkewness(average="micro", skewness="augmented")(*samples)
    assert pooled != KStarSkewness(average="micro")(*samples)


def test_which_way_is_better():
    assert [kind().higher_is_better for kind in FAMILY] == [True, False, False]


@pytest.mark.parametrize("kind", FAMILY)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_go_on(samples, kind, copied):
    metric = kind(NAMES)
    metric.update(samples[0][:60], samples[1][:60])
    other = copied(metric)
    other.update(samples[0][60:], samples[1][60:])
    close(other.compute(), reference(kind, *samples, other.average))
    assert len(metric.features) == 1


@pytest.mark.filterwarnings("ignore:.*torch.jit", "ignore:This property:DeprecationWarning")
def test_scripted_as_those_of_torchmetrics_are():
    """What a script module lacks is told by its name when it is called."""
    for metric in (KStar(), MulticlassAccuracy(3)):
        scripted = torch.jit.script(metric)
        with pytest.raises(AttributeError, match="'RecursiveScriptModule' object has no attribute"):
            scripted(torch.ones(2, 1), torch.ones(2))


def test_in_a_collection_and_moved(samples):
    collection = MetricCollection([kind() for kind in FAMILY]).to("cpu")
    averages = dict(zip([kind.__name__ for kind in FAMILY], AVERAGED, strict=True))

    def check(values, part):
        for kind in FAMILY:
            name = kind.__name__
            close(values[name], reference(kind, *part, averages[name]))

    first, second, third = ([part[a : a + 40] for part in samples] for a in (0, 40, 80))
    collection.update(*first)
    assert len(collection.compute_groups) == 1  # whose members share their samples
    check(collection(*second), second)
    check(collection(*third), third)
    check(collection.compute(), samples)
    collection.reset()
    collection.update(*samples)
    check(collection.compute(), samples)


@pytest.mark.parametrize("average", ["macro", None])
def test_classes_of_a_collection_are_checked_by_each(samples, average):
    """Of a group torchmetrics updates the first one alone."""
    few = KStar(average=average, num_classes=4)
    collection = MetricCollection({"any": KStar(), "few": few})
    collection.update(*samples)
    collection.update(samples[0], samples[1] + 1)
    with pytest.raises(ValueError, match="num_classes has, from 0 to 3, is wanted, got 4"):
        few.compute()


def test_class_by_class(samples):
    wrapper = ClasswiseWrapper(KStar(NAMES, average=None), NAMES)
    some = samples[1] % 2 == 1  # b and d
    values = wrapper(samples[0][some], samples[1][some])
    halves = reference(KStar, samples[0][some], samples[1][some] // 2)
    close(torch.stack([values["kstar_b"], values["kstar_d"]]), halves)
    assert values["kstar_a"].isnan()
    assert values["kstar_c"].isnan()
    wrapper.update(samples[0][~some], samples[1][~some])
    close(torch.stack(list(wrapper.compute().values())), reference(KStar, *samples))
    wrapper.reset()
    wrapper.update(*samples)
    assert list(wrapper.compute()) == [f"kstar_{name}" for name in NAMES]


def test_class_by_class_without_names(samples):
    values = ClasswiseWrapper(KStar(average=None))(samples[0], samples[1] % 2 * 2 + 1)  # 1 and 3
    assert [name for name, value in values.items() if not value.isnan()] == ["kstar_1", "kstar_3"]


@pytest.mark.parametrize("kind", FAMILY)
def test_tracked(samples, kind):
    tracker = MetricTracker(kind())
    for blur in (1, 0, 3):
        tracker.increment()
        tracker.update(samples[0] + blur * torch.arange(120)[:, None].sin() * 9, samples[1])
    all_values = tracker.compute_all()
    best = all_values.argmax() if kind.higher_is_better else all_values.argmin()
    assert tracker.best_metric(return_step=True) == (all_values[best].item(), best.item())
    assert len(all_values.unique()) == 3


@pytest.mark.parametrize("average", ["macro", None])
def test_bootstrapped(samples, average):
    torch.manual_seed(1)
    copies = BootStrapper(
        KStar(NAMES, average=average), num_bootstraps=3, raw=True, sampling_strategy="multinomial"
    )
    copies.update(*samples)
    found = copies.compute()
    for metric, value in zip(copies.metrics, found["raw"], strict=True):
        close(value, reference(KStar, *metric.samples(), average))
    close(found["mean"], found["raw"].mean(0))


def test_least_and_largest(samples):
    both = MinMaxMetric(KStar())
    values = [both(samples[0][start:], samples[1][start:])["raw"] for start in (0, 40, 80)]
    assert len(torch.stack(values).unique()) == 3
    both = MinMaxMetric(KStar())
    for start in (80, 0):
        both._base_metric.reset()
        both.update(samples[0][start:], samples[1][start:])
        found = both.compute()
    assert [found[name] for name in ("raw", "max", "min")] == [values[0], values[2], values[0]]


def test_arithmetic_of_metrics(samples):
    both = KStar() - KStarOnes()
    both.update(*samples)
    wanted = reference(KStar, *samples, "macro") - reference(KStarOnes, *samples, "micro")
    close(both.compute(), wanted)


def test_of_all_processes(samples, tmp_path):
    torch.multiprocessing.spawn(of_one_process, (str(tmp_path), *samples), nprocs=2)
    wanted = definition.kstar(samples[0].double().numpy(), samples[1].numpy())
    halves = [tuple(part[start : start + 60] for part in samples) for start in (0, 60)]
    rounded = [halves[0][0].half().double(), halves[1][0].bfloat16().double()]
    in_half = definition.kstar(torch.cat(rounded).numpy(), samples[1].bool().numpy())
    for rank in range(2):
        own = halves[rank]
        with np.load(tmp_path / f"{rank}.npz") as found:
            for name in ("kstar", "from one", "synced"):
                np.testing.assert_array_equal(found[name], wanted)
            cosine = kstar_distribution(*samples, metric="cosine").kstar
            np.testing.assert_array_equal(found["cosine"], cosine)
            np.testing.assert_array_equal(found["of two types"], in_half)
            np.testing.assert_array_equal(found["alone"], kstar_distribution(*own).kstar)
            assert np.isnan(found["from none"]).tolist() == [True] * 3
            for name in ("mean", "together", "KStar"):
                close(torch.tensor(found[name].item()), reference(KStar, *samples, "macro"))
            close(torch.tensor(found["step"].item()), reference(KStar, *own, "macro"))
            for kind, average in ((KStarOnes, "micro"), (KStarSkewness, "macro")):
                value = torch.tensor(found[kind.__name__].item())
                close(value, reference(kind, *samples, average))
