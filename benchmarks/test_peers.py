"""The peers and feature sets themselves: what is timed computes what it is said to compute."""

import os
import subprocess
import sys
from pathlib import Path
from time import sleep

import numpy as np
import pytest
from complexity_peers import LSC_PEERS
from feature_sets import FILES, FeatureSet, load
from measure import checked
from numpy.typing import NDArray
from peers import BLOCKS, PEERS, Peer, fastest_block
from test_bench import wrong_of
from torch.utils.flop_counter import FlopCounterMode

from kstar_gpu import definition, kstar, kstar_distribution

Samples = tuple[NDArray[np.float32], NDArray[np.int64]]
K_STAR_PEERS = pytest.mark.parametrize(
    "peer", [peer for name, peer in PEERS.items() if not name.startswith("product")]
)


@pytest.fixture
def two_halves() -> Samples:
    """Return a cloud cut in two: no ties, and k* from 1 to the hundreds.

    Of integers, whose squares and products float32 sums up exactly, in whatever order.
    """
    features = (100 * np.random.default_rng(0).standard_normal((400, 3))).round()
    return features.astype(np.float32), (features[:, 0] > 0).astype(np.int64)


@K_STAR_PEERS
def test_peer_is_right_without_ties(peer: Peer, two_halves: Samples) -> None:
    """Where nothing is rounded and nothing ties, all decide as the definition does."""
    np.testing.assert_array_equal(peer(*two_halves, block=70), definition.kstar(*two_halves))


@K_STAR_PEERS
def test_peer_takes_rows(peer: Peer, two_halves: Samples) -> None:
    """The k* of a few rows are those of the whole."""
    rows = np.array([399, 0, 7, 30])
    whole = peer(*two_halves)
    assert whole is not None
    np.testing.assert_array_equal(peer(*two_halves, rows, block=3), whole[rows])


@K_STAR_PEERS
def test_peer_sees_whole_classes(peer: Peer) -> None:
    """Among far-off clusters the first foreign neighbour comes after the whole class."""
    features, labels, _ = load("clusters:300x20")
    np.testing.assert_array_equal(peer(features, labels), np.bincount(labels)[labels])


def test_faiss_excludes_the_sample_by_number() -> None:
    """A foreign duplicate gives k* 1, wherever the index puts the sample among the two."""
    features = np.array([[0.0], [0.0], [5.0], [9.0]], dtype=np.float32)
    labels = np.array([0, 1, 0, 1])
    np.testing.assert_array_equal(PEERS["faiss"](features, labels), [1, 1, 1, 1])


@pytest.mark.parametrize("name", LSC_PEERS)
def test_complexity_peers_are_right_where_classes_coincide(name: str) -> None:
    """What they call LSC is `KStarDistribution.lsc`, on duplicates of other classes, too."""
    if name == "pycol":
        pytest.importorskip("pycol_complexity", reason="an extra: bench")
    rng = np.random.default_rng(0)
    features = rng.integers(0, 9, (90, 2)).astype(np.float32)
    labels = np.arange(90) % 2
    feature_set = FeatureSet(features, labels, "grid")
    assert np.any(kstar_distribution(features, labels).foreign_at_zero)
    assert wrong_of(LSC_PEERS[name](features, labels), checked(feature_set)) == (0, 1)
    assert wrong_of(1 - kstar(features, labels).sum() / 90**2, checked(feature_set)) == (1, 1)


@pytest.mark.parametrize("peer", [PEERS["product"], PEERS["product_into"]])
def test_product_multiplies_every_pair(peer: Peer, two_halves: Samples) -> None:
    """The bare products do N x N x d multiply-adds, the last, smaller block included."""
    n, d = two_halves[0].shape
    with FlopCounterMode(display=False) as counter:
        assert peer(*two_halves, block=70) is None
    assert counter.get_total_flops() == 2 * n * n * d


def test_the_fastest_block_is_chosen() -> None:
    """Of a peer that is slow at all blocks but one."""

    def peer(
        features: NDArray[np.float32],
        labels: NDArray[np.int64],
        rows: NDArray[np.int64] | None = None,
        block: int = 128,
    ) -> None:
        sleep(0 if block == BLOCKS[2] else 0.02)

    features, labels, _ = load("gaussian:300x20")
    assert fastest_block(peer, features, labels) == BLOCKS[2]


def test_sets_are_the_same_every_time() -> None:
    """A generated set and a part of one depend on nothing but their names."""
    first, second = load("clusters:300x20", 100), load("clusters:300x20", 100)
    assert first.name == "clusters:300x20[100]"
    assert first.features.shape == (100, 20)
    assert first.labels.shape == (100,)
    np.testing.assert_array_equal(first.features, second.features)
    np.testing.assert_array_equal(first.labels, second.labels)


def test_file_is_read_from_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values as stored become float32, labels int64; a missing file says how to get it."""
    monkeypatch.setenv("KSTAR_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"make_features.py letter`, or set KSTAR_DATA"):
        load("letter")
    stored = np.array([[1.0], [0.1]], dtype=np.float16)
    np.savez(tmp_path / f"{FILES['letter']}.npz", features=stored, labels=np.array([1, 0], "i2"))
    features, labels, name = load("letter")
    assert [str(features.dtype), str(labels.dtype), name] == ["float32", "int64", "letter"]
    np.testing.assert_array_equal(features, stored.astype(np.float32))


def test_classes_of_generated_sets() -> None:
    """Ten, unless the name says otherwise; the features are the same."""
    few, many = load("gaussian:300x20"), load("gaussian:300x20x100")
    assert [len(np.unique(each.labels)) for each in (few, many)] == [10, 99]
    np.testing.assert_array_equal(few.features, many.features)


INTERPRETED = """
import numpy as np
from feature_sets import load
from peers import on_arrays
from triton_peer import fused

features, labels, _ = load("gaussian:200x40x3")
rows = np.array([199, 0, 7, 30])
peer = on_arrays(fused)
print(*peer(features, labels, block=32), *peer(features, labels, rows, block=16))
"""


def test_triton_peer() -> None:
    """The kernel, interpreted on the host, is right where nothing is close to a tie."""
    pytest.importorskip("triton", reason="it comes with torch for CUDA, not with that for CPUs")
    outcome = subprocess.run(  # Triton decides as it is imported whether it interprets
        [sys.executable, "-c", INTERPRETED],
        env={**os.environ, "TRITON_INTERPRET": "1"},
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    features, labels, _ = load("gaussian:200x40x3")
    truth = definition.kstar(features, labels)
    assert outcome.stdout.split() == [str(value) for value in [*truth, *truth[[199, 0, 7, 30]]]]


def test_bad_names_and_sizes_are_refused() -> None:
    """One clear error each."""
    with pytest.raises(ValueError, match=r"name: one of fc1, .* is wanted, got 'gaussian:20'"):
        load("gaussian:20")
    with pytest.raises(ValueError, match=r"size: 2 to 30 samples are wanted of .*, got 31"):
        load("gaussian:30x2", 31)
