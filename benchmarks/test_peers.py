"""The peers and feature sets themselves: what is timed computes what it is said to compute."""

from pathlib import Path

import numpy as np
import pytest
from feature_sets import FILES, load
from peers import BLOCKS, PEERS, Peer, authors, faiss_flat, fastest_block

from kstar_gpu import definition

K_STAR_PEERS = pytest.mark.parametrize("peer", [authors, faiss_flat])


@K_STAR_PEERS
@pytest.mark.parametrize("name", ["gaussian:300x20", "clusters:300x20"])
def test_peer_is_right_without_ties(peer: Peer, name: str) -> None:
    """On small tie-free data float32 decides as the definition does."""
    features, labels, _ = load(name)
    np.testing.assert_array_equal(
        peer(features, labels, block=70), definition.kstar(features, labels)
    )


@K_STAR_PEERS
def test_peer_takes_rows(peer: Peer) -> None:
    """The k* of a few rows are those of the whole."""
    features, labels, _ = load("gaussian:300x20")
    rows = np.array([299, 0, 7])
    whole = peer(features, labels)
    assert whole is not None
    np.testing.assert_array_equal(peer(features, labels, rows, block=2), whole[rows])


def test_faiss_excludes_the_sample_by_number() -> None:
    """A foreign duplicate gives k* 1, wherever the index puts the sample among the two."""
    features = np.array([[0.0], [0.0], [5.0], [9.0]], dtype=np.float32)
    labels = np.array([0, 1, 0, 1])
    np.testing.assert_array_equal(faiss_flat(features, labels), [1, 1, 1, 1])


def test_products_return_nothing() -> None:
    """The bare products compute no k*."""
    features, labels, _ = load("gaussian:300x20")
    assert PEERS["product"](features, labels, block=70) is None
    assert PEERS["product_into"](features, labels, block=70) is None


def test_fastest_block_is_one_of_those_tried() -> None:
    """The choice is made among BLOCKS."""
    features, labels, _ = load("gaussian:300x20")
    assert fastest_block(authors, features, labels) in BLOCKS


def test_sets_are_the_same_every_time() -> None:
    """A generated set and a part of one depend on nothing but their names."""
    first, second = load("clusters:300x20", 100), load("clusters:300x20", 100)
    assert first.name == "clusters:300x20[100]"
    assert first.features.shape == (100, 20)
    assert first.labels.shape == (100,)
    np.testing.assert_array_equal(first.features, second.features)
    np.testing.assert_array_equal(first.labels, second.labels)


def test_clusters_are_clustered() -> None:
    """Every sample has its whole class around it."""
    features, labels, _ = load("clusters:300x20")
    np.testing.assert_array_equal(definition.kstar(features, labels), np.bincount(labels)[labels])


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


def test_bad_names_and_sizes_are_refused() -> None:
    """One clear error each."""
    with pytest.raises(ValueError, match=r"name: one of fc1, .* is wanted, got 'gaussian:20'"):
        load("gaussian:20")
    with pytest.raises(ValueError, match=r"size: 2 to 30 samples are wanted of .*, got 31"):
        load("gaussian:30x2", 31)
