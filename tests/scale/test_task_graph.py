"""All tasks on blocks, done one after the other, give what the whole gives."""

import pickle

import numpy as np
import pytest
import torch
from helpers.families import labels, lattice
from helpers.small_blocks import LAYOUTS, assert_as_whole

from kstar_gpu.engines.shards import Nearest
from kstar_gpu.scale.blocks import How
from kstar_gpu.scale.task_graph import ROUNDS, Side, Tasks, add_kstar


def keys_in(given, graph):
    if isinstance(given, list):
        return [key for each in given for key in keys_in(each, graph)]
    return [given] if isinstance(given, tuple) and given in graph else []


def call(function, given):
    return function(*given)


def done(tasks, do=call):
    """Return the results of all tasks."""
    results = {}

    def result(given):
        if isinstance(given, list):
            return [result(each) for each in given]
        if not (isinstance(given, tuple) and given in tasks.graph):
            return given
        if given not in results:
            function, *arguments = tasks.graph[given]
            results[given] = do(function, [result(each) for each in arguments])
        return results[given]

    for key in tasks.graph:
        result(key)
    return results


def side(tasks, name, x, y, sizes):
    sizes = [size for size in sizes if size > 0]
    ends = np.cumsum(sizes)
    rows, classes = [], []
    for i, (end, size) in enumerate(zip(ends, sizes, strict=True)):
        rows.append(tasks.add(name, (i,), x[end - size : end].copy))
        classes.append(tasks.add(f"{name}-labels", (i,), y[end - size : end].copy))
    return Side(name, f"{name}-labels", rows, classes, sizes)


def graph_of(x, y, sizes, others=None, metric="euclidean", backend="auto", normalize=False):
    tasks = Tasks("t")
    sides = [side(tasks, "features", x, y, sizes)]
    if others is not None:
        sides.append(side(tasks, "references", *others))
    how = How(metric, backend, "cpu")
    return tasks, add_kstar(tasks, sides, how, normalize, np.empty((0, 2)))


def found(x, y, sizes, *others, do=call, **how):
    tasks, keys = graph_of(x, y, sizes, *others, **how)
    results = done(tasks, do)
    return [np.concatenate([results[key][part] for key in keys]) for part in range(3)]


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_blocks_give_what_the_whole_gives(layout, metric, backend, rng):
    x, y = 3 + lattice(rng, 300, 5), labels(rng, 300, 4)
    how = {"metric": metric, "backend": backend}
    assert_as_whole(found(x, y, LAYOUTS[layout], **how), x, y, **how)
    assert_as_whole(found(x, np.sort(y), LAYOUTS[layout], **how), x, np.sort(y), **how)


def test_by_distance_alone_ties_would_depend_on_the_blocks(monkeypatch, rng):
    def nearer(known, squared, ids):
        tells = squared < known.squared
        known.squared[tells], known.ids[tells] = squared[tells], ids[tells]

    x, y = lattice(rng, 300, 4), labels(rng, 300, 3)
    monkeypatch.setattr(Nearest, "learn", nearer)
    with pytest.raises(AssertionError, match="not equal"):
        assert_as_whole(found(x, y, LAYOUTS["uneven"]), x, y)


def plain(value):
    """What it holds, to the last bit; but for how much work was done."""
    if isinstance(value, np.ndarray | torch.Tensor):
        return value.dtype, value.shape, np.asarray(value).tobytes()
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if not hasattr(value, "__dict__") or isinstance(value, type):
        return value
    return {name: plain(each) for name, each in vars(value).items() if name != "work"}


def test_tasks_change_nothing_and_give_the_same_again_elsewhere(backend, rng):
    """Each is done twice, on copies of its inputs as another process would get them."""

    def elsewhere(function, given):
        told = [pickle.loads(pickle.dumps(given)) for _ in range(2)]
        results = [pickle.loads(pickle.dumps(function))(*each) for each in told]
        assert plain(told[0]) == plain(told[1]) == plain(given)
        assert plain(results[0]) == plain(results[1])
        return pickle.loads(pickle.dumps(results[1]))

    x, y = lattice(rng, 200, 5).astype(np.float32), labels(rng, 200, 4)
    assert_as_whole(found(x, y, (50, 70, 80), do=elsewhere, backend=backend), x, y)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 9])
def test_each_pair_meets_once_and_none_runs_ahead(count, rng):
    """However many tasks could be done at a time: no block has more pairs open than a wave has."""
    x, y = lattice(rng, 20 * count, 3), labels(rng, 20 * count, 3)
    tasks, _ = graph_of(x, y, (20,) * count)
    left = {key: set(keys_in(list(task[1:]), tasks.graph)) for key, task in tasks.graph.items()}
    met, most = [], 0
    while left:
        free = [key for key, needs in left.items() if not needs & left.keys()]
        pairs = [key for key in free if key[0] in ("kstar-search-t", "kstar-count-t")]
        most = max(most, len(pairs))
        # All else is done at once; of pairs the last one, so that waves mix as much as they can.
        ended = pairs[-1:] if len(pairs) == len(free) else set(free) - set(pairs)
        met += [key for key in ended if key in pairs]
        for key in ended:
            del left[key]
    assert most <= max(count, count * ROUNDS // 2)
    for name in ("search", "count"):
        ours = [frozenset(key[1:]) for key in met if key[0] == f"kstar-{name}-t"]
        assert len(ours) == len({*ours}) == count * (count + 1) // 2


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_references_in_blocks_of_their_own(metric, backend, rng):
    x, y = 3 + lattice(rng, 400, 5), labels(rng, 400, 6)
    kept = y[150:] > 0  # the references lack a class
    others, theirs = x[150:][kept], y[150:][kept]
    sizes = (len(others) - 120, 20, 100)
    how = {"metric": metric, "backend": backend}
    ours = found(x[:150], y[:150], (60, 20, 50, 20), (others, theirs, sizes), **how)
    both = {"references": others, "reference_labels": theirs}
    assert_as_whole(ours, x[:150], y[:150], **both, **how)
    shares = found(x[:150], y[:150], (150,), (others, theirs, sizes), normalize=True)
    assert_as_whole(shares, x[:150], y[:150], **both, normalize=True)
