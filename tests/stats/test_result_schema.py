"""What may be in a result: each rule is broken once."""

import numpy as np
import pytest

from kstar_gpu import kstar_distribution
from kstar_gpu.stats.result_schema import check_fields

X, Y = [[0.0], [1.0], [1.0], [5.0], [6.0]], [0, 0, 1, 1, 1]


def fields(**references):
    return dict(vars(kstar_distribution(X, Y, **references)))


@pytest.mark.parametrize(
    "references", [{}, dict(references=X[:4], reference_labels=[0, 0, 2, 2]), dict(metric="cosine")]
)
def test_results_pass(references):
    if "metric" in references:
        references = dict(references, references=[[1.0], [2.0]], reference_labels=[0, 1])
        check_fields(dict(vars(kstar_distribution([[1.0], [2.0]], [0, 1], **references))))
    else:
        check_fields(fields(**references))


@pytest.mark.parametrize("name", ["kstar", "class_index", "population"])
def test_arrays_that_are_none(name):
    good = fields()
    check_fields(good)
    length = len(good[name])
    for other in (
        *(good[name][:0], good[name][None], good[name].astype(float), good[name][1:]),
        *(np.full(length, 2**63, np.uint64), np.full(length, -1), np.zeros(length, bool)),
    ):
        with pytest.raises(ValueError, match="wanted, got"):
            check_fields(good | {name: other})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kstar", np.array([0, 1, 1, 1, 1])),
        ("kstar", np.array([1, 1, 1, 4, 1])),
        ("kstar", np.array([1, 2, 1, 1, 1])),  # where a foreign sample coincides
        ("class_index", np.array([0, 0, 1, 1, 2])),
        ("class_index", np.array([0, 0, 0, 0, 0])),
        ("class_index", np.array([0, 0, 0, 1, 1])),
        ("population", np.array([3, 2])),
        ("classes", np.array([1, 0])),
        ("classes", np.array([1, 1])),
        ("classes", np.array([0, 1, 2])),
        ("classes", np.array([0.0, 1.0])),
        ("classes", np.array([1, 2**32 - 1], np.uint32).view("<U1")),
        ("foreign_at_zero", np.zeros(4, bool)),
        ("foreign_at_zero", np.zeros(5, int)),
        ("class_names", ("a",)),
        ("class_names", "ab"),
        ("class_names", ("a", 1)),
        ("metric", "euclid"),
        ("metric", None),
        ("query_form", 1),
        ("query_form", None),
        ("skewness", "other"),
        ("threshold", np.nan),
        ("threshold", np.inf),
        ("threshold", 10**400),
        ("threshold", -1.0),
        ("threshold", "1"),
        ("threshold", True),
    ],
)
def test_each_rule(name, value):
    with pytest.raises(ValueError, match="wanted"):
        check_fields(fields() | {name: value})


OF_REFERENCES = dict(references=X[:4], reference_labels=[0, 0, 2, 2])
FAR = np.full(5, 2**63, np.uint64)


@pytest.mark.parametrize(
    ("references", "name", "value"),
    [
        ({}, "foreign_index", None),
        ({}, "foreign_distance", None),
        ({}, "foreign_index", np.zeros(5, int)),  # of the own class
        ({}, "foreign_index", np.array([2, 2, 0, 0, -1])),
        ({}, "foreign_index", np.array([2, 2, 0, 0, 5])),
        ({}, "foreign_index", np.array([2.0, 2, 0, 0, 0])),
        ({}, "foreign_index", np.array([2, 2, 0, 0])),
        ({}, "foreign_distance", np.ones(5, int)),
        ({}, "foreign_distance", np.ones(4)),
        ({}, "foreign_distance", np.array([1, 1, 1, 1, np.nan])),
        ({}, "foreign_distance", np.array([1, 1, 1, 1, np.inf])),
        ({}, "foreign_class", np.zeros(5, int)),
        ({}, "reference_names", ("0", "1")),
        ({}, "ids", np.arange(4)),
        ({}, "ids", np.zeros(5)),
        ({}, "ids", np.array([1, 1, 1, 1, 2**32 - 1], np.uint32).view("<U1")),
        (OF_REFERENCES, "foreign_index", np.array([2, 2, 0, 0, -1])),
        (OF_REFERENCES, "foreign_index", FAR),
        (OF_REFERENCES, "foreign_class", None),
        (OF_REFERENCES, "foreign_class", np.array([2, 2, 0, 0, 3])),
        (OF_REFERENCES, "foreign_class", np.array([2, 2, 0, 0, -1])),
        (OF_REFERENCES, "foreign_class", np.array([2, 2, 0, 0])),
        (OF_REFERENCES, "reference_names", None),
        (OF_REFERENCES, "reference_names", ("0", "1")),
        (OF_REFERENCES, "reference_names", "012"),
        (OF_REFERENCES, "reference_names", ("0", "1", 2)),
    ],
)
def test_each_rule_of_foreign_samples(references, name, value):
    good = fields(return_foreign=True, ids=range(5), **references)
    check_fields(good)
    with pytest.raises(ValueError, match="wanted"):
        check_fields(good | {name: value})


def test_classes_that_references_lack():
    good = fields(references=X[:4], reference_labels=[0, 0, 2, 2])
    assert list(good["population"]) == [3, 0]
    with pytest.raises(ValueError, match="a population of 0 or more"):
        check_fields(good | {"population": np.array([3, -1])})
    with pytest.raises(ValueError, match="kstar of 1 to its class's population"):
        check_fields(good | {"kstar": np.array([1, 1, 2, 1, 1])})
