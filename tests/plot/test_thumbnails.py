"""Images and texts of whatever holds them."""

from collections import namedtuple

import numpy as np
import pandas as pd
import polars
import pytest
import torch
from PIL import Image

from kstar_gpu.plot.thumbnails import check_images, thumbnail_of

RGB = np.random.default_rng(0).random((5, 7, 3))
GRAY = RGB[..., 0]


def of(image):
    return thumbnail_of([None, image], 1, "images")


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        (GRAY, GRAY),
        (GRAY.tolist(), GRAY),
        (GRAY[..., None], GRAY),
        (GRAY[None], GRAY),
        (RGB, RGB),
        (RGB.transpose(2, 0, 1), RGB),
        (torch.from_numpy(RGB).permute(2, 0, 1), RGB),
        (torch.from_numpy(RGB).requires_grad_(), RGB),
        (np.concatenate([RGB, RGB[..., :1]], 2), np.concatenate([RGB, RGB[..., :1]], 2)),
        ((RGB, 3), RGB),
        (namedtuple("Item", "image label")(RGB, 3), RGB),
        (GRAY > 0.5, (GRAY > 0.5).astype(float)),
    ],
)
def test_images(image, wanted):
    np.testing.assert_array_equal(
        of(image), np.float32(wanted) if torch.is_tensor(image) else wanted
    )


def test_of_both_ways_channels_are_first_in_tensors():
    image = np.random.default_rng(0).random((3, 5, 3))
    np.testing.assert_array_equal(of(image), image)
    tensor = torch.from_numpy(image).float()
    np.testing.assert_array_equal(of(tensor), tensor.permute(1, 2, 0).numpy())


def test_bytes_are_shares_of_255_and_other_numbers_of_their_range():
    np.testing.assert_array_equal(of(np.array([[0, 51]], np.uint8)), np.float32([[0, 0.2]]))
    assert of(np.array([[0, 4], [8, 16]])).tolist() == [[0, 0.25], [0.5, 1]]
    assert of(np.array([[-1.0, 0.0, 1.0]])).tolist() == [[0, 0.5, 1]]
    assert of(np.array([[7.0, 7.0]])).tolist() == [[0, 0]]
    assert of(np.array([[-1.7e308, 0, 1.7e308]])).tolist() == [[0, 0.5, 1]]
    assert of(torch.tensor([[0.0, 0.5]], dtype=torch.bfloat16)).tolist() == [[0, 0.5]]


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "CMYK"])
def test_pil_images_and_paths(mode, tmp_path):
    image = Image.fromarray(np.uint8(255 * RGB)).convert(mode)
    found = of(image)
    assert found.shape[:2] == (5, 7)
    assert found.ndim == (2 if mode == "L" else 3)
    wanted = image if mode in ("L", "RGB", "RGBA") else image.convert("RGB")
    np.testing.assert_array_equal(found, np.asarray(wanted) / np.float32(255))
    path = tmp_path / "image.tiff"
    image.save(path)
    np.testing.assert_array_equal(of(path), found)


def test_a_large_image_is_made_small():
    assert of(np.zeros((1000, 3000, 3), np.uint8)).shape == (84, 250, 3)
    assert of(np.zeros((256, 256))).shape == (256, 256)


def test_texts_by_their_position():
    texts = ["one", "two"]
    for given in (texts, np.array(texts), pd.Series(texts, index=[1, 0]), polars.Series(texts)):
        check_images(given, 2, "images")
        found = thumbnail_of(given, 1, "images")
        assert found == "two"
        assert type(found) is str


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (None, TypeError, r"images\[1\]: an image \(array.* wanted, got NoneType"),
        ({"image": GRAY}, TypeError, r"images\[1\]: .* wanted, got dict"),
        (GRAY.astype(complex), TypeError, r"images\[1\]: .* wanted, got ndarray"),
        ([[1], [1, 2]], TypeError, r"images\[1\]: .* wanted, got list"),
        (np.zeros(64), ValueError, r"images\[1\]: an image of shape .* wanted, got \(64,\)"),
        (np.zeros((2, 5, 5)), ValueError, r"1, 3 or 4 channels is wanted, got \(2, 5, 5\)"),
        (np.zeros((0, 5)), ValueError, r"wanted, got \(0, 5\)"),
        (np.full((2, 2), np.nan), ValueError, r"images\[1\]: finite numbers are wanted"),
    ],
)
def test_what_is_no_image(image, error, message):
    with pytest.raises(error, match=message):
        of(image)


@pytest.mark.parametrize(
    "images", [3, None, "text", b"text", {0: GRAY}, pd.DataFrame(GRAY), {1, 2}]
)
def test_what_are_no_images(images):
    with pytest.raises(TypeError, match=f"images: an image .* got {type(images).__name__}"):
        check_images(images, None, "images")


def test_one_for_each_sample():
    with pytest.raises(ValueError, match=r"images: one per sample is wanted \(3\), got 2"):
        check_images([GRAY, GRAY], 3, "images")
    with pytest.raises(ValueError, match="reference_images: more than 2 are wanted, got 2"):
        thumbnail_of([GRAY, GRAY], 2, "reference_images")
