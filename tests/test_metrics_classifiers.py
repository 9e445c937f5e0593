"""The shipped classifiers: weights as recorded, features, and how well they know real images."""

import json

import keras
import numpy as np
import pytest

import kgan
from kgan import weight_files
from kgan.metrics import classifiers

NAMES = classifiers.NAMES


@pytest.mark.parametrize("name", NAMES)
def test_features_are_what_the_probabilities_are_made_of(name):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1)).astype("float32")
    network = kgan.metrics.classifier(name)
    probabilities = keras.ops.convert_to_numpy(network(pixels))
    features = keras.ops.convert_to_numpy(kgan.metrics.classifier_features(name)(pixels))
    assert features.shape == (3, 128)
    kernel, bias = network.get_layer("probabilities").get_weights()
    logits = features @ kernel + bias
    expected = np.exp(logits - logits.max(-1, keepdims=True))
    expected /= expected.sum(-1, keepdims=True)
    np.testing.assert_allclose(probabilities, expected, rtol=1e-4, atol=1e-6)


def test_knows_the_embedded_digits():
    dataset = kgan.data.load("embedded", labels=True)
    images, labels = dataset.images[:1000], dataset.labels[:1000]
    accuracy = kgan.metrics.ClassAccuracy(kgan.metrics.classifier("mnist"))
    accuracy.update_state(images, labels=labels)
    # They are training images.
    assert accuracy.result() > 0.99


@pytest.mark.parametrize("policy", ["mixed_float16"], indirect=True)
def test_the_policy_does_not_change_it(policy):
    _, *computing = classifiers.build("mnist").layers
    assert {layer.compute_dtype for layer in computing} == {"float32"}


def test_another_name_is_refused():
    with pytest.raises(ValueError, match="mnist and fashion_mnist, got 'cifar10'"):
        kgan.metrics.classifier("cifar10")


def test_changed_weights_are_refused(tmp_path, monkeypatch):
    folder = tmp_path / "classifiers"
    folder.mkdir()
    source = weight_files.builtin_folder() / "classifiers"
    (folder / "classifiers.json").write_text((source / "classifiers.json").read_text())
    changed = bytearray((source / "mnist.weights.h5").read_bytes())
    changed[-1] ^= 1
    (folder / "mnist.weights.h5").write_bytes(changed)
    monkeypatch.setattr(weight_files, "builtin_folder", lambda: tmp_path)
    with pytest.raises(ValueError, match="does not have the checksum"):
        classifiers._loaded.__wrapped__("mnist")


@pytest.mark.slow
@pytest.mark.parametrize("name, least", [("mnist", 0.992), ("fashion_mnist", 0.92)])
def test_accuracy_on_the_test_set(name, least):
    """Needs the data set, in `TFDS_DATA_DIR` or TFDS's own place."""
    dataset = kgan.data.load(name, "test", labels=True, shuffle=False, batch_size=100)
    predicted = kgan.metrics.classifier(name).predict(dataset.images, batch_size=500, verbose=0)
    accuracy = float((predicted.argmax(-1) == dataset.labels).mean())
    recorded = json.loads(
        (weight_files.builtin_folder() / "classifiers" / "classifiers.json").read_text()
    )
    assert accuracy >= least
    assert accuracy == pytest.approx(recorded[name]["test_accuracy"], abs=2e-4)
