"""A second pass is not taken for a fresh one: it gives the same, or it is refused."""

import itertools

import pytest
import torch
from helpers.small_sweep import INPUTS, LABELS, loader, network, same
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from kstar_gpu import LayerError, Sweep, sweep
from kstar_gpu.networks.watched_loader import WatchedLoader


class Once(IterableDataset):
    """Samples that are there once, whoever asks."""

    def __init__(self, samples=60):
        self.samples = iter([*zip(INPUTS[:samples], LABELS[:samples], strict=True)])

    def __iter__(self):
        return self.samples


class Batches:
    """Gives other batches in each pass: those of `passes`, in turn."""

    def __init__(self, *passes):
        self.passes = iter(passes)

    def __iter__(self):
        return iter(next(self.passes))


def batches(rows=60, size=16, inputs=INPUTS, labels=LABELS):
    return [*zip(inputs[:rows].split(size), labels[:rows].split(size), strict=True)]


def partly_recordable():
    """Return a network one of whose layers cannot be recorded."""
    model = nn.Sequential(nn.Linear(5, 4), nn.Identity())
    model[1].forward = lambda x: "text"
    return model


def gone_through(loader, *counts):
    """Go through a loader, for so many batches each time; None: to its end."""
    watched = WatchedLoader(loader, "mine")
    for count in counts:
        for _ in itertools.islice(watched, count):
            pass
    return watched


STREAMS = {
    "a DataLoader over a stream": lambda: DataLoader(Once(), batch_size=8),
    "one with all in a batch": lambda: DataLoader(Once(), batch_size=60),
    "an object whose iterator is used up": lambda: Batches(batches(), []),
    "half of it": lambda: Batches(batches(), batches(30)),
    "more of it": lambda: Batches(batches(30, 15), batches(60, 15)),
    "shuffled": lambda: DataLoader(TensorDataset(INPUTS, LABELS), 16, shuffle=True),
    "other inputs": lambda: Batches(batches(), batches(inputs=INPUTS + 1)),
    "other labels": lambda: Batches(batches(), batches(labels=LABELS.flip(0))),
}


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("kept", [False, True])
def test_two_models_over_one_loader(kind, kept, tmp_path):
    models = {"one": network(1), "two": network(2)}
    with pytest.raises(ValueError, match=r"loaders: 'mine' must give the same samples") as refused:
        sweep(models, {"mine": STREAMS[kind]()}, ["2"], out=tmp_path if kept else None)
    for part in ("this pass gave ", "an earlier one ", " samples (inputs ", "as a list"):
        assert part in str(refused.value)
    if kept:  # what was finished before is whole
        assert [key.model for key in Sweep.load(tmp_path).results] == ["one"]


@pytest.mark.parametrize(
    "kind", [k for k in STREAMS if k not in ("half of it", "more of it", "other labels")]
)
@pytest.mark.parametrize("kept", [False, True])
def test_a_layer_that_cannot_be_recorded(kind, kept, tmp_path):
    given = {"mine": STREAMS[kind]()}
    with pytest.raises(ValueError, match="'mine' must give the same samples") as refused:
        sweep(partly_recordable(), given, ["0", "1"], out=tmp_path if kept else None)
    assert "Another pass was needed: layer '1'" in str(refused.value)
    with pytest.raises(ValueError, match="a sweep's directory is wanted"):
        Sweep.load(tmp_path)


def test_a_loader_that_begins_anew_is_gone_through_as_often_as_needed():
    models = {"one": partly_recordable(), "two": network(2)}
    with pytest.warns(UserWarning, match="one/data/1 failed"):
        found = sweep(models, loader(), ["0", "1"])
    wanted = sweep({"two": network(2)}, loader(), ["1"])
    assert same(found["two", "data", "1"], wanted["two", "data", "1"])
    assert len(found["one", "data", "0"].kstar) == 60


def test_one_model_goes_over_a_stream():
    key = ("Sequential", "data", "2")
    found = sweep(network(), DataLoader(Once(), batch_size=8), ["2"])
    assert same(found[key], sweep(network(), loader(), ["2"])[key])
    with pytest.raises(LayerError):  # and an iterator's first error stays what it is
        sweep(partly_recordable(), iter(loader()), ["0", "1"])


