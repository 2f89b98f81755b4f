"""A few trials of each stress scenario, and how they are counted and told.

`make test-stress` runs them for minutes.
"""

from random import Random

import pytest
from stress.scenarios import SCENARIOS, run_short
from stress.tally import LOST, NOTICED, SURVIVED, WRONG, Tally, Verdict, run

SEED = 0


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_few_trials(name):
    tally = run_short(name, SEED)
    assert tally.tried > 0
    assert tally.notes == []
