"""A Display in the style of scikit-learn's."""

import inspect

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kstar_gpu import KStarDisplay, kstar_distribution


@pytest.fixture
def data(rng):
    y = np.arange(90) % 3
    x = rng.standard_normal((90, 5))
    x[:, 0] += 3 * y
    return x, y


@pytest.mark.parametrize(
    ("estimator", "method"),
    [
        (StandardScaler(), "transform"),
        (make_pipeline(StandardScaler(), PCA(2)).set_output(transform="pandas"), "transform"),
        (LogisticRegression(), "decision_function"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "decision_function"),
        (GaussianNB(), "predict_proba"),
        (RandomForestClassifier(10, random_state=0), "predict_proba"),
    ],
)
def test_the_space_that_an_estimator_maps_into(estimator, method, data):
    x, y = data
    estimator.fit(x, y)
    display = KStarDisplay.from_estimator(estimator, x, y)
    wanted = kstar_distribution(getattr(estimator, method)(x), y)
    np.testing.assert_array_equal(display.result.kstar, wanted.kstar)
    assert display.figure_ is display.ax_.figure
    assert plt.get_fignums() == [display.figure_.number]
    chosen = KStarDisplay.from_estimator(estimator, x, y, response_method=method)
    np.testing.assert_array_equal(chosen.result.kstar, wanted.kstar)


def test_two_classes_have_one_decision(data):
    x, y = data[0], data[1] > 0
    fitted = LogisticRegression().fit(x, y)
    display = KStarDisplay.from_estimator(fitted, x, y)
    wanted = kstar_distribution(fitted.decision_function(x)[:, None], y)
    np.testing.assert_array_equal(display.result.kstar, wanted.kstar)


def test_what_was_predicted(data):
    x, y = data
    _, ax = plt.subplots()
    display = KStarDisplay.from_predictions(
        pd.Series(y), torch.from_numpy(x), class_names=["a", "b", "c"], ax=ax, metric="cosine",
        threshold=0.3,
    )  # fmt: skip
    assert display.ax_ is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]
    assert (display.result.metric, display.result.threshold) == ("cosine", 0.3)
    first = display.ax_
    assert display.plot(sort="mean") is display
    assert display.ax_ is not first


def test_labels_come_first_as_in_others():
    for each in (KStarDisplay, ConfusionMatrixDisplay):
        assert next(iter(inspect.signature(each.from_predictions).parameters)) == "y_true"
        parameters = [*inspect.signature(each.from_estimator).parameters]
        assert parameters[:3] == ["estimator", "X", "y"]


def test_arguments_that_are_none(data):
    x, y = data
    fitted = GaussianNB().fit(x, y)
    with pytest.raises(ValueError, match=r"response_method: auto, transform, .*, got 'predict'"):
        KStarDisplay.from_estimator(fitted, x, y, response_method="predict")
    with pytest.raises(ValueError, match="estimator: one with transform is wanted, got GaussianNB"):
        KStarDisplay.from_estimator(fitted, x, y, response_method="transform")
    with pytest.raises(ValueError, match=r"estimator: one with transform or decision_.*, got int"):
        KStarDisplay.from_estimator(3, x, y)
    with pytest.raises(NotFittedError):
        KStarDisplay.from_estimator(PCA(2), x, y)
    with pytest.raises(TypeError, match=r"KStarDisplay: options are backend, .*, got references"):
        KStarDisplay.from_estimator(fitted, x, y, references=x)
    with pytest.raises(ValueError, match="labels: "):
        KStarDisplay.from_predictions(x, y)
    with pytest.raises(TypeError, match="result: a KStarDistribution is wanted, got int"):
        KStarDisplay(3)
    assert plt.get_fignums() == []


def test_a_palette_of_the_patterns(data):
    x, y = data
    red = ["red", "#ff0001", "#ff0002"]
    for display in (
        KStarDisplay.from_predictions(y, x, palette=red),
        KStarDisplay.from_estimator(StandardScaler().fit(x), x, y, palette=red),
        KStarDisplay.from_predictions(y, x).plot(palette=red),
    ):
        faces = display.ax_.collections[0].get_facecolor()
        assert {tuple(face[:2]) for face in faces} == {(1, 0)}
    with pytest.raises(ValueError, match="palette: the name of one of matplotlib's colormaps"):
        KStarDisplay.from_predictions(y, x, palette="rainbows")
