"""Named feature sets: real features from files, scikit-learn's digits, and generated ones.

Files are read from the folder named by the environment variable KSTAR_DATA, or else from `data`
beside this page; `make_features.py` writes them.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FILES = {
    "fc1": "fashion_cnn_fc1_train60k",
    "conv3": "fashion_cnn_conv3_train20k",
    "logits": "fashion_cnn_logits_train60k",
    "effnet": "fashion_effnet_head_test10k",
    "minilm": "wordnet_noun_gloss_minilm_sent",
    "letter": "letterrecognition_raw",
    "shuttle": "shuttle_raw",
    "digits_mlp": "digits_mlp_h1",
}
GENERATED = re.compile(r"(gaussian|clusters|overlapping):(\d+)x(\d+)(?:x(\d+))?")
GENERATED_CLASSES = "10"
# Standard deviation of the classes' centres; within a class it is 1.
CENTRE_SPREAD = {"gaussian": 0.0, "overlapping": 1.0, "clusters": 10.0}


class FeatureSet(NamedTuple):
    """Samples with their classes, as every function under benchmarks/ takes them."""

    features: NDArray[np.float32]  # (N, d)
    labels: NDArray[np.int64]  # (N,)
    name: str


def data_folder() -> Path:
    """Return the folder that holds the feature files."""
    return Path(os.environ.get("KSTAR_DATA", Path(__file__).parent / "data"))


def load(name: str, size: int | None = None) -> FeatureSet:
    """Return the feature set of this name, or a seeded random part of it.

    Parameters
    ----------
    name : a key of `FILES`, "digits", "gaussian:NxD", "clusters:NxD" or "overlapping:NxD"
        Gaussian features are independent of the labels, so that nothing can be pruned; clusters,
        one per class, lie far apart, or about as far as they are wide. All have 10 classes, or C
        of them as "...:NxDxC".
    size : number of samples to keep, all by default

    Raises
    ------
    ValueError
        The name is unknown, or the set has fewer samples than asked for.
    FileNotFoundError
        The set's file is not in the data folder.
    """
    generated = GENERATED.fullmatch(name)
    if generated:
        kind, *sizes = generated.groups(default=GENERATED_CLASSES)
        features, labels = _generate(kind, *map(int, sizes))
    elif name == "digits":
        features, labels = _digits()
    elif name in FILES:
        features, labels = _read(name)
    else:
        generated_ones = [f"{kind}:NxD" for kind in CENTRE_SPREAD]
        known = ", ".join([*FILES, "digits", *generated_ones, "...:NxDxC"])
        raise ValueError(f"name: one of {known} is wanted, got {name!r}")
    if size is None:
        return FeatureSet(features, labels, name)
    if not 2 <= size <= len(features):
        raise ValueError(f"size: 2 to {len(features)} samples are wanted of {name}, got {size}")
    kept = np.sort(np.random.default_rng(0).choice(len(features), size, replace=False))
    return FeatureSet(features[kept], labels[kept], f"{name}[{size}]")


def _generate(
    kind: str, n: int, d: int, classes: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(0)
    labels = rng.integers(classes, size=n)
    features = rng.standard_normal((n, d), dtype=np.float32)
    if CENTRE_SPREAD[kind]:
        centres = rng.standard_normal((classes, d), dtype=np.float32)
        features += CENTRE_SPREAD[kind] * centres[labels]
    return features, labels


def _digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    from sklearn.datasets import load_digits

    features, labels = load_digits(return_X_y=True)
    return features.astype(np.float32), labels.astype(np.int64)


def _read(name: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    path = data_folder() / f"{FILES[name]}.npz"
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is missing: run `python benchmarks/make_features.py {name}`, "
            "or set KSTAR_DATA to a folder that has it"
        )
    with np.load(path) as stored:
        return stored["features"].astype(np.float32), stored["labels"].astype(np.int64)
