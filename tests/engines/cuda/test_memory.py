"""How the CUDA engine divides memory: what fits, what is refused, and what is tried again."""

import re
import weakref

import numpy as np
import pytest
import torch
from helpers.exact import assert_exact
from helpers.families import labels, problem_of

from kstar_gpu import kstar
from kstar_gpu.inputs.problem import Problem, Samples

pytestmark = pytest.mark.usefixtures("on_host")
CPU = torch.device("cpu")


def test_the_memory_limit_is_refused_with_the_least_that_does(rng):
    x, y = rng.standard_normal((600, 40)), labels(rng, 600, 3)
    with pytest.raises(ValueError, match="memory_limit: at least") as refused:
        kstar(x, y, memory_limit=1000)
    least = int(re.search(r"at least (\d+) bytes", str(refused.value)).group(1))
    with pytest.raises(ValueError, match="memory_limit"):
        kstar(x, y, memory_limit=least - 1)
    assert_exact(x, y, memory_limit=least)
    assert_exact(x, y, memory_limit=100 * least)


OUT_OF_MEMORY = {
    "for torch": torch.cuda.OutOfMemoryError("CUDA out of memory"),
    "for a launch": RuntimeError("CUDA: out of memory"),
}


@pytest.mark.parametrize("said", OUT_OF_MEMORY.values(), ids=OUT_OF_MEMORY)
def test_exhausted_memory_is_tried_again_with_smaller_panels(on_host, monkeypatch, rng, said):
    plain, refused = on_host.search.make_full, []

    def scarce(panel, *rest):
        if panel.count > 500:
            refused.append(panel.count)
            raise said
        return plain(panel, *rest)

    monkeypatch.setattr(on_host.search, "make_full", scarce)
    x, y = rng.standard_normal((1000, 30)), labels(rng, 1000, 3)
    assert_exact(x, y)
    assert refused[0] == 1000
    assert refused == sorted(refused, reverse=True)


@pytest.mark.parametrize("said", OUT_OF_MEMORY.values(), ids=OUT_OF_MEMORY)
def test_memory_that_does_not_do_at_all_is_told(on_host, monkeypatch, rng, said):
    def exhausted(*_):
        raise said

    monkeypatch.setattr(on_host.search, "make_full", exhausted)
    with pytest.raises(torch.cuda.OutOfMemoryError, match=str(said)):
        kstar(rng.standard_normal((300, 5)), labels(rng, 300, 3))


def test_other_failures_of_a_launch_are_not_tried_again(on_host, monkeypatch, rng):
    launches = []

    def failing(*_):
        launches.append(1)
        raise RuntimeError("CUDA: invalid argument")

    monkeypatch.setattr(on_host.search, "make_full", failing)
    with pytest.raises(RuntimeError, match="invalid argument"):
        kstar(rng.standard_normal((300, 5)), labels(rng, 300, 3))
    assert len(launches) == 1


def test_no_more_panels_are_there_than_are_paid_for(on_host, monkeypatch, rng):
    alive, most = weakref.WeakSet(), []
    plain = on_host.panels.Panel.__init__

    def counted(panel, *arguments):
        plain(panel, *arguments)
        alive.add(panel)
        most.append(len(alive))

    monkeypatch.setattr(on_host.panels.Panel, "__init__", counted)
    plan = on_host.memory.Plan(128, 4096, 256, 1 << 16, widest=0)
    monkeypatch.setattr(on_host.engine, "make_plan", lambda *_: plan)
    x, y = rng.standard_normal((500, 5)), labels(rng, 500, 3)
    kstar(x, y)
    kstar(x[:300], y[:300], references=x[200:], reference_labels=y[200:])
    assert max(most) == 2


def test_the_last_panel_may_be_small(on_host, monkeypatch, rng):
    plan = on_host.memory.Plan(4096, 4096, 256, 1 << 16, widest=0)
    monkeypatch.setattr(on_host.engine, "make_plan", lambda *_: plan)
    problem = problem_of(rng.standard_normal((4146, 2)), labels(rng, 4146, 3))
    task = on_host.engine.Engine(problem, CPU, None, False).task
    search = on_host.search.Search(task, plan, torch.zeros(4146), torch.zeros(4146))
    meetings = list(search.meetings())
    assert meetings == [((0, 0), (0, 0)), ((0, 0), (0, 4096)), ((0, 4096), (0, 4096))]
    whole, ragged, last = meetings
    assert search.tiles(ragged) == 32
    assert search.tiles(last) == 1
    assert (
        len(search.rounds_of(whole)) == 5
    )  # 32 blocks of columns, of which every 16th is in the first round


@pytest.mark.parametrize("shape", [(4, 3), (100, 64), (2000, 64), (1_281_167, 2048)], ids=str)
@pytest.mark.parametrize("streamed", [False, True])
def test_memory_is_divided(shape, streamed, on_host, monkeypatch):
    memory = on_host.memory
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
