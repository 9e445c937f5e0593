"""`kgan.data.load` on what ships with the package, and the data set that it returns."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from kgan import data


def numbered(n, **kwargs):
    """A data set whose image `i` has all pixels `i`, so that an order can be read off."""
    images = np.arange(n, dtype="uint8")[:, None, None, None] * np.ones((1, 2, 2, 1), "uint8")
    return data.ImageDataset(images, np.arange(n), **kwargs)


def served(dataset):
    return [labels.tolist() for _, labels in dataset]


def test_embedded_is_a_balanced_part_of_mnist():
    dataset = data.load("embedded", labels=True, batch_size=100)
    assert dataset.images.shape == (10_000, 28, 28, 1) and dataset.images.dtype == np.uint8
    assert np.bincount(dataset.labels).tolist() == [1000] * 10
    assert dataset.classes == 10 and dataset.class_names == list("0123456789")
    # Published statistics of the MNIST training set: mean 0.1307, deviation 0.3081.
    pixels = dataset.images / 255.0
    assert pixels.mean() == pytest.approx(0.1307, abs=0.001)
    assert pixels.std() == pytest.approx(0.3081, abs=0.001)
    assert len(np.unique(dataset.images.reshape(10_000, -1), axis=0)) == 10_000
    assert dataset.digest().startswith("f974fef0f39ed663")


def test_embedded_slices_stay_balanced():
    dataset = data.load("embedded", "train[:90%]", labels=True)
    assert np.bincount(dataset.labels).tolist() == [900] * 10
    rest = data.load("embedded", "train[90%:]", labels=True)
    both = np.concatenate([dataset.images, rest.images])
    np.testing.assert_array_equal(both, data.load("embedded").images)


def test_batch_is_float_in_minus_one_to_one():
    (images,) = data.load("embedded", batch_size=64)[0]
    assert images.shape == (64, 28, 28, 1) and images.dtype == np.float32
    assert images.min() == -1.0 and images.max() == 1.0
    images, labels = data.load("embedded", labels=True, image_size=32, channels=3)[0]
    assert images.shape == (64, 32, 32, 3) and labels.dtype == np.int32


def test_embedded_needs_no_tensorflow(tmp_path):
    pytest.importorskip("jax", reason="jax is not installed")
    script = f"""
import sys
sys.modules["tensorflow"] = None
sys.modules["tensorflow_datasets"] = None
import numpy as np
from kgan import data
from PIL import Image
images, labels = data.load("embedded", labels=True, augment="flip", image_size=32)[0]
assert images.shape == (64, 32, 32, 1) and labels.shape == (64,)
folder = {str(tmp_path)!r}
np.savez(folder + "/a.npz", images=np.zeros((8, 4, 4, 3), "uint8"))
assert data.load(folder + "/a.npz", batch_size=8)[0][0].shape == (8, 4, 4, 3)
Image.fromarray(np.zeros((4, 4), "uint8")).save(folder + "/a.png")
assert data.load(folder, batch_size=1)[0][0].shape == (1, 4, 4, 1)
try:
    data.load("mnist")
except ValueError as error:
    assert "pip install" in str(error)
