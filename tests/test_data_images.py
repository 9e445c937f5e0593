"""Pixels to floats and back, grids, files, and the checks of arrays."""

import keras
import numpy as np
import pytest
from PIL import Image

from kgan import data


def test_to_float_and_back_is_exact_for_every_pixel_value():
    pixels = np.arange(256, dtype="uint8")
    scaled = data.to_float(pixels)
    assert scaled.dtype == np.float32 and scaled[0] == -1 and scaled[255] == 1
    np.testing.assert_array_equal(data.to_uint8(scaled), pixels)


def test_to_uint8_rounds_clips_and_takes_tensors():
    values = np.array([-2, -1, -0.999, -0.997, 0, 0.997, 1, 2], "float32")
    # 127.5 rounds to the even neighbour.
    wanted = [0, 0, 0, 0, 128, 255, 255, 255]
    assert data.to_uint8(values).tolist() == wanted
    tensor = keras.ops.cast(keras.ops.convert_to_tensor(values), "bfloat16")
    assert data.to_uint8(tensor).tolist() == wanted
    with pytest.raises(ValueError, match=r"floats in \[-1, 1\], got uint8"):
        data.to_uint8(np.zeros(3, "uint8"))
    with pytest.raises(ValueError, match="NaN"):
        data.to_uint8(np.array([np.nan]))
    with pytest.raises(ValueError, match="uint8 pixels"):
        data.to_float(np.zeros(3))


def test_grid_places_images_row_by_row():
    images = np.arange(1, 6, dtype="uint8")[:, None, None, None] * np.ones((1, 2, 3, 1), "uint8")
    picture = data.grid(images, padding=1, background=9)
    # Five images: 3 columns, 2 rows.
    row = lambda *values: [9] + [v for x in values for v in [x, x, x, 9]]  # noqa: E731
    line = [9] * 13
    wanted = [line, row(1, 2, 3), row(1, 2, 3), line, row(4, 5, 9), row(4, 5, 9), line]
    assert picture[..., 0].tolist() == wanted
    assert data.grid(images, columns=5, padding=0).shape == (2, 15, 1)
    assert data.grid(images, columns=99, padding=0).shape == (2, 15, 1)
    floats = data.to_float(np.repeat(images, 3, axis=-1))
    np.testing.assert_array_equal(data.grid(floats)[..., :1], data.grid(images))


@pytest.mark.parametrize("images", [np.zeros((2, 2, 1), "uint8"), np.zeros((0, 2, 2, 1), "uint8")])
def test_grid_refuses_what_is_no_batch(images):
    with pytest.raises(ValueError, match="grid takes images"):
        data.grid(images)
    with pytest.raises(ValueError, match="columns must be at least 1"):
        data.grid(np.zeros((2, 2, 2, 1), "uint8"), columns=0)


def test_what_is_not_a_number_or_empty_is_refused(tmp_path):
    images = np.zeros((3, 2, 2, 1), "float32")
    images[1, 0, 1, 0], images[2] = np.nan, np.inf
    for convert in (data.to_uint8, data.grid):
        with pytest.raises(ValueError, match=r"5 NaN or .* of 12, .*first at \(1, 0, 1, 0\)"):
            convert(images)
    with pytest.raises(ValueError, match=r"no pixels: the shape is \(0, 2, 2, 1\)"):
        data.to_uint8(images[:0])
    for empty in (images[:0], images[:, :0], np.array([])):
        with pytest.raises(ValueError, match=r"grid takes images .* at least one"):
            data.grid(empty)
    for dtype in ("uint8", "float32"):
        with pytest.raises(ValueError, match=r"no pixels: the shape is \(0, 4, 1\)"):
            data.save_image(tmp_path / "a.png", np.zeros((0, 4, 1), dtype))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("shape", [(5, 7, 1), (5, 7, 3), (5, 7)])
def test_save_image_writes_the_pixels(tmp_path, shape):
    image = np.random.default_rng(0).integers(0, 256, shape, "uint8")
    path = data.save_image(tmp_path / "new" / "a.png", image)
    with Image.open(path) as saved:
        assert saved.mode == ("RGB" if shape[-1] == 3 else "L")
        np.testing.assert_array_equal(np.asarray(saved), image.squeeze())


def test_save_image_refuses_floats_batches_and_unknown_suffixes(tmp_path):
    with pytest.raises(ValueError, match="to_uint8"):
        data.save_image(tmp_path / "a.png", np.zeros((4, 4, 1)))
    with pytest.raises(ValueError, match=r"kgan\.data\.grid"):
        data.save_image(tmp_path / "a.png", np.zeros((2, 4, 4, 1), "uint8"))
    with pytest.raises(ValueError, match="extension"):
        data.save_image(tmp_path / "a.nope", np.zeros((4, 4, 1), "uint8"))


def test_validate_returns_images_and_labels_in_standard_form():
    images, labels = data.validate(np.zeros((2, 4, 4), "uint8"), [0, 1], classes=2)
    assert images.shape == (2, 4, 4, 1) and images.dtype == np.uint8
    assert labels.dtype == np.int32
    images, labels = data.validate(np.full((2, 4, 4, 3), -0.5, "float64"))
    assert images.dtype == np.float32 and labels is None


good = np.linspace(-1, 1, 2 * 4 * 4).reshape(2, 4, 4, 1)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (good + 1, r"floats from 0 to 2, which looks like 0 to 255"),
        ((good + 1) / 2, r"floats from 0 to 1, which looks like \[0, 1\].*pass pets \* 2 - 1"),
        ((good + 1) * 127.5, r"floats from 0 to 255, which looks like 0 to 255.*astype\('uint8'\)"),
        (good * 3, r"floats from -3 to 3, outside \[-1, 1\]"),
        (np.where(good > 0.9, np.nan, good), "NaN or infinite values, the first in image 1"),
        (np.where(good > 0.9, np.inf, good), "NaN or infinite values, the first in image 1"),
        (good.astype("int64"), r"got int64.*astype\('uint8'\)"),
        (np.zeros((2, 3, 4, 4), "uint8"), r"last axis, got shape \(2, 3, 4, 4\)\. Move the"),
        (np.zeros((2, 4, 4, 2), "uint8"), r"1 or 3 channels"),
        (np.zeros((4, 4), "uint8"), r"got shape \(4, 4\)"),
        (iter(()), "must be an array, got a tuple_iterator"),
        (np.zeros((0, 4, 4, 1), "uint8"), "no image"),
    ],
)
def test_validate_names_what_is_wrong_with_images(images, message):
    with pytest.raises(ValueError, match=f"pets .*{message}"):
        data.validate(images, name="pets")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0.0, 1.0], "labels must be integers, got float64"),
        ([True, False], "labels must be integers, got bool"),
        ([0, 1, 2], r"labels must have shape \(2,\), one an image, got \(3,\)"),
        ([[0], [1]], r"pass labels\[:, 0\]"),
        ([[0, 1, 0], [1, 0, 0]], "one-hot.*argmax"),
        ([0, -1], "label 1 is -1"),
        ([0, 10], r"0\.\.9 for 10 classes, but label 1 is 10"),
    ],
)
def test_validate_names_what_is_wrong_with_labels(labels, message):
    with pytest.raises(ValueError, match=message):
        data.validate(good, labels, classes=10)


def test_dataset_of_floats_keeps_the_nearest_grey_levels():
    dataset = data.ImageDataset(good, batch_size=2, shuffle=False)
    assert dataset.images.dtype == np.uint8
    np.testing.assert_allclose(dataset[0][0], good, atol=1 / 255 + 1e-6)
