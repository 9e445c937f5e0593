"""Folders of real image files: classes, splits, modes, sizes, damage."""

import json

import numpy as np
import pytest
from PIL import Image

from kgan import data
from kgan.data import loading


def write(path, pixels, mode=None, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(pixels, "uint8"))
    (image.convert(mode) if mode else image).save(path, **kwargs)


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, "uint8")


@pytest.fixture
def pets(tmp_path):
    """Three cats and five dogs, grey 8 x 8; image `i` is all `i`, dogs come from 10."""
    for i in range(3):
        write(tmp_path / "cat" / f"{i}.png", np.full((8, 8), i))
    for i in range(5):
        write(tmp_path / "dog" / "puppies" / f"{i}.bmp", np.full((8, 8), 10 + i))
    return tmp_path


def describe(folder, values):
    """Image `i` is all `i`; its line in `metadata.jsonl` has `values[i]` as the tags' colour."""
    lines = []
    for i, value in enumerate(values):
        write(folder / f"{i:02d}.png", np.full((8, 8), i))
        lines.append({"file_name": f"{i:02d}.png", "tags": {"colour": value}})
    text = "\n".join(json.dumps(line) for line in lines[::-1])
    (folder / "metadata.jsonl").write_text(text)


@pytest.mark.parametrize(
    "values, names, numbers",
    [
        (["red", "blue", None, "red"], ["blue", "none", "red"], [2, 0, 1, 2]),
        ([10, 9, 10, 2], ["2", "9", "10"], [2, 1, 2, 0]),
        ([True, False, True, True], ["false", "true"], [1, 0, 1, 1]),
        (["a", 3, "b", 10], ["10", "3", "a", "b"], [2, 1, 3, 0]),
        ([True, 1, "1", 0], ["0", "1", "true"], [2, 1, 1, 0]),
    ],
)
def test_metadata_gives_classes(tmp_path, values, names, numbers):
    describe(tmp_path, values)
    options = dict(labels="tags/colour", shuffle=False)
    dataset = data.load(tmp_path, batch_size=4, **options)
    assert dataset.class_names == names and dataset.labels.tolist() == numbers
    half = data.load(tmp_path, "train[50%:]", batch_size=2, **options)
    # A part of the images has the classes of all.
    assert half.class_names == names
    assert half.labels.tolist() == [numbers[i] for i in half.images[:, 0, 0, 0]]


def test_a_class_has_its_number_in_every_split(tmp_path):
    describe(tmp_path / "train", ["black", "red", "blue"])
    describe(tmp_path / "test", ["red", "white"])
    write(tmp_path / "val" / "0.png", np.zeros((8, 8)))  # not described
    for split, numbers in (("train", [0, 2, 1]), ("test", [2, 3])):
        dataset = data.load(tmp_path, split, labels="tags/colour", shuffle=False, batch_size=1)
        assert dataset.class_names == ["black", "blue", "red", "white"]
        assert dataset.labels.tolist() == numbers


def test_a_sub_folder_has_its_number_in_every_split(tmp_path):
    for split, names in (("train", "abc"), ("test", "bd")):
        for name in names:
            write(tmp_path / split / name / "0.png", np.zeros((8, 8)))
    for split, numbers in (("train", [0, 1, 2]), ("test", [1, 3])):
        dataset = data.load(tmp_path, split, labels=True, shuffle=False, batch_size=1)
        assert dataset.class_names == list("abcd")
        assert dataset.labels.tolist() == numbers


def test_metadata_of_sub_folders_gives_classes(tmp_path):
    describe(tmp_path / "a", ["red", "blue"])
    lines = (tmp_path / "a" / "metadata.jsonl").read_text()
    (tmp_path / "metadata.jsonl").write_text(lines.replace('name": "', 'name": "a/'))
    dataset = data.load(tmp_path, labels="tags/colour", shuffle=False, batch_size=2)
    assert dataset.labels.tolist() == [1, 0]


def test_metadata_that_gives_no_class_is_refused(tmp_path):
    with pytest.raises(ValueError, match="labels must be True, False or the name of a label"):
        data.load(tmp_path, labels="")
    describe(tmp_path, ["red", " "])
    with pytest.raises(ValueError, match="line 1: expected a JSON object with file_name and tags"):
        data.load(tmp_path, labels="tags/colour", batch_size=1)
    describe(tmp_path, ["red", 0.5])
    for name in ("tags/colour", "tags/size", "tags", "tags/colour/hue"):
        expected = rf"line \d: expected a JSON object with file_name and {name}, a text, a whole"
        with pytest.raises(ValueError, match=expected):
            data.load(tmp_path, labels=name, batch_size=1)
    describe(tmp_path, ["red", "blue"])
    write(tmp_path / "more.png", np.zeros((8, 8)))
    with pytest.raises(ValueError, match=r"has no label of 1 images, the first 'more.png'"):
        data.load(tmp_path, labels="tags/colour", batch_size=1)
    (tmp_path / "metadata.jsonl").unlink()
    with pytest.raises(ValueError, match=r'"1.png", "tags": {"colour": "..."}} for each'):
        data.load(tmp_path, labels="tags/colour", batch_size=1)


