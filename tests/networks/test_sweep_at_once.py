"""Several sweeps in one directory at a time: nothing is mixed, and nobody fails for another."""

import json
import shutil
import threading
from functools import partial

import pytest
from helpers.small_sweep import (
    INPUTS,
    LAYERS,
    folder_of,
    interrupted,
    loader,
    network,
    same,
)

from kstar_gpu import Sweep, sweep
from kstar_gpu.networks import sweep as sweeps
from kstar_gpu.networks import sweep_directory
from kstar_gpu.networks.claims import Claim, wait_for_claim
from kstar_gpu.networks.processes import this_process


def test_two_files_that_were_not_made_from_the_same(tmp_path):
    sweep(network(), loader(), ["0"], out=tmp_path / "one")
    sweep(network(), loader(INPUTS + 1), ["2"], out=tmp_path / "two")
    shutil.copy(folder_of(tmp_path / "two") / "2.npz", folder_of(tmp_path / "one"))
    with pytest.raises(ValueError, match=r"0\.npz and .*2\.npz were not .*: data_sha256 is"):
        Sweep.load(tmp_path / "one")
    for inputs in (INPUTS, INPUTS + 1):
        with pytest.raises(ValueError, match="was made with other inputs or labels"):
            sweep(network(), loader(inputs), LAYERS, out=tmp_path / "one")


def test_no_result_depends_on_claims(tmp_path, monkeypatch):
    """Two that work there at the same time: each has its own results, and a mixture is no sweep."""
    plain = sweeps.kstar_distribution
    others = []

    def disturbed(*arguments, **options):
        if not others:
            others.append(None)
            others[0] = sweep(network(), loader(INPUTS + 1), ["2"], out=tmp_path)
        return plain(*arguments, **options)

    monkeypatch.setattr(sweeps, "kstar_distribution", disturbed)
    monkeypatch.setattr(
        sweep_directory, "wait_for_claim", lambda path: Claim(path, len(others) + 1)
    )
    mine = sweep(network(), loader(), ["0"], out=tmp_path)
    for found, inputs in ((mine, INPUTS), (others[0], INPUTS + 1)):
        whole = sweep(network(), loader(inputs), LAYERS)
        for key, result in found.results.items():
            assert same(whole[key], result)
    with pytest.raises(ValueError, match="were not made from the same"):
        Sweep.load(tmp_path)


def test_features_that_another_process_removes_are_right_nevertheless(tmp_path):
    """As one does that has taken over from a process that was stopped, and then goes on."""

    class Disturbed:
        def __iter__(self):
            for number, batch in enumerate(loader()):
                if number == 2:
                    shutil.rmtree(folder_of(tmp_path) / "features", ignore_errors=True)
                yield batch

    with pytest.warns(UserWarning, match="another run has begun in .* whose features are right"):
        found = sweep(network(), Disturbed(), ["0"], out=tmp_path, spill=True)
    whole = sweep(network(), loader(), ["0"])
    for kept in (found, Sweep.load(tmp_path)):
        assert all(same(whole[key], result) for key, result in kept.results.items())
        assert len(kept) == 1


def test_an_exception_leaves_no_claim(tmp_path, monkeypatch):
    """Though it is kept, as notebooks do, with all frames."""
    monkeypatch.setattr(sweeps, "_named", interrupted)
    with pytest.raises(KeyboardInterrupt) as kept:
        sweep(network(), loader(), LAYERS, out=tmp_path)
    assert [path.name for path in folder_of(tmp_path).iterdir()] == ["0.npz"]
    monkeypatch.undo()
    assert len(sweep(network(), loader(), LAYERS, out=tmp_path)) == 2
    assert kept.traceback


def test_what_another_one_works_on_comes_last(tmp_path, caplog):
    """Its model is not made before, and it is waited for; results come in the order asked for."""
    made = []

    def factory(name):
        made.append(name)
        return network()

    models = {name: partial(factory, name) for name in "abc"}
    claim = wait_for_claim(folder_of(tmp_path, "a", make=True))
    timer = threading.Timer(0.5, claim.release)
    timer.start()
    found = sweep(models, loader(), LAYERS, out=tmp_path)
    assert made == ["b", "c", "a"]
    assert "waiting until process" in caplog.text
    assert [key.model for key in found.results] == [name for name in "abc" for _ in LAYERS]


def test_a_claim_of_which_nobody_is_there_keeps_nothing_waiting(tmp_path):
    folder = folder_of(tmp_path, "a", make=True)
    (folder / "claim.1").write_text(json.dumps({**this_process(), "token": "lost"}))
    made = []

    def factory(name):
        made.append(name)
        return network()

    sweep({name: partial(factory, name) for name in "ab"}, loader(), LAYERS, out=tmp_path)
    assert made == ["a", "b"]


def test_one_that_begins_there_just_then(tmp_path, monkeypatch):
    """Between the look whether it is free, and the claim: it comes last, too."""
    monkeypatch.setattr(sweep_directory, "is_claimed", lambda folder: False)
    claim = wait_for_claim(folder_of(tmp_path, "a", make=True))
    threading.Timer(0.5, claim.release).start()
    found = sweep({"a": network(), "b": network()}, loader(), LAYERS, out=tmp_path)
    assert [key.model for key in found.results] == ["a", "a", "b", "b"]


def together(*calls):
    """Run calls in a thread each; return what each has returned or raised."""
    outcomes = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(number):
        barrier.wait()
        try:
            outcomes[number] = calls[number]()
        except Exception as error:
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.parametrize("spill", [False, True])
def test_several_at_once(spill, tmp_path):
    layers = [["0"], ["0", "2"], ["2", "1"], ["0", "1", "2"]]
    kept = dict(out=tmp_path, spill=spill)
    found = together(*(partial(sweep, network(), loader(), names, **kept) for names in layers))
    whole = sweep(network(), loader(), ["0", "1", "2"])
    for names, one in zip(layers, found, strict=True):
        assert [key.layer for key in one.results] == names
        for key, result in one.results.items():
            assert same(whole[key], result)
    assert len(Sweep.load(tmp_path)) == 3
    assert sorted(path.suffix for path in folder_of(tmp_path).iterdir()) == [".npz"] * 3


@pytest.mark.parametrize("spill", [False, True])
def test_several_at_once_with_other_data(spill, tmp_path):
    kept = dict(out=tmp_path, spill=spill)
    found = together(
        *(partial(sweep, network(), loader(INPUTS + more), LAYERS, **kept) for more in (0, 1, 0))
    )
    wrong = [one for one in found if isinstance(one, Exception)]
    assert 1 <= len(wrong) <= 2
    assert all("was made with other inputs or labels" in str(error) for error in wrong)
    loaded = Sweep.load(tmp_path)
    for one in found:
        if one not in wrong:
            for key, result in one.results.items():
                assert same(loaded[key], result)
