"""The feature sets that the benchmarks run on: small ones, a few minutes in all on two cores."""

import pytest
from feature_sets import FeatureSet, load

SETS = {
    "digits": None,
    "gaussian:5000x512": None,
    "clusters:5000x64": None,
    "fc1": 10_000,
    "effnet": 4_000,
    "letter": 5_000,
}


@pytest.fixture(scope="session", params=SETS)
def feature_set(request: pytest.FixtureRequest) -> FeatureSet:
    """Load one of the sets; those whose file is not here are skipped."""
    try:
        return load(request.param, SETS[request.param])
    except FileNotFoundError as error:
        pytest.skip(str(error))
