"""k* as one number, in scikit-learn's places: scorers, searches, pipelines."""

import inspect

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.families import labels
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, silhouette_samples, silhouette_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kstar_gpu import definition, kstar, kstar_distribution, kstar_samples, kstar_score


@pytest.fixture
def data(rng):
    y = labels(rng, 150, 3)
    x = rng.standard_normal((150, 6)) * [1, 1, 1, 1, 9, 9]
    x[:, 0] += 4 * y
    return x, y


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_the_normalised_values_and_their_mean(metric, data):
    x, y = data
    wanted = definition.kstar(x, y, metric=metric) / np.bincount(y)[y]
    found = kstar_samples(x, y, metric=metric)
    np.testing.assert_array_equal(found, wanted)
    assert found.dtype == np.float64
    assert kstar_score(x, y, metric=metric) == wanted.mean()
    assert type(kstar_score(x, y)) is float


def test_distances_that_are_given(data):
    x, y = data
    distances = np.abs(x[:, None] - x[None]).sum(2)
    wanted = kstar(distances, y, metric="precomputed", normalize=True)
    np.testing.assert_array_equal(kstar_samples(distances, y, metric="precomputed"), wanted)


@pytest.mark.parametrize("of", [pd.DataFrame, torch.from_numpy, np.ndarray.tolist])
def test_numpy_is_returned_whatever_is_given(of, data):
    x, y = data
    found = kstar_samples(of(x), of(y) if of is not pd.DataFrame else pd.Series(y))
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, kstar_samples(X=x, labels=y))


def test_it_is_called_as_silhouettes_are():
    for ours, theirs in ((kstar_score, silhouette_score), (kstar_samples, silhouette_samples)):
        names = [*inspect.signature(theirs).parameters.values()]
        shared = [*inspect.signature(ours).parameters.values()][:3]
        assert [(p.name, p.kind, p.default) for p in shared] == [
            (p.name, p.kind, p.default) for p in names[:3]
        ]


@pytest.mark.parametrize("output", ["default", "pandas", "polars"])
def test_a_search_over_transformers(output, data):
    def separated(estimator, x, y):
        return kstar_score(estimator.transform(x), y)

    pipeline = make_pipeline(StandardScaler(), PCA(2)).set_output(transform=output)
    grid = {"standardscaler": [StandardScaler(), "passthrough"]}
    search = GridSearchCV(pipeline, grid, scoring=separated, cv=3).fit(*data)
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] > scores[1]
    assert search.best_params_["standardscaler"] != "passthrough"
    assert search.score(*data) == kstar_score(search.transform(data[0]), data[1])


def test_a_scorer_of_what_a_classifier_decides_from(data):
    scorer = make_scorer(labels_first, response_method="decision_function")
    found = cross_val_score(LogisticRegression(), *data, scoring=scorer, cv=3)
    assert found.shape == (3,)
    assert ((found > 0.1) & (found <= 1)).all()
    fitted = LogisticRegression().fit(*data)
    wanted = kstar_score(fitted.decision_function(data[0]), data[1])
    assert scorer(fitted, *data) == wanted


def labels_first(y, x):
    return kstar_score(x, y)


def test_options_of_the_search(data):
    wanted = kstar_samples(*data)
    found = kstar_samples(*data, backend="torch", device="cpu", memory_limit=1 << 26)
    np.testing.assert_array_equal(found, wanted)
    assert kstar_score(*data, backend="torch") == wanted.mean()
    assert kstar_distribution(*data).normalized.mean() == wanted.mean()


@pytest.mark.parametrize("score", [kstar_score, kstar_samples])
def test_arguments_that_are_none(score, data):
    x, y = data
    with pytest.raises(ValueError, match="labels: at least two classes are wanted, got 1"):
        score(x, 0 * y)
    with pytest.raises(ValueError, match="labels: one label per sample is wanted"):
        score(x, y[1:])
    with pytest.raises(ValueError, match="features: finite numbers are wanted"):
        score(np.full_like(x, np.nan), y)
    with pytest.raises(ValueError, match=r"metric: one of .* is wanted, got 'l1'"):
        score(x, y, metric="l1")
    with pytest.raises(TypeError, match="kstar_samples: no option sample_size"):
        score(x, y, sample_size=3)
    with pytest.raises(ValueError, match="memory_limit: a positive number"):
        score(x, y, memory_limit=0)
    with pytest.raises(ValueError, match="shape"):  # in the other order
        score(y, x)