@pytest.mark.parametrize("cache", [True, False, "auto"])
def test_sub_folders_are_classes(pets, cache):
    dataset = data.load(pets, labels=True, shuffle=False, batch_size=8, cache=cache)
    images, labels = dataset[0]
    assert data.to_uint8(images)[:, 0, 0, 0].tolist() == [0, 1, 2, 10, 11, 12, 13, 14]
    assert labels.tolist() == [0] * 3 + [1] * 5
    assert dataset.class_names == ["cat", "dog"] and dataset.classes == 2
    assert dataset.image_shape == (8, 8, 1)
    assert isinstance(dataset.images, np.ndarray) == (cache is not False)


def test_files_read_on_demand_give_the_same_batches(pets):
    kwargs = dict(labels=True, batch_size=3, image_size=5, channels=3, augment="flip", seed=2)
    stored, lazy = (data.load(pets, cache=cache, **kwargs) for cache in (True, False))
    for epoch in range(2):
        stored.set_epoch(epoch)
        lazy.set_epoch(epoch)
        for a, b in zip(stored, lazy, strict=True):
            np.testing.assert_array_equal(a[0], b[0])
            np.testing.assert_array_equal(a[1], b[1])
    assert stored.digest() == lazy.digest()
    np.testing.assert_array_equal(stored.arrays()[0], lazy.arrays()[0])


def test_one_file_is_read_by_its_number(pets):
    images = data.load(pets, batch_size=2, cache=False).images
    np.testing.assert_array_equal(images[3], np.full((8, 8, 1), 10))
    np.testing.assert_array_equal(images[-1], images[7:][0])


def test_auto_reads_large_folders_on_demand(pets, monkeypatch):
    monkeypatch.setattr(loading, "MEMORY_BYTES", 8 * 8 * 8 - 1)
    assert not isinstance(data.load(pets, batch_size=8).images, np.ndarray)


def test_flat_folder_without_labels(tmp_path):
    for name in ("b.jpg", "a.JPEG", "c.webp", "d.gif", ".hidden.png", "notes.txt"):
        if name == "notes.txt":
            (tmp_path / name).write_text("not an image")
        else:
            write(tmp_path / name, np.full((8, 8), 200), format="PNG")
    dataset = data.load(str(tmp_path), batch_size=4)
    assert dataset.num_images == 4 and dataset.labels is None
    with pytest.raises(ValueError, match=r"a\.JPEG is in no class.*labels=False"):
        data.load(tmp_path, batch_size=4, labels=True)


def test_folders_called_train_and_test_are_splits(pets, tmp_path_factory):
    root = tmp_path_factory.mktemp("splits")
    (root / "train").mkdir()
    (pets / "cat").rename(root / "train" / "cat")
    (root / "test").mkdir()
    (pets / "dog").rename(root / "test" / "dog")
    assert data.load(root, batch_size=1).num_images == 3
    dataset = data.load(root, "test", batch_size=1, labels=True)
    assert dataset.num_images == 5 and dataset.class_names == ["cat", "dog"]
    assert set(dataset.labels) == {1}
    with pytest.raises(ValueError, match=r"unknown split 'val' of .*it has 'test', 'train'"):
        data.load(root, "val")


def test_splits_may_be_written_in_capitals(tmp_path):
    write(tmp_path / "Train" / "a" / "0.png", np.zeros((8, 8)))
    write(tmp_path / "TEST" / "b" / "0.png", np.ones((8, 8)))
    train, test = (data.load(tmp_path, s, batch_size=1, labels=True) for s in ("train", "test"))
    assert (train.num_images, test.num_images) == (1, 1)
    assert train.class_names == test.class_names == ["a", "b"] and test.labels.tolist() == [1]


def test_splits_that_differ_in_capitals_only_are_refused(tmp_path):
    write(tmp_path / "Train" / "0.png", np.zeros((8, 8)))
    assert data.load(tmp_path, "Train", batch_size=1).num_images == 1
    write(tmp_path / "train" / "0.png", np.zeros((8, 8)))
    with pytest.raises(ValueError, match="differ in capitals only: Train, train"):
        data.load(tmp_path, batch_size=1)


