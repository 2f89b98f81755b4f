"""The CUDA engine, run thread for thread on the host: exact, whatever fits into its memory."""

import re
import shutil
import sys
import weakref

import numpy as np
import pytest
import torch
from helpers.exact import assert_exact
from helpers.families import FAMILIES, HARD, HARD_SAMPLES, labels, problem_of

from kstar_gpu import definition, kstar
from kstar_gpu.engines.bounds import Certificate
from kstar_gpu.engines.frame import make_centre
from kstar_gpu.engines.projection import contraction
from kstar_gpu.inputs.problem import Problem, Samples

if shutil.which("g++") is None:
    pytest.skip("there is no C++ compiler", allow_module_level=True)


@pytest.fixture(scope="module", autouse=True)
def engine():
    """The backend's modules over kernels that run on the host."""
    from helpers.cuda_on_host import install

    with pytest.MonkeyPatch.context() as patch:
        modules = install(patch)
        yield modules
        for name in modules:  # which nobody else is to find
            sys.modules.pop(f"kstar_gpu.engines.cuda.{name}", None)


CPU = torch.device("cpu")
DEPTH = 32  # dimensions of a chunk


@pytest.mark.parametrize("family", FAMILIES)
def test_self_form(family, rng):
    assert_exact(family(rng, 150, 40), labels(rng, 150, 5))


@pytest.mark.parametrize("family", FAMILIES)
def test_query_form(family, rng):
    x, y = family(rng, 230, 20), labels(rng, 230, 4)
    assert_exact(x[:90], y[:90], references=x[90:], reference_labels=y[90:])


@pytest.mark.parametrize("family", FAMILIES)
def test_narrow_balls(family, engine, narrow_balls, monkeypatch, rng):
    monkeypatch.setattr(engine["balls"], "WIDTHS", (63,))  # two chunks: a tile may end early
    x, y = family(rng, 270, 140), labels(rng, 270, 4)
    assert_exact(x, y)
    assert_exact(x[:50], y[:50], references=x[50:], reference_labels=y[50:])


