"""What is saved: a file or a directory is told from the other, and names are taken whole."""

import argparse

import pytest
from helpers.made_result import made
from helpers.made_sweep import kept, made_sweep

from kstar_gpu import KStarDistribution, Sweep
from kstar_gpu.commands.saved import add_saved, one_result, read_saved
from kstar_gpu.networks.sweep import Key


def read(*arguments):
    parser = argparse.ArgumentParser()
    add_saved(parser)
    return read_saved(parser.parse_args([*map(str, arguments)]))


def test_a_file_or_a_directory(tmp_path):
    made([1, 2, 3, 1], [4]).save(tmp_path / "r.npz")
    kept(made_sweep(3), tmp_path / "runs")
    assert isinstance(read(tmp_path / "r.npz"), KStarDistribution)
    assert isinstance(read(tmp_path / "runs"), Sweep)


def test_names_are_whole(tmp_path):
    results = made_sweep(3).results
    first = next(iter(results.values()))
    keys = [Key("net", "a", "fc"), Key("network", "a", "fc"), Key("network", "b", "fc.1")]
    kept(Sweep(dict.fromkeys(keys, first)), tmp_path)
    assert [*read(tmp_path, "--model", "network", "--data", "a").results] == [keys[1]]
    assert [*read(tmp_path, "--layer", "fc").results] == keys[:2]
    with pytest.raises(ValueError, match=r"--data: one of 'a' is wanted, got 'b'"):
        read(tmp_path, "--model", "net", "--data", "b")


def test_one_alone():
    sweep = made_sweep(3)
    with pytest.raises(ValueError, match="a choice of one result is wanted, got 4"):
        one_result(sweep)
    key, result = sweep.results.popitem()
    assert one_result(result) is result
    assert one_result(Sweep({key: result})) is result
