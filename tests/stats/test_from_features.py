"""From features to a result: what is kept, and what is refused before the search."""

import numpy as np
import pytest
import torch

from kstar_gpu import KStarDistribution, definition, kstar_distribution

X, Y = [[0.0], [1.0], [1.0], [5.0], [6.0]], list("bbaaa")


@pytest.mark.parametrize("of", [np.array, torch.tensor, list])
def test_a_result_of_features_in_any_container(of):
    result = kstar_distribution(of(X), Y, {"a": "first", "b": "second"})
    assert type(result) is KStarDistribution
    np.testing.assert_array_equal(result.kstar, definition.kstar(np.array(X), np.array(Y)))
    assert result.classes[result.class_index].tolist() == Y
    assert result.class_names == ("first", "second")
    assert result.population.tolist() == [3, 2]
    assert result.foreign_at_zero.tolist() == [False, True, True, False, False]


def test_what_was_not_asked_for_is_not_kept():
    result = kstar_distribution(X, Y)
    assert result.foreign_index is result.foreign_distance is result.ids is None
    result = kstar_distribution(X, Y, return_foreign=True)
    assert result.foreign_class is result.reference_names is result.ids is None
    assert result.foreign_index.tolist() == [2, 2, 1, 1, 1]
    assert result.foreign_distance.tolist() == [1, 0, 0, 4, 5]


def test_classes_of_references_alone_have_names_and_no_samples():
    result = kstar_distribution(
        X, Y, ["A", "B", "C"], references=X, reference_labels=list("ccabb"), return_foreign=True
    )
    assert result.class_names == ("A", "B")
    assert result.reference_names == ("A", "B", "C")
    assert result.foreign_index.tolist() == [0, 1, 1, 3, 4]
    assert result.foreign_class.tolist() == [2, 2, 2, 1, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(skewness="other"), "skewness: "),
        (dict(threshold=-1), "threshold: "),
        (dict(metric="l1"), "metric: "),
        (dict(references=X), "reference_labels: "),
        (dict(class_names=["a"]), "class_names: one name per class"),
        (dict(ids=[1, 2]), "ids: one per sample"),
    ],
)
def test_what_is_refused_before_the_search(options, message, monkeypatch):
    monkeypatch.setattr("kstar_gpu.stats.from_features.answer", None)
    with pytest.raises(ValueError, match=f"^{message}"):
        kstar_distribution(X, Y, **options)