@pytest.mark.parametrize("family", FAMILIES)
def test_panels_that_come_from_elsewhere(family, engine, narrow_balls, monkeypatch, rng):
    monkeypatch.setattr(engine["balls"], "is_there", lambda *_: False)
    monkeypatch.setattr(engine["memory"], "is_there", lambda *_: False)
    monkeypatch.setattr(
        engine["engine"],
        "make_plan",
        lambda *_: engine["memory"].Plan(128, 4096, 256, 1 << 16, widest=35),
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


def test_the_memory_limit_is_refused_with_the_least_that_does(rng):
    x, y = rng.standard_normal((600, 40)), labels(rng, 600, 3)
    with pytest.raises(ValueError, match="memory_limit: at least") as refused:
        kstar(x, y, memory_limit=1000)
    least = int(re.search(r"at least (\d+) bytes", str(refused.value)).group(1))
    with pytest.raises(ValueError, match="memory_limit"):
        kstar(x, y, memory_limit=least - 1)
    assert_exact(x, y, memory_limit=least)
    assert_exact(x, y, memory_limit=100 * least)


def test_exhausted_memory_is_tried_again_with_smaller_panels(engine, monkeypatch, rng):
    plain, refused = engine["engine"].make_full, []

    def scarce(panel, *rest):
        if panel.count > 500:
            refused.append(panel.count)
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return plain(panel, *rest)

    monkeypatch.setattr(engine["engine"], "make_full", scarce)
    x, y = rng.standard_normal((1000, 30)), labels(rng, 1000, 3)
    assert_exact(x, y)
    assert refused[0] == 1000
    assert refused == sorted(refused, reverse=True)


def test_memory_that_does_not_do_at_all_is_told(engine, monkeypatch, rng):
    def exhausted(*_):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(engine["engine"], "make_full", exhausted)
    with pytest.raises(torch.cuda.OutOfMemoryError, match="CUDA out of memory"):
        kstar(rng.standard_normal((300, 5)), labels(rng, 300, 3))


def tensor_core_products(balls, dimensions=None):
    """Multiply as tensor cores do at their worst: addends are cut off 23 bits below the largest."""
    count = len(balls.radii)
    points = balls.points[:count, :dimensions].double().numpy()
    seeds = balls.seeds[:count].numpy()
    acc = (seeds[:, None] + seeds).astype(np.float64)  # in float32

    def cut(addends, largest):
        unit = np.exp2(np.floor(np.log2(np.maximum(largest, 2.0**-500))) - 23)
        return np.trunc(addends / unit) * unit

    for k in range(0, points.shape[1], 16):
        part = points[:, k : k + 16]
        addends = np.concatenate([acc[:, :, None], part[:, None] * part[None]], axis=2)
        sums = cut(addends, np.abs(addends).max(2, keepdims=True)).sum(2)
        acc = cut(sums, np.abs(sums))
    return torch.from_numpy(acc)


def full_balls(engine, x):
    """Return a panel of x in class order, its balls, and its distances in their unit."""
    balls_module = engine["balls"]
    problem = problem_of(x, labels(np.random.default_rng(0), len(x), 3))
    rows = problem.samples.rows(slice(None))
    frame = balls_module.make_frame(make_centre(problem), float((rows - rows[0]).norm(dim=1).max()))
    panel = balls_module.Panel(problem.samples, slice(None), CPU)
    centre, _kept = balls_module.device_rows(frame.centre[None], None)
    nothing = torch.zeros(panel.count, dtype=torch.int64)
    balls = balls_module.make_full(panel, centre, nothing, frame.scale, x.shape[1])
    exact = rows.numpy()
    d2 = torch.from_numpy(np.stack([definition.squared_distances(row, exact) for row in exact]))
    return panel, balls, d2.sqrt() * frame.scale


def wrongly_decided(engine, x, broken=None):
    """Ask about each pair with its own canonical distance as radius: it must stay undecided."""
    panel, balls, radius = full_balls(engine, x)
    bounds = balls.bounds
    if broken is not None:
        bounds = broken(bounds.precision, bounds.width, bounds.dimensions, bounds.unit)
        squares = balls.points[: panel.count].double().square().sum(1)
        balls.seeds[: panel.count] = bounds.seed(squares, balls.radii)
    acc = tensor_core_products(balls)
    e, slack = balls.radii[:, None], balls.slack[:, None]
    give = bounds.give(balls.radii, balls.slack)
    farther = acc < bounds.farther(bounds.above(radius), e)
    nearer = acc > bounds.nearer(bounds.below(radius), e, slack) + give
    return int(farther.sum()), int(nearer.sum())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("d", [1, 64, 700])
def test_bounds_never_lie(family, d, engine, rng):
    x = np.asarray(family(rng, 60, d))
    assert wrongly_decided(engine, x) == (0, 0)
    _panel, balls, radius = full_balls(engine, x)
    acc = tensor_core_products(balls)
    at_most = balls.bounds.at_most(
        acc, balls.radii[:, None], balls.slack[:, None], balls.radii, balls.slack
    )
    assert (at_most >= radius).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_narrow_bounds_never_lie(family, engine, rng):
    x = np.asarray(family(rng, 60, 80))
    panel, full, radius = full_balls(engine, x)
    directions = contraction(torch.from_numpy(rng.standard_normal((x.shape[1], 45))))
    narrow = engine["balls"].make_narrow(panel, full, directions, 1 << 16)
    threshold = narrow.bounds.farther(narrow.bounds.above(radius), narrow.radii[:, None])
    assert not (tensor_core_products(narrow) < threshold).any()
    # What the first chunk leaves out, it must allow for: an early end decides no less carefully.
    tails = narrow.tails[: panel.count].double()
    head = tensor_core_products(narrow, DEPTH) + tails[:, None] * tails
    assert not (head < threshold).any()
    left_out = narrow.points[: panel.count, DEPTH:].double().norm(dim=1)
    assert (tails >= left_out).all()
    assert (narrow.radii > full.radii).all()


class WithoutRounding(Certificate):
    """The product's rounding forgotten."""

    rounding = 0.0


class WithoutRadius(Certificate):
    """What storing the points moved them forgotten."""

    def spread(self, e):
        return 0 * e


# Far clusters: large norms and small distances. Either rounding of the sums is all there is, or one
# feature makes it little beside what storing the points does.
def sums_round(rng):
    return rng.integers(-16, 17, (60, 256)) / 16


def points_round(rng):
    return 3 * rng.standard_normal((60, 1))


@pytest.mark.parametrize(
    ("broken", "jitter"), [(WithoutRounding, sums_round), (WithoutRadius, points_round)]
)
def test_broken_bounds_are_caught(broken, jitter, engine, rng):
    x = 100.0 * rng.integers(0, 2, (60, 1)) + jitter(rng)
    assert wrongly_decided(engine, x) == (0, 0)
    farther, _ = wrongly_decided(engine, x, broken)
    assert farther > 0


def test_no_more_panels_are_there_than_are_paid_for(engine, monkeypatch, rng):
    alive, most = weakref.WeakSet(), []
    plain = engine["balls"].Panel.__init__

    def counted(panel, *arguments):
        plain(panel, *arguments)
        alive.add(panel)
        most.append(len(alive))

    monkeypatch.setattr(engine["balls"].Panel, "__init__", counted)
    plan = engine["memory"].Plan(128, 4096, 256, 1 << 16, widest=0)
    monkeypatch.setattr(engine["engine"], "make_plan", lambda *_: plan)
    x, y = rng.standard_normal((500, 5)), labels(rng, 500, 3)
    kstar(x, y)
    kstar(x[:300], y[:300], references=x[200:], reference_labels=y[200:])
    assert max(most) == 2


def test_the_last_panel_may_be_small(engine, monkeypatch, rng):
    plan = engine["memory"].Plan(4096, 4096, 256, 1 << 16, widest=0)
    monkeypatch.setattr(engine["engine"], "make_plan", lambda *_: plan)
    problem = problem_of(rng.standard_normal((4146, 2)), labels(rng, 4146, 3))
    asked = engine["engine"].Engine(problem, CPU, None, False)
    meetings = list(asked._meetings())
    assert meetings == [((0, 0), (0, 0)), ((0, 0), (0, 4096)), ((0, 4096), (0, 4096))]
    whole, ragged, last = (asked._rounds("search", *meeting) for meeting in meetings)
    assert sum(map(engine["engine"].tiles, ragged)) == 32
    assert sum(map(engine["engine"].tiles, last)) == 1
    assert len(whole) == 5  # 32 blocks of columns, of which every 16th is in the first round


@pytest.mark.parametrize("shape", [(4, 3), (100, 64), (2000, 64), (1_281_167, 2048)], ids=str)
@pytest.mark.parametrize("streamed", [False, True])
def test_memory_is_divided(shape, streamed, engine, monkeypatch):
    memory = engine["memory"]
    monkeypatch.setattr(memory, "is_there", lambda *_: not streamed)
    n, d = shape
    values = torch.empty(n, d, device="meta")
    side = Samples(values, None, torch.empty(0), np.zeros(n, dtype=np.int64))
    problem = Problem(side, side, 1.0)
    with pytest.raises(ValueError, match="memory_limit: at least") as refused:
        memory.make_plan(problem, CPU, 1000)
    least = int(re.search(r"at least (\d+) bytes", str(refused.value)).group(1))
    assert least <= n * 256 + (3 << 20) + 256 * 20 * d
    assert memory.make_plan(problem, CPU, least).panel >= 128
    plenty = memory.make_plan(problem, CPU, None)
    assert plenty.panel >= n
    assert plenty.widest == d // 2
    # Halfway, launches must not become tiny, and narrow balls stay possible.
    tight = memory.make_plan(problem, CPU, least + n * d * 2)
    if n > 1_000_000:
        assert tight.panel >= n // 16
        assert tight.pairs >= 1 << 20
        assert tight.widest == d // 2


@pytest.mark.parametrize("limit", [None, 3_000_000])
def test_progress_reaches_its_end(limit, capfd, rng):
    x, y = rng.standard_normal((700, 8)), labels(rng, 700, 3)
    kstar(x, y, progress=True, memory_limit=limit)
    shown = capfd.readouterr().err
    for question in ("search: 100%", "count: 100%"):
        assert question in shown


def test_too_many_features_are_refused(engine):
    with pytest.raises(ValueError, match="features: fewer than 262144 features"):
        engine["balls"].bounds_of(1 << 18, 1 << 18)


SOME = HARD_SAMPLES // 2  # kernels run thread for thread here
# Of a collapsed class, half may be nearer to each other than float16 can tell.
REFINED = {"collapsed classes": SOME / 10 / 2}
# Rounds keep them few: in one launch of all tiles there are three times as many. A sample of the
# rare class is looked for by 99 others.
SURVIVORS = {"collapsed classes": SOME / 10, "one class of 99 %": 20}


@pytest.mark.parametrize("case", HARD)
def test_few_pairs_are_measured(case, engine, rng):
    """The rows behind a pair cost hundreds of times its product: no case may need them often."""
    x, y = HARD[case](rng)
    problem = problem_of(x[:SOME], y[:SOME])
    searched = engine["engine"].Engine(problem, CPU, None, False)
    searched.count_within(searched.nearest_foreign()[0])
    assert searched.work["search"]["survivors"] <= SURVIVORS.get(case, 8) * SOME
    assert searched.work["search"]["measured"] <= REFINED.get(case, 20) * SOME
    assert searched.work["count"]["survivors"] <= 20 * SOME
