"""Features on a device that somebody writes to between two launches of a call."""

import numpy as np
import pytest
import torch
from helpers.families import labels

from kstar_gpu import kstar

pytestmark = pytest.mark.usefixtures("on_host")
WRITTEN = {"nan": np.nan, "negative nan": -np.nan, "inf": np.inf, "huge": 1e300, "zero": 0.0}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("launch", [0, 1, 2, 3])
@pytest.mark.parametrize("form", ["self", "references"])
def test_a_call_ends_with_some_numbers(form, launch, written, on_host, monkeypatch, rng):
    x, y = torch.from_numpy(rng.standard_normal((700, 30))), labels(rng, 700, 3)
    if form == "self":
        names, given, given_labels = {}, x, y
    else:
        names, given, given_labels = (
            dict(references=x[200:], reference_labels=y[200:]),
            x[:200],
            y[:200],
        )
    plain, launches = on_host.launches.Launches.run, []

    def run(*arguments):
        launches.append(1)
        if len(launches) == launch + 1:
            x[::3, ::2] = written
        return plain(*arguments)

    monkeypatch.setattr(on_host.launches.Launches, "run", run)
    found = kstar(given, given_labels, return_foreign=True, **names)
    assert len(launches) > min(launch, 1)
    assert found.kstar.min() >= 1
    assert found.kstar.max() <= 701
    assert not bool((found.distance < 0).any())
    assert not bool(found.distance.isnan().any())
