"""`.npz` files: names of arrays, splits, ranges, damage."""

import numpy as np
import pytest

from kgan import data

rng = np.random.default_rng(0)
PIXELS = rng.integers(0, 256, (12, 6, 6, 3), "uint8")
LABELS = np.arange(12) % 3


@pytest.fixture
def save(tmp_path):
    def write(**arrays):
        np.savez(tmp_path / "a.npz", **arrays)
        return tmp_path / "a.npz"

    return write


@pytest.mark.parametrize("names", [("images", "labels"), ("x", "y"), ("x_train", "y_train")])
def test_names_of_arrays(save, names):
    path = save(**dict(zip(names, (PIXELS, LABELS), strict=True)))
    dataset = data.load(path, batch_size=12, shuffle=False, labels=True)
    np.testing.assert_array_equal(dataset.images, PIXELS)
    np.testing.assert_array_equal(dataset.labels, LABELS)
    assert dataset.classes == 3 and dataset.class_names is None
    assert data.load(str(path), batch_size=12).labels is None


def test_splits_slices_limit_and_class_names(save):
    path = save(
        x_train=PIXELS,
        x_test=PIXELS[:5],
        y_train=LABELS,
        fine=LABELS * 2,
        class_names=np.array(list("abcdef")),
    )
    assert data.load(path, "test", batch_size=1).num_images == 5
    dataset = data.load(path, "train[25%:]", batch_size=1, limit=4, labels="fine")
    # Drawn by a fixed permutation, in the order of the file.
    chosen = np.sort(np.random.default_rng(0).permutation(12)[3:7])
    np.testing.assert_array_equal(dataset.images, PIXELS[chosen])
    np.testing.assert_array_equal(dataset.labels, LABELS[chosen] * 2)
    assert dataset.class_names == list("abcdef") and dataset.classes == 6
    with pytest.raises(ValueError, match=r"unknown split 'val' of .*it has 'test', 'train'"):
        data.load(path, "val")


def test_parts_of_a_file_sorted_by_class_have_all_classes(save):
    images = np.arange(200, dtype="uint8")[:, None, None, None] * np.ones((6, 6, 1), "uint8")
    path = save(images=images, labels=np.arange(200) // 20)
    parts = [
        data.load(path, f"train[{part}]", batch_size=1, labels=True) for part in (":75%", "75%:")
    ]
    for part in parts:
        assert set(part.labels) == set(range(10))
    together = np.concatenate([part.images for part in parts])
    np.testing.assert_array_equal(np.sort(together[:, 0, 0, 0]), np.arange(200))


def test_floats_grey_and_alpha(save):
    floats = data.load(save(images=data.to_float(PIXELS)), batch_size=1)
    np.testing.assert_array_equal(floats.images, PIXELS)
    grey = data.load(save(images=PIXELS[..., 0]), batch_size=1)
    assert grey.image_shape == (6, 6, 1)
    clear = np.concatenate([PIXELS, np.zeros((12, 6, 6, 1), "uint8")], axis=-1)
    assert (data.load(save(images=clear), batch_size=1).images == 255).all()
    small = data.load(save(images=PIXELS), batch_size=1, image_size=3, channels=1)
    assert small.image_shape == (3, 3, 1)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (dict(pictures=PIXELS), r"no array 'images' or 'x': it has \['pictures'\]"),
        (dict(x=PIXELS), r"no array 'labels' or 'y' of labels: it has \['x'\]"),
        (dict(x=PIXELS / 255, y=LABELS), r"'x' of .*a\.npz are floats .*\[0, 1\]"),
        (dict(x=PIXELS, y=LABELS[:5]), r"shape \(12,\)"),
        (dict(x=PIXELS, y=LABELS - 1), "label 0 is -1"),
        (dict(x=PIXELS, y=LABELS, class_names=["a", "b"]), r"0\.\.1 for 2 classes, but label 2"),
        (dict(x=np.array([PIXELS[0], PIXELS[0, :3]], dtype=object)), "one size in one uint8 array"),
    ],
)
def test_wrong_content_is_named(save, arrays, message):
    with pytest.raises(ValueError, match=message):
        data.load(save(**arrays), batch_size=1, labels=True)


@pytest.mark.parametrize("keep", [0, 10, 300])
def test_damaged_file_is_named(save, keep):
    path = save(images=PIXELS)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"a\.npz cannot be read as an \.npz file"):
        data.load(path, batch_size=1)
