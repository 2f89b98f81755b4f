"""Whatever files and options the command is given: the right result is kept, or one line tells."""

import io
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kstar_gpu import KStarDistribution, cli, definition

NUMBERS = ["f2", "f4", "f8", "i1", "u2", "i4", "i8", "?"]
NO_FEATURES = {
    "NaN": lambda x: np.where(np.arange(x.size).reshape(x.shape) == 1, np.nan, x.astype(float)),
    "text": lambda x: x.astype(str),
    "complex": lambda x: x.astype(np.complex128),
    "objects": lambda x: x.astype(object),
    "one number": lambda x: np.array(3.0),
    "nothing": lambda x: x[:0],
    "too few": lambda x: x[1:],
}
NO_OPTIONS = [
    ["--metric", "manhattan"],
    ["--backend", "abacus"],
    ["--device", "meta"],
    ["--device", "abacus"],
    ["--class-names", "only one"],
    ["--plot", "picture.unknown"],
    ["--labels", "there-is-no-such-file.npy"],
    *([] if torch.cuda.is_available() else [["--device", "cuda"]]),
]
LETTERS = st.text(st.characters(exclude_characters=",", exclude_categories=["Cs"]), max_size=9)


def write(folder, kind, x, y):
    """Write features and labels; return the command's arguments that name them."""
    if kind == "npy":
        np.save(folder / "x.npy", x, allow_pickle=True)
        np.save(folder / "y.npy", y)
        return [str(folder / "x.npy"), "--labels", str(folder / "y.npy")]
    if kind == "npz":
        np.savez(folder / "xy.npz", features=x, labels=y)
        return [str(folder / "xy.npz")]
    torch.save({"a:b": torch.from_numpy(x), "labels": torch.from_numpy(y)}, folder / "xy.pt")
    return [f"{folder / 'xy.pt'}:a:b"]


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_the_right_result_or_one_line(data):
    count = data.draw(st.integers(3, 7), "samples")
    x = data.draw(arrays(np.int64, (count, 2), elements=st.integers(0, 3)), "features")
    x = x.astype(data.draw(st.sampled_from(NUMBERS), "type"))
    y = data.draw(arrays(np.int64, count, elements=st.integers(0, 2)), "labels")
    given, valid = x, len(set(y.tolist())) > 1
    kind = data.draw(st.sampled_from(["npy", "npz", "pt"]), "file")
    wrong = data.draw(st.sampled_from([None, None, None, *NO_FEATURES]), "features that are none")
    if wrong is not None:
        given, valid = NO_FEATURES[wrong](x), False
        kind = "npz" if kind == "pt" else kind  # torch holds none of these
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asked = write(folder, kind, given, y)
        if data.draw(st.integers(0, 4), "is it damaged") == 0:
            file = next(path for path in folder.iterdir() if path.stem.startswith("x"))
            file.write_bytes(file.read_bytes()[: data.draw(st.integers(0, 40), "bytes left")])
            valid = False
        names = [str(label) for label in np.unique(y)]
        option = data.draw(st.sampled_from(["none", "names", *range(len(NO_OPTIONS))]), "option")
        if option == "names":
            names = [data.draw(LETTERS, "name") for _ in names]
            asked.append(f"--class-names={','.join(names)}")
        elif option != "none":
            asked, valid = [*asked, *NO_OPTIONS[option]], False
        out, said = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(said):
            status = cli.main(["compute", *asked, "--out", str(folder / "result.npz")])
        lines = said.getvalue().splitlines()
        if not valid:
            assert status == 2
            assert len(lines) == 1
            assert lines[0].startswith("kstar-gpu: error: ")
            assert not (folder / "result.npz").exists()
            return
        assert (status, lines) == (0, [])
        found = KStarDistribution.load(folder / "result.npz")
        np.testing.assert_array_equal(found.kstar, definition.kstar(x.astype(np.float64), y))
        assert list(found.class_names) == names
