"""Sweeps by an executor: what one process gives, computed by others."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import pytest
from helpers.small_sweep import (
    INPUTS,
    LAYERS,
    gone,
    loader,
    network,
    of_one_class,
    partly,
    same,
    unseeded,
)

from kstar_gpu import Sweep, sweep
from kstar_gpu.networks import sweep as sweeps

MODELS = {"one": partial(network, 1), "two": partial(network, 2)}
LOADERS = {"plain": loader(), "noisy": partial(loader, INPUTS + 1)}


@pytest.fixture(scope="module")
def pool():
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        yield pool


def equal(one, other):
    return [*one.results] == [*other.results] and all(
        same(one[key], other[key]) for key in other.results
    )


@pytest.fixture(scope="module")
def whole():
    return sweep(MODELS, LOADERS, LAYERS)


@pytest.mark.parametrize("spill", [None, False, True])
def test_processes_give_what_one_does(spill, pool, whole, tmp_path, monkeypatch):
    kept = {} if spill is None else dict(out="runs", spill=spill)
    monkeypatch.chdir(tmp_path)  # the workers are elsewhere
    found = sweep(MODELS, LOADERS, LAYERS, executor=pool, class_names=["a", "b", "c"], **kept)
    assert [*found.results] == [*whole.results]
    for key, result in found.results.items():
        assert result.kstar.tolist() == whole[key].kstar.tolist()
        assert result.class_names == ("a", "b", "c")
    if kept:
        assert len(Sweep.load("runs")) == len(whole)
        assert equal(sweep(MODELS, LOADERS, LAYERS, executor=pool, **kept), whole)


def test_threads_give_what_one_does(whole):
    with ThreadPoolExecutor(4) as threads:
        assert equal(sweep(MODELS, LOADERS, LAYERS, executor=threads), whole)


def test_failures_are_told_as_in_one_process(pool):
    models, data = {"one": partly}, {"plain": loader(), "flat": of_one_class}
    heard = []
    for kept in ({}, dict(executor=pool)):
        with pytest.warns(UserWarning, match=" failed: ") as warned:
            found = sweep(models, data, ["0", "3"], **kept)
        assert {each.filename for each in warned} == {__file__}
        heard.append((sorted(str(each.message) for each in warned), found.errors, [*found.results]))
    assert heard[0] == heard[1]
    assert len(heard[0][0]) == 3


def test_damage_is_told(pool, tmp_path):
    sweep(MODELS, loader(), LAYERS, out=tmp_path)
    path = tmp_path / "one" / "data" / "0.npz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(UserWarning, match=r"0\.npz: the file is damaged.*computed again"):
        sweep(MODELS, loader(), LAYERS, out=tmp_path, executor=pool)
    assert len(Sweep.load(tmp_path)) == 4


def test_an_error_ends_it_as_in_one_process(pool, tmp_path):
    models = {"one": partial(network, 1), "none": gone}
    for kept in ({}, dict(executor=pool)):
        with pytest.raises(FileNotFoundError, match="no weights"):
            sweep(models, loader(), LAYERS, **kept)
    sweep(network(1), {"data": loader(INPUTS + 1)}, LAYERS, out=tmp_path)
    with pytest.raises(ValueError, match="was made with other inputs or labels"):
        sweep({"Sequential": partial(network, 1)}, loader(), LAYERS, out=tmp_path, executor=pool)


def test_functions_that_make_another_model_each_time(pool, tmp_path):
    with pytest.raises(
        ValueError, match=r"models\['A'\]: a function is wanted that makes the same"
    ):
        sweep({"A": unseeded}, LOADERS, LAYERS, out=tmp_path, executor=pool)


def test_what_is_refused_before_anything_is_submitted():
    class Never:
        def submit(self, function, *arguments):
            raise AssertionError("it was submitted")

    never = Never()
    with pytest.raises(TypeError, match=r"models\['Sequential'\]: with an executor a function"):
        sweep(network(), loader(), LAYERS, executor=never)
    with pytest.raises(TypeError, match=r"loaders\['data'\]: with an executor a loader that beg"):
        sweep(network, iter([]), LAYERS, executor=never)
    with pytest.raises(TypeError, match="executor: something with submit"):
        sweep(network, loader(), LAYERS, executor=3)
    with pytest.raises(ValueError, match="metric: "):
        sweep(network, loader(), LAYERS, executor=never, metric="cosin")


def test_progress_is_of_pairs(capsys):
    with ThreadPoolExecutor(1) as threads:
        sweep(MODELS, loader(), LAYERS, executor=threads, progress=True)
    err = capsys.readouterr().err
    assert "sweep: 100%" in err
    assert "2/2" in err
    assert "activations" not in err


class Later:
    """Runs a call when its result is asked for."""

    def submit(self, function, *arguments):
        self = Later()
        self.done, self.result = lambda: True, partial(function, *arguments)
        return self


def test_control_c_leaves_the_others_to_be_done(tmp_path, monkeypatch):
    """What was finished is kept, and the next sweep goes on."""
    plain = sweeps.results_of

    def interrupted(*arguments):
        results = plain(*arguments)
        yield next(results)
        try:
            raise KeyboardInterrupt
        finally:
            results.close()

    monkeypatch.setattr(sweeps, "results_of", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sweep(MODELS, LOADERS, LAYERS, out=tmp_path, executor=Later())
    assert len(Sweep.load(tmp_path)) == 2
    assert len(sweep(MODELS, LOADERS, LAYERS, out=tmp_path)) == 8


def test_dask(whole):
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None)
    with cluster, distributed.Client(cluster) as client:
        assert equal(sweep(MODELS, LOADERS, LAYERS, executor=client.get_executor()), whole)


def test_submitit(whole, tmp_path):
    submitit = pytest.importorskip("submitit")
    executor = submitit.DebugExecutor(tmp_path)
    assert equal(sweep(MODELS, LOADERS, LAYERS, executor=executor), whole)
