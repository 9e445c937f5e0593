"""Names of TensorFlow Datasets, on `tfds.testing.mock_data`: the real path, random pixels."""

import keras
import numpy as np
import pytest
from PIL import Image

from kgan import data
from kgan.data import loading

tf = pytest.importorskip("tensorflow")
tfds = pytest.importorskip("tensorflow_datasets")


@pytest.fixture(autouse=True)
def mocked():
    with tfds.testing.mock_data(num_examples=40):
        yield


def batches(dataset):
    return [tuple(np.asarray(part) for part in batch) for batch in dataset]


@pytest.mark.parametrize("cache", [True, False])
def test_celeb_a_is_cropped_and_resized(cache):
    dataset = data.load("celeb_a", image_size=64, batch_size=16, cache=cache)
    assert isinstance(dataset, data.ImageDataset if cache else tf.data.Dataset)
    found = batches(dataset)
    assert len(found) == 2
    for (images,) in found:
        assert images.shape == (16, 64, 64, 3) and images.dtype == np.float32
        assert -1 <= images.min() < images.max() <= 1


def test_pixels_are_those_that_pillow_makes():
    # Undecoded, mocked images go through a JPEG file, as real ones do.
    image = {"image": tfds.decode.SkipDecoding()}
    decoders = tfds.decode.PartialDecoding({"image": True}, decoders=image)
    files = tfds.load("celeb_a", split="train", decoders=decoders)
    raw = [tf.io.decode_jpeg(example["image"]).numpy() for example in files]
    assert raw[0].shape == (218, 178, 3)
    ours = data.load("celeb_a", image_size=64, batch_size=1).images
    for mine, image in zip(ours, raw, strict=True):
        # Rows 20 to 198 are the centred square. In mode F, Pillow does not round between passes.
        square = [Image.fromarray(image[20:198, :, c].astype("float32")) for c in range(3)]
        theirs = [c.resize((64, 64), Image.Resampling.BICUBIC) for c in square]
        theirs = np.clip(np.stack(theirs, axis=-1), 0, 255)
        np.testing.assert_allclose(mine, theirs, atol=0.51)


def test_streamed_pixels_are_those_in_memory():
    kwargs = dict(batch_size=16, shuffle=False, drop_remainder=False, labels=True)
    for stored, streamed in zip(
        data.load("mnist", cache=True, **kwargs),
        batches(data.load("mnist", cache=False, **kwargs)),
        strict=True,
    ):
        np.testing.assert_array_equal(stored[1], streamed[1])
        np.testing.assert_allclose(stored[0], streamed[0], atol=1e-6)


def test_auto_streams_what_is_too_large(monkeypatch):
    assert isinstance(data.load("mnist", batch_size=8), data.ImageDataset)
    monkeypatch.setattr(loading, "MEMORY_BYTES", 40 * 28 * 28 - 1)
    dataset = data.load("mnist", batch_size=8)
    assert isinstance(dataset, tf.data.Dataset)
    assert int(dataset.cardinality()) == 5
    assert [spec.shape for spec in dataset.element_spec] == [(8, 28, 28, 1)]


def test_stream_repeats_with_the_seed_and_reshuffles():
    def epochs(seed):
        dataset = data.load(
            "mnist", batch_size=8, cache=False, seed=seed, labels=True, augment="flip"
        )
        return [np.concatenate([b[0] for b in batches(dataset)]) for _ in range(2)]

    first, again, other = epochs(1), epochs(1), epochs(2)
    np.testing.assert_array_equal(first, again)
    assert (first[0] != first[1]).any() and (first[0] != other[0]).any()


def test_streamed_flips_turn_about_half():
    kwargs = dict(batch_size=40, shuffle=False, cache=False)
    plain = batches(data.load("mnist", **kwargs))[0][0]
    flipped = batches(data.load("mnist", augment=["flip", "vertical_flip"], **kwargs))[0][0]
    kinds = [
        next((v, h) for v in (1, -1) for h in (1, -1) if (image == source[::v, ::h]).all())
        for image, source in zip(flipped, plain, strict=True)
    ]
    assert len(set(kinds)) == 4