def test_classes_that_are_numbers_are_in_the_order_of_numbers(tmp_path):
    for name in ("10", "2", "007", "0"):
        write(tmp_path / name / "0.png", np.full((8, 8), int(name)))
    dataset = data.load(tmp_path, batch_size=4, labels=True, shuffle=False)
    assert dataset.class_names == ["0", "2", "007", "10"]
    shown = dict(zip(dataset.images[:, 0, 0, 0].tolist(), dataset.labels.tolist(), strict=True))
    assert shown == {0: 0, 2: 1, 7: 2, 10: 3}


def test_tiff_files_are_images(tmp_path):
    write(tmp_path / "0.tif", np.full((8, 8), 7))
    assert data.load(tmp_path, batch_size=1).images[0, 0, 0, 0] == 7


def test_a_single_image_is_no_data_set(tmp_path, monkeypatch):
    write(tmp_path / "photo.png", np.zeros((8, 8)))
    monkeypatch.chdir(tmp_path)
    for source in ("photo.png", "./photo.png"):
        with pytest.raises(ValueError, match=r"photo\.png is neither a folder of images"):
            data.load(source, batch_size=1)


def test_slices_of_a_folder_are_disjoint_and_mixed(tmp_path):
    for i in range(100):
        write(tmp_path / str(i // 50) / f"{i}.png", np.full((2, 2), i))
    parts = [
        data.load(tmp_path, part, batch_size=1, labels=True)
        for part in ("train[:70%]", "train[70%:]")
    ]
    pixels = [part.images[:, 0, 0, 0].tolist() for part in parts]
    assert [len(p) for p in pixels] == [70, 30]
    assert sorted(pixels[0] + pixels[1]) == list(range(100))
    assert min(np.bincount(parts[1].labels)) > 5
    limited = data.load(tmp_path, limit=10, batch_size=1, labels=True)
    assert limited.num_images == 10 and set(limited.labels) == {0, 1}


def test_folder_called_like_a_data_set_needs_a_path(pets, monkeypatch):
    monkeypatch.chdir(pets)
    assert data.load("./cat", batch_size=1).num_images == 3
    assert data.load("cat", batch_size=1).num_images == 3
    (pets / "cat").rename("mnist")
    assert data.load("./mnist", batch_size=1).num_images == 3
    with (
        pytest.warns(UserWarning, match="a folder of images here: write ./mnist for that"),
        pytest.raises(FileNotFoundError, match="not prepared"),
    ):
        data.load("mnist", batch_size=1, data_dir=pets / "dog", download=False)


def one(tmp_path, **kwargs):
    return data.load(tmp_path, batch_size=1, **kwargs).images[0]


@pytest.mark.parametrize(
    ("mode", "channels"), [("1", 1), ("L", 1), ("LA", 1), ("P", 3), ("RGB", 3), ("RGBA", 3)]
)
def test_modes_keep_their_channels(tmp_path, mode, channels):
    write(tmp_path / "a.png", np.full((4, 4, 3), 255), mode)
    for wanted in (None, 1, 3):
        image = one(tmp_path, channels=wanted)
        assert image.shape == (4, 4, wanted or channels)
        assert (image == 255).all()


def test_transparency_is_composited_on_white(tmp_path):
    pixels = np.zeros((2, 2, 4))
    pixels[..., 0], pixels[..., 3] = 200, [[0, 255], [102, 102]]
    write(tmp_path / "a.png", pixels)
    # alpha * colour + (1 - alpha) * 255, with alpha 0, 1 and 0.4.
    wanted = [[[255, 255, 255], [200, 0, 0]], [[233, 153, 153], [233, 153, 153]]]
    np.testing.assert_allclose(one(tmp_path), wanted, atol=1)


def test_sixteen_bits_are_scaled(tmp_path):
    pixels = np.array([[0, 257, 32768, 65535]], "uint16")
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert one(tmp_path)[..., 0].tolist() == [[0, 1, 128, 255]]


def test_grey_is_luma(tmp_path):
    write(tmp_path / "a.png", [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]])
    # ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B.
    np.testing.assert_allclose(one(tmp_path, channels=1)[0, :, 0], [76, 150, 29], atol=1)


def test_rotated_photographs_are_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # "rotate by 90 degrees clockwise to view"
    pixels = np.zeros((2, 4))
    pixels[:, 0] = 255
    write(tmp_path / "a.png", pixels, exif=exif)
    image = one(tmp_path)
    assert image.shape == (4, 2, 1) and (image[0] == 255).all() and (image[1:] == 0).all()


def test_crop_takes_the_centred_square(tmp_path):
    pixels = noise(0, 4, 10, 3)
    write(tmp_path / "a.png", pixels)
    np.testing.assert_array_equal(one(tmp_path, image_size=4), pixels[:, 3:7])
    assert one(tmp_path).shape == (4, 10, 3)


def test_resizing_is_anti_aliased(tmp_path):
    # The finest checkerboard is grey from afar; picking pixels would give black or white.
    board = np.indices((64, 64)).sum(0) % 2 * 255
    write(tmp_path / "a.png", board)
    image = one(tmp_path, image_size=16)
    np.testing.assert_allclose(image, 127.5, atol=6)
    smooth = np.tile(np.linspace(0, 255, 64), (64, 1)).astype("uint8")
    write(tmp_path / "a.png", smooth)
    means = smooth.reshape(16, 4, 16, 4).mean((1, 3))
    np.testing.assert_allclose(
        one(tmp_path, image_size=16)[2:-2, 2:-2, 0], means[2:-2, 2:-2], atol=2
    )


# -- what goes wrong -------------------------------------------------------------------------------


def test_links_are_followed_and_circles_are_not(pets, tmp_path_factory):
    root = tmp_path_factory.mktemp("linked")
    (root / "cat").symlink_to(pets / "cat")
    (root / "dog").mkdir()
    (root / "dog" / "all").symlink_to(pets / "dog")
    (root / "dog" / "back").symlink_to(root)
    dataset = data.load(root, batch_size=8, labels=True, shuffle=False)
    images, labels = dataset[0]
    np.testing.assert_array_equal(labels, [0] * 3 + [1] * 5)
    values = np.round((images[:, 0, 0, 0] + 1) * 127.5)
    np.testing.assert_array_equal(values, [0, 1, 2, 10, 11, 12, 13, 14])


def test_empty_folder(tmp_path):
    with pytest.raises(ValueError, match=r"no images in .*looked for \.png"):
        data.load(tmp_path)


def test_empty_class(pets):
    (pets / "eel").mkdir()
    assert data.load(pets, batch_size=1).num_images == 8
    with pytest.raises(ValueError, match=r"class folder .*eel holds no images"):
        data.load(pets, batch_size=1, labels=True)


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "gif"])
def test_damaged_file_is_named(tmp_path, suffix, cache):
    write(tmp_path / "a.png", noise(0, 32, 32, 3))
    bad = tmp_path / f"bad.{suffix}"
    write(bad, noise(1, 32, 32, 3))
    whole = bad.read_bytes()
    for damaged in (b"", b"not an image", whole[: len(whole) // 2], whole[:20]):
        bad.write_bytes(damaged)
        with pytest.raises(ValueError, match=rf"bad\.{suffix} cannot be read as an image"):
            data.load(tmp_path, batch_size=2, channels=3, cache=cache)[0]


@pytest.mark.parametrize("cache", [True, False])
def test_mixed_sizes_are_named(tmp_path, cache):
    write(tmp_path / "a.png", noise(0, 8, 8))
    write(tmp_path / "b.png", noise(1, 9, 7))
    kwargs = dict(batch_size=2, cache=cache)
    with pytest.raises(ValueError, match=r"b\.png is 7 x 9 pixels, but .*a\.png is 8 x 8.*image_s"):
        data.load(tmp_path, **kwargs)[0]
    assert data.load(tmp_path, image_size=4, **kwargs)[0][0].shape == (2, 4, 4, 1)


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize("colour", [0, 2])
def test_one_picture_with_colours_makes_all_rgb(tmp_path, colour, cache):
    pixels = [noise(i, 8, 8, 3) if i == colour else noise(i, 8, 8) for i in range(3)]
    for i, image in enumerate(pixels):
        write(tmp_path / f"{i}.png", image)
    kwargs = dict(batch_size=3, cache=cache, shuffle=False)
    images = data.to_uint8(data.load(tmp_path, **kwargs)[0][0])
    for image, expected in zip(images, pixels, strict=True):
        np.testing.assert_array_equal(image, np.broadcast_to(expected.reshape(8, 8, -1), (8, 8, 3)))
    assert data.load(tmp_path, channels=1, **kwargs)[0][0].shape == (3, 8, 8, 1)


def test_pixels_without_a_range_are_named(tmp_path):
    Image.fromarray(np.full((4, 4), 1000, "int32")).convert("I").save(tmp_path / "a.bmp", "TIFF")
    with pytest.raises(ValueError, match=r"a\.bmp cannot be read.*mode 'I' have no fixed range"):
        data.load(tmp_path)
