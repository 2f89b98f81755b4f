"""Maps: which one is being made is told; those that are given are taken as they are."""

import numpy as np
import pytest
import torch

from kstar_gpu.plot.maps import checked_maps, made_maps


def test_each_is_named_while_it_is_made(rng, capsys):
    rows = rng.standard_normal((20, 3)).astype(np.float32)
    quiet = made_maps(rows, 0, None)  # nobody watches
    assert capsys.readouterr().err == ""
    assert [*quiet] == ["PCA", "t-SNE", "Isomap", "UMAP"]
    assert all(points.shape == (20, 2) for points in quiet.values())
    made_maps(rows, 0, True)
    shown = capsys.readouterr().err
    for name in quiet:
        assert f"{name} of 20 samples" in shown


def test_given_ones():
    points = torch.arange(10).reshape(5, 2)
    checked = checked_maps({"mine": points, 2: points.tolist()}, 5)
    assert [*checked] == ["mine", "2"]
    for each in checked.values():
        np.testing.assert_array_equal(each, points)


@pytest.mark.parametrize(
    ("maps", "error", "message"),
    [
        ([1, 2], TypeError, "maps: a mapping from titles to points is wanted, got \\[1, 2\\]"),
        ({}, ValueError, "maps: one to 4 are wanted, got 0"),
        ({key: [[0, 1]] for key in range(5)}, ValueError, "maps: one to 4 are wanted, got 5"),
        ({"a": [[1, 2]]}, ValueError, r"maps\['a'\]: a point per sample, shape \(2, 2\), is want"),
        ({"a": [1, 2]}, ValueError, r"maps\['a'\]: a point per sample, shape \(2, 2\), is wante"),
        ({"a": [[1, 2], [np.nan, 2]]}, ValueError, r"maps\['a'\]: finite .* got another in row 1"),
        ({"a": [["x", "y"]] * 2}, TypeError, r"maps\['a'\]: "),
    ],
)
def test_what_is_no_map(maps, error, message):
    with pytest.raises(error, match=message):
        checked_maps(maps, 2)