def test_labels():
    digits = data.load("mnist", labels=True, batch_size=8)
    assert digits.classes == 10 and digits.labels.dtype == np.int32
    faces = data.load("celeb_a", labels="attributes/Smiling", image_size=8, batch_size=8)
    assert faces.classes == 2 and set(faces.labels) == {0, 1}
    with pytest.raises(ValueError, match=r"'celeb_a' has no integer feature 'label'"):
        data.load("celeb_a", labels=True)
    with pytest.raises(ValueError, match=r"no integer feature 'smiling'.*attributes/Smiling"):
        data.load("celeb_a", labels="smiling")


def test_channels_size_and_limit():
    dataset = data.load("mnist", image_size=32, channels=3, limit=10, batch_size=10)
    assert dataset.image_shape == (32, 32, 3) and dataset.num_images == 10
    assert data.load("cifar10", channels=1, batch_size=8).image_shape == (32, 32, 1)
    with pytest.raises(ValueError, match="'cats_vs_dogs' differ in size: pass image_size"):
        data.load("cats_vs_dogs")
    for cache in (True, False):
        with pytest.raises(ValueError, match="10 images do not fill one batch of 16"):
            data.load("mnist", limit=10, batch_size=16, cache=cache)


def test_unknown_names_are_answered_with_near_ones(tmp_path):
    with pytest.raises(ValueError, match=r"unknown source 'mnits'.*nearest names: mnist"):
        data.load("mnits", data_dir=tmp_path)
    # TFDS cannot parse it.
    with pytest.raises(ValueError, match=r"unknown source 'my photos': it is neither"):
        data.load("my photos")
    with pytest.raises(ValueError, match=r"unknown source 'embeded'.*nearest names: embedded"):
        data.load("embeded", data_dir=tmp_path)
    with pytest.raises(ValueError, match=r"cannot open 'mnist:9\.9\.9'.*only: 3\.0\.1"):
        data.load("mnist:9.9.9", data_dir=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"'mnist' is not prepared in .*download=True"):
        data.load("mnist", data_dir=tmp_path, download=False)


def test_data_set_goes_before_a_folder_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist").mkdir()
    assert data.load("mnist", batch_size=8).num_images == 40
    with pytest.raises(ValueError, match="no images in mnist"):
        data.load("./mnist")


def classifier():
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(10))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


@pytest.mark.parametrize("cache", [True, False])
def test_keras_and_keras_cv_layers_augment_and_fit(cache):
    keras_cv = pytest.importorskip("keras_cv")
    kwargs = dict(batch_size=40, shuffle=False, cache=cache, labels=True)
    plain = batches(data.load("mnist", **kwargs))[0][0]
    for layer in (keras.layers.RandomFlip("horizontal"), keras_cv.layers.RandomFlip("horizontal")):
        images = batches(data.load("mnist", augment=layer, **kwargs))[0][0]
        same = [np.allclose(a, b, atol=1e-6) for a, b in zip(images, plain, strict=True)]
        flipped = [
            np.allclose(a, b[:, ::-1], atol=1e-6) for a, b in zip(images, plain, strict=True)
        ]
        assert any(same) and any(flipped) and all(np.logical_or(same, flipped))
    layers = [
        keras_cv.layers.RandomTranslation(0.2, 0.2, fill_mode="constant", fill_value=-1.0),
        keras_cv.layers.RandomBrightness(value_range=(-1, 1), factor=0.3),
        "flip",
    ]
    dataset = data.load("mnist", augment=layers, **kwargs)
    images = batches(dataset)[0][0]
    assert images.shape == plain.shape and images.min() >= -1 and images.max() <= 1
    assert (images != plain).any(axis=(1, 2, 3)).all()
    classifier().fit(dataset, epochs=2, verbose=0)


def test_layer_that_computes_on_the_backend_streams_on_tensorflow_only():
    kwargs = dict(cache=False, batch_size=8, augment=keras.layers.GaussianNoise(0.1))
    if keras.backend.backend() == "tensorflow":
        assert batches(data.load("mnist", **kwargs))[0][0].max() > 1
    else:
        with pytest.raises(ValueError, match=r"cannot run inside tf\.data.*pass cache=True"):
            data.load("mnist", **kwargs)
