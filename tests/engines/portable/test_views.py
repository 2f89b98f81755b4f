"""A tile looks the same from its rows as its transpose does from its columns."""

import numpy as np
import pytest
import torch

from kstar_gpu.engines.bounds import FLOAT32, Certificate
from kstar_gpu.engines.portable.balls import Balls
from kstar_gpu.engines.portable.views import FAR, FEW_CLASSES, Part, View, leave_out

ROWS, COLUMNS = 5, 7


@pytest.fixture(params=[0, 1])
def view(request):
    def part(count):
        balls = Balls(torch.zeros(count, 3), torch.zeros(count, dtype=torch.float64), None)
        return Part(slice(0, count), balls)

    acc = torch.arange(float(ROWS * COLUMNS)).reshape(ROWS, COLUMNS)
    own, others = (part(ROWS), part(COLUMNS))[:: 1 if request.param else -1]
    bounds = Certificate(FLOAT32, 1, 1, 2.0**-24)
    return View(acc, own, others, request.param, bounds, torch.tensor(False))


def own_rows(view):
    return view.acc if view.along == 1 else view.acc.T


def test_pairs_that_reach_a_threshold_are_told_as_own_and_other(view):
    least = torch.arange(float(len(view.own.balls))) * 5 + 2
    wanted = (own_rows(view) >= least[:, None]).nonzero()
    assert 0 < len(wanted) < view.acc.numel()
    found = torch.stack(view.pairs(least), 1)
    assert {*map(tuple, found.tolist())} == {*map(tuple, wanted.tolist())}


def test_sums_and_columns_go_along_the_others(view):
    factors = torch.arange(float(len(view.others.balls)))
    torch.testing.assert_close(view.sums(view.acc, factors), own_rows(view) @ factors)
    per_own = torch.arange(float(len(view.own.balls)))
    shaped = own_rows(view._replace(acc=view.column(per_own).expand_as(view.acc)))
    assert (shaped == per_own[:, None]).all()


def test_who_is_meant_unless_the_product_was_reduced(view):
    own = torch.arange(len(view.own.balls)) % 2 == 1
    assert view.those(own).tolist() == own.nonzero().squeeze(1).tolist()
    assert view._replace(reduced=torch.tensor(True)).those(own) is None


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("classes", [1, 3, FEW_CLASSES, 3 * FEW_CLASSES])
def test_pairs_not_asked_about_are_left_out(classes, same, rng):
    codes, others = (np.sort(rng.integers(0, classes, count)) for count in (120, 90))
    acc = torch.zeros(120, 90)
    leave_out(acc, codes, others, same)
    np.testing.assert_array_equal((acc == FAR).numpy(), (codes[:, None] == others) == same)