"""
    environment = {"KERAS_BACKEND": "jax", "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)


def test_order_is_a_function_of_seed_and_epoch():
    first, second = numbered(20, batch_size=5, seed=3), numbered(20, batch_size=5, seed=3)
    epochs = []
    for _ in range(3):
        epochs.append(served(first))
        first.on_epoch_end()
    assert sorted(np.concatenate(epochs[0])) == list(range(20))
    assert epochs[0] != epochs[1] != epochs[2]
    second.set_epoch(2)
    assert second.epoch == 2 and served(second) == epochs[2]
    assert served(numbered(20, batch_size=5, seed=4)) != epochs[0]
    assert served(numbered(20, batch_size=5, shuffle=False)) == [
        list(range(i, i + 5)) for i in (0, 5, 10, 15)
    ]


def test_images_and_labels_stay_together():
    for images, labels in numbered(20, batch_size=5):
        np.testing.assert_array_equal(data.to_uint8(images)[:, 0, 0, 0], labels)


def test_remainder():
    assert [len(b) for b in served(numbered(11, batch_size=4))] == [4, 4]
    assert [len(b) for b in served(numbered(11, batch_size=4, drop_remainder=False))] == [4, 4, 3]
    with pytest.raises(IndexError):
        numbered(11, batch_size=4)[2]


def test_limit_takes_the_first():
    dataset = data.load("embedded", limit=70, labels=True)
    assert dataset.num_images == 70
    np.testing.assert_array_equal(dataset.images, data.load("embedded").images[:70])


def test_arrays_are_all_images_in_order():
    dataset = data.load("embedded", limit=70, labels=True, augment="flip")
    images, labels = dataset.arrays()
    np.testing.assert_array_equal(images, dataset.images / np.float32(127.5) - 1)
    np.testing.assert_array_equal(labels, np.arange(70) % 10)


def test_digest_sees_pixels_labels_and_shape():
    dataset = numbered(4, batch_size=2)
    same = numbered(4, batch_size=4, seed=9)
    assert dataset.digest() == same.digest()
    assert dataset.digest() != data.ImageDataset(dataset.images, batch_size=2).digest()
    changed = dataset.images.copy()
    changed[-1, -1, -1] += 1
    labels = dataset.labels
    assert dataset.digest() != data.ImageDataset(changed, labels, batch_size=2).digest()
    turned = dataset.images.reshape(4, 1, 4, 1)
    assert dataset.digest() != data.ImageDataset(turned, labels, batch_size=2).digest()


def test_plain_keras_fit_takes_it_and_changes_the_order():
    dataset = data.load("embedded", limit=64, batch_size=16, labels=True)
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(10))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    history = model.fit(dataset, epochs=8, verbose=0).history["loss"]
    assert history[-1] < history[0]
    # Once an epoch, and once more where Keras tries the data out.
    assert dataset.epoch >= 8


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        (dict(batch_size=0), "batch_size must be an integer of at least 1, got 0"),
        (dict(batch_size=128, limit=100), "100 images do not fill one batch of 128"),
        (dict(seed=-1), "seed must be an integer of at least 0"),
        (dict(image_size=7.5), "image_size must be an integer"),
        (dict(channels=4), r"channels must be 1 \(grey\), 3 \(RGB\)"),
        (dict(limit=0), "limit must be"),
        (dict(cache="yes"), "cache must be"),
        (dict(augment="rotate"), "augment must be one of .*vertical_flip.*'rotate'"),
        (dict(labels="digit"), "pass labels=True, not 'digit'"),
        (dict(labels=1.5), "labels must be True, False"),
        (dict(split="test"), "unknown split 'test' of 'embedded': it has 'train'"),
        (dict(split="train[:"), "split must look like"),
        (dict(split="train[5:5]"), "is empty"),
    ],
)
def test_bad_argument_is_named(kwargs, message):
    with pytest.raises(ValueError, match=message):
        data.load("embedded", **kwargs)


def test_bad_source_is_named(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"no such folder or file: .*nowhere"):
        data.load(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"no such folder or file: missing\.npz"):
        data.load("missing.npz")
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(ValueError, match=r"a\.txt is neither a folder of images nor an \.npz"):
        data.load(tmp_path / "a.txt")
    with pytest.raises(ValueError, match=r"got ndarray: pass arrays to kgan\.data\.ImageDataset"):
        data.load(np.zeros((8, 4, 4, 1)))


# -- augmentation ----------------------------------------------------------------------------------


def turned(images, original):
    """Which of the four flips each image is, as (vertical, horizontal)."""
    found = []
    for image, source in zip(images, original, strict=True):
        flips = [(v, h) for v in (1, -1) for h in (1, -1) if (image == source[::v, ::h]).all()]
        found.append(flips[0])
    return found


@pytest.mark.parametrize("name", ["flip", "horizontal_flip", "vertical_flip"])
def test_named_flip_turns_half_of_the_images(name):
    kwargs = dict(limit=500, batch_size=500, shuffle=False)
    plain = data.load("embedded", **kwargs)[0][0]
    dataset = data.load("embedded", augment=name, **kwargs)
    flips = turned(dataset[0][0], plain)
    wanted = (-1, 1) if name == "vertical_flip" else (1, -1)
    assert set(flips) == {(1, 1), wanted}
    assert 200 < flips.count(wanted) < 300


def test_flips_repeat_on_resume_and_differ_between_epochs_and_batches():
    kwargs = dict(limit=64, batch_size=32, shuffle=False, augment=["flip", "vertical_flip"])
    dataset, again = data.load("embedded", **kwargs), data.load("embedded", **kwargs)
    plain = data.load("embedded", limit=64, batch_size=32, shuffle=False)
    dataset.set_epoch(5)
    again.set_epoch(5)
    np.testing.assert_array_equal(dataset[1][0], again[1][0])
    flips = turned(dataset[1][0], plain[1][0])
    assert len(set(flips)) == 4
    assert flips != turned(dataset[0][0], plain[0][0])
    again.set_epoch(6)
    assert flips != turned(again[1][0], plain[1][0])


def test_augmentation_leaves_the_stored_pixels_alone():
    dataset = data.load("embedded", limit=64, augment="flip")
    before = dataset.images.copy()
    dataset[0]
    np.testing.assert_array_equal(dataset.images, before)


def test_function_and_layer_augment():
    dataset = data.load("embedded", limit=64, augment=[lambda x: -x, keras.layers.GaussianNoise(1)])
    (images,) = dataset[0]
    assert isinstance(images, np.ndarray) and images.dtype == np.float32
    # The negative of a mostly black batch, with noise of deviation 1.
    assert images.mean() > 0.5 and images.std() > 1.0


def test_augment_may_not_change_the_shape():
    dataset = data.load("embedded", augment=keras.layers.CenterCrop(8, 8))
    with pytest.raises(ValueError, match=r"turned a batch \(64, 28, 28, 1\) into \(64, 8, 8, 1\)"):
        dataset[0]
