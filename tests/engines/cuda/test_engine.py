"""The CUDA on_host, run thread for thread on the host: exact, and with little to measure."""

import numpy as np
import pytest
import torch
from helpers.exact import assert_exact
from helpers.families import FAMILIES, HARD, HARD_SAMPLES, labels, problem_of

from kstar_gpu import definition, kstar

pytestmark = pytest.mark.usefixtures("on_host")
CPU = torch.device("cpu")


@pytest.mark.parametrize("family", FAMILIES)
def test_self_form(family, rng):
    assert_exact(family(rng, 150, 40), labels(rng, 150, 5))


@pytest.mark.parametrize("family", FAMILIES)
def test_query_form(family, rng):
    x, y = family(rng, 230, 20), labels(rng, 230, 4)
    assert_exact(x[:90], y[:90], references=x[90:], reference_labels=y[90:])


@pytest.mark.parametrize("family", FAMILIES)
def test_narrow_balls(family, on_host, narrow_balls, monkeypatch, rng):
    monkeypatch.setattr(on_host.balls, "WIDTHS", (63,))  # two chunks: a tile may end early
    x, y = family(rng, 270, 140), labels(rng, 270, 4)
    assert_exact(x, y)
    assert_exact(x[:50], y[:50], references=x[50:], reference_labels=y[50:])


@pytest.mark.parametrize("family", FAMILIES)
def test_panels_that_come_from_elsewhere(family, on_host, narrow_balls, monkeypatch, rng):
    monkeypatch.setattr(on_host.panels, "is_there", lambda *_: False)
    monkeypatch.setattr(on_host.memory, "is_there", lambda *_: False)
    monkeypatch.setattr(
        on_host.engine,
        "make_plan",
        lambda *_: on_host.memory.Plan(128, 4096, 256, 1 << 16, widest=35),
    )
    x, y = family(rng, 300, 70), labels(rng, 300, 4)
    assert_exact(x, y)
    assert_exact(x[:140], y[:140], references=x[140:], reference_labels=y[140:])


@pytest.mark.parametrize("family", [f for f in FAMILIES if f.__name__ != "all_equal"])
def test_cosine(family, rng):
    x = family(rng, 140, 12)
    x = x[(x.astype(np.float64) ** 2).sum(1) > 0]
    assert_exact(x, labels(rng, len(x), 4), metric="cosine")


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int16]
)
def test_element_types(dtype, rng):
    x = torch.from_numpy(rng.uniform(0, 9, (200, 37))).to(dtype)
    y = labels(rng, 200, 4)
    exact = x.to(torch.float64)
    wanted = definition.kstar(exact.numpy(), y)
    np.testing.assert_array_equal(kstar(x, y).numpy(), wanted)
    mixed = kstar(x, y, references=exact, reference_labels=y)
    wanted = definition.kstar(exact.numpy(), y, exact.numpy(), y)
    np.testing.assert_array_equal(mixed.numpy(), wanted)


@pytest.mark.parametrize("sizes", [[1] * 150, [2] * 140, [250, 10], [1, 259], [130, 1, 1, 130, 50]])
def test_unbalanced_classes(sizes, rng):
    y = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    assert_exact(rng.integers(0, 6, (len(y), 3)), y)


def test_many_tiles(rng):
    assert_exact(rng.standard_normal((1500, 24)), labels(rng, 1500, 7))


@pytest.mark.parametrize("limit", [None, 3_000_000])
def test_progress_reaches_its_end(limit, capfd, rng):
    x, y = rng.standard_normal((700, 8)), labels(rng, 700, 3)
    kstar(x, y, progress=True, memory_limit=limit)
    shown = capfd.readouterr().err
    for question in ("search: 100%", "count: 100%"):
        assert question in shown


SOME = HARD_SAMPLES // 2  # kernels run thread for thread here
# Of a collapsed class, half may be nearer to each other than float16 can tell.
REFINED = {"collapsed classes": SOME / 10 / 2}
# Rounds keep them few: in one launch of all tiles there are three times as many. A sample of the
# rare class is looked for by 99 others.
SURVIVORS = {"collapsed classes": SOME / 10, "one class of 99 %": 20}


@pytest.mark.parametrize("case", HARD)
def test_few_pairs_are_measured(case, on_host, rng):
    """The rows behind a pair cost hundreds of times its product: no case may need them often."""
    x, y = HARD[case](rng)
    problem = problem_of(x[:SOME], y[:SOME])
    searched = on_host.engine.Engine(problem, CPU, None, False)
    searched.count_within(searched.nearest_foreign()[0])
    assert searched.work["search"]["survivors"] <= SURVIVORS.get(case, 8) * SOME
    assert searched.work["search"]["measured"] <= REFINED.get(case, 20) * SOME
    assert searched.work["count"]["survivors"] <= 20 * SOME
