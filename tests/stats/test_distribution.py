"""Statistics per class, patterns, tables, and LSC against other libraries."""

import dataclasses

import numpy as np
import problexity
import pytest
import scipy.stats
from helpers.families import labels
from pymfe.complexity import MFEComplexity

from kstar_gpu import KStarDistribution, kstar, kstar_distribution

FIELDS = ("kstar", "class_index", "classes", "population")


def made(values, sizes, **options):
    """Build a result from given k* values, class after class."""
    settings = {"skewness": "plain", "threshold": 0.5, **options}
    return KStarDistribution(
        kstar=np.asarray(values),
        class_index=np.repeat(np.arange(len(sizes)), sizes),
        classes=np.arange(len(sizes)),
        population=np.asarray(sizes),
        class_names=tuple(f"c{i}" for i in range(len(sizes))),
        metric="euclidean",
        query_form=False,
        **settings,
    )


def test_statistics_by_hand():
    result = made([1, 1, 4, 2, 2, 2], [4, 2])
    assert result.normalized.tolist() == [0.25, 0.25, 1.0, 0.5, 1.0, 1.0]
    assert result.sizes.tolist() == [4, 2]
    assert result.mean.tolist() == [0.5, 1.0]
    assert result.std.tolist() == [np.std([0.25, 0.25, 1.0, 0.5]), 0.0]
    assert result.skewness_plain[0] == scipy.stats.skew([0.25, 0.25, 1.0, 0.5])
    assert np.isnan(result.skewness_plain[1])
    assert result.skewness_augmented[0] == scipy.stats.skew([0.25, 0.25, 1.0, 0.5, 0.0, 1.0])


def test_patterns():
    right, left, level = [1, 1, 1, 1, 5], [5, 5, 5, 5, 1], [1, 2, 3, 4, 5]
    result = made([*right, *left, *level, 1, *[3] * 3, *[1] * 3], [5, 5, 5, 1, 3, 3])
    assert result.pattern == (
        "fractured",
        "clustered",
        "overlapped",
        "undefined",
        "clustered",
        "undefined",
    )
    at_threshold = made(right, [5], threshold=float(scipy.stats.skew(np.array(right) / 5)))
    assert at_threshold.pattern == ("overlapped",)
    # The two conventions can disagree, and the one asked for decides.
    values = [1, 1, 2, 2, 3, 20]
    plain, augmented = (made(values, [6], skewness=s) for s in ("plain", "augmented"))
    assert plain.skewness_plain == augmented.skewness_plain
    assert plain.skewness_plain != plain.skewness_augmented


def test_classes_of_the_query_form(rng):
    x = rng.standard_normal((60, 4))
    y = np.array([*["a"] * 20, *["b"] * 20, *["only asked"] * 20])
    result = kstar_distribution(x, y, references=x[:40], reference_labels=y[:40])
    assert result.population.tolist() == [21, 21, 0]
    assert result.pattern[2] == "undefined"
    assert np.isnan(result.normalized[40:]).all()
    assert (result.kstar[40:] == 1).all()
    with pytest.raises(ValueError, match="lsc: local sets"):
        result.lsc()


def test_it_cannot_be_changed():
    result = made([1, 2], [2])
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.metric = "cosine"
    for name in (*FIELDS, "normalized", "mean"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(result, name)[0] = 0


def test_tables():
    frame = made([1, 1, 4, 2, 2, 2], [4, 2]).to_frame()
    assert frame.columns.tolist() == [
        "class",
        "n",
        "mean",
        "std",
        "skewness_plain",
        "skewness_augmented",
        "pattern",
    ]
    assert frame["n"].tolist() == [4, 2]
    lines = made([1, 1, 4, 2, 2, 2], [4, 2]).summary().splitlines()
    assert lines[1].split()[:2] == ["class", "n"]
    assert lines[3].split() == ["c1", "2", "1.000", "0.000", "-", "-1.155", "clustered"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(class_names=["a"]), r"class_names: one name per class is wanted \(2\), got 1"),
        (dict(class_names={0: "a"}), "class_names: a name for every label is wanted, got none"),
        (dict(skewness="odd"), "skewness: plain or augmented is wanted, got 'odd'"),
        (dict(threshold=-1), "threshold: a finite number of at least 0 is wanted, got -1"),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        kstar_distribution([[0.0], [1.0]], [0, 1], **arguments)


def test_lsc_agrees_with_problexity(rng):
    x, y = rng.standard_normal((90, 3)), labels(rng, 90, 2)
    result = kstar_distribution(x, y)
    assert result.lsc().total == pytest.approx(problexity.classification.lsc(x, y), abs=1e-12)
    values = kstar(x, y)
    assert result.lsc().total == 1 - values.sum() / 90**2
    np.testing.assert_array_equal(result.lsc().per_class, 1 - result.mean)


def test_lsc_agrees_with_pymfe(rng):
    x, y = rng.standard_normal((80, 4)), labels(rng, 80, 3)
    distances = np.abs(x[:, None] - x[None]).sum(2)  # any distance: both are given the same
    theirs = MFEComplexity.ft_lsc(x, y, cls_inds=None, N_scaled=x, norm_dist_mat=distances)
    ours = kstar_distribution(distances, y, metric="precomputed").lsc().total
    assert ours == pytest.approx(theirs, abs=1e-12)


def test_kstar_agrees_with_sorting_where_there_are_no_ties(rng):
    x, y = rng.standard_normal((150, 5)), labels(rng, 150, 4)
    distances = np.sqrt(((x[:, None] - x[None]) ** 2).sum(2))
    order = np.argsort(distances, axis=1)
    wanted = (y[order] != y[:, None]).argmax(axis=1)  # the first is the sample itself
    np.testing.assert_array_equal(kstar(x, y), wanted)