def test_one_loader_under_two_names_is_one():
    stream = DataLoader(Once(), batch_size=8)
    with pytest.raises(ValueError, match="'a' must give the same samples"):
        sweep(network(), {"a": stream, "b": stream}, ["2"])


def test_a_sweep_that_goes_on_over_what_is_left(tmp_path):
    sweep(network(), loader(), ["0"], out=tmp_path)
    for layers in (["0"], ["0", "2"]):
        stream = DataLoader(Once(), batch_size=8)
        next(iter(stream))
        with pytest.raises(ValueError, match=r"inputs or labels \(of 60 samples, now of 52\)"):
            sweep(network(), stream, layers, out=tmp_path)
    again = sweep(network(), DataLoader(Once(), batch_size=8), ["0", "2"], out=tmp_path)
    assert len(again) == 2


def test_passes_that_were_broken_off():
    whole = gone_through(batches(), None)
    for counts in (
        [None, None],
        [1, None],
        [2, 1, None],
        [1, 3, None, None],
        [1, 0, 2, None],
        [None, 1, None],
    ):
        watched = gone_through(batches(), *counts)
        assert watched.fingerprint == whole.fingerprint
        assert watched.samples == 60
    assert gone_through(batches(), 2).fingerprint == ""
    assert gone_through(batches(), 2).samples == 0
    with pytest.raises(ValueError, match=r"16 samples .* so far, an earlier one 16 .* broken off"):
        gone_through(Batches(batches(), batches(inputs=INPUTS + 1)), 1, 2)
    with pytest.raises(ValueError, match=r"20 samples .* so far, an earlier one 16 .* broken off"):
        gone_through(Batches(batches(), batches(size=20)), 1, 2)
    with pytest.raises(ValueError, match=r"30 samples .* in all, an earlier one 60 s.*\)\. A"):
        gone_through(Batches(batches(), batches(30)), None, None)


def test_batches_of_another_size_are_the_same_data():
    whole = gone_through(batches(), None)
    assert gone_through(batches(size=7), None).fingerprint == whole.fingerprint
    assert gone_through(batches(inputs=INPUTS + 1), None).fingerprint != whole.fingerprint
    assert gone_through(batches(labels=LABELS.flip(0)), None).fingerprint != whole.fingerprint
    assert gone_through(batches(59), None).fingerprint != whole.fingerprint


def test_all_that_a_batch_holds_is_seen():
    def read(batch):
        return gone_through([batch], None).fingerprint

    mask = torch.ones(60, 5)
    pair = ({"x": INPUTS, "mask": mask, "cached": False}, LABELS)
    assert read(pair) == read((dict(pair[0]), LABELS))
    assert read(pair) != read(({**pair[0], "mask": mask * 2}, LABELS))
    assert read(pair) != read(({**pair[0], "cached": True}, LABELS))
    assert read({"pixel_values": INPUTS, "labels": LABELS}) != read({"pixel_values": INPUTS})
    assert read((INPUTS, LABELS, ["/a"])) == read((INPUTS, LABELS, ["/b"]))  # where they lie
    assert read((INPUTS.to_sparse(), LABELS)) != read(((INPUTS + 1).to_sparse(), LABELS))
    halves = [(INPUTS[:30].to_sparse(), LABELS[:30]), (INPUTS[30:].to_sparse(), LABELS[30:])]
    assert gone_through(halves, None, None).samples == 60


def test_inputs_whose_numbers_cannot_be_read_are_counted():
    hidden = [(torch.zeros(6, 2, device="meta"), LABELS[:6])]
    watched = gone_through(hidden, None)
    with pytest.raises(ValueError, match=r"loaders: 'mine': inputs cannot be compared .* 'meta'"):
        _ = watched.fingerprint


def test_the_first_batch_is_kept_as_it_was():
    data = batches()
    watched = WatchedLoader(data, keep_first=True)
    for inputs, _ in watched:
        inputs.neg_()  # as a layer in place does
    assert torch.equal(watched.first[0], -data[0][0])
    for inputs, _ in data:
        inputs.neg_()
    assert WatchedLoader(data).first is None
