"""Every preset still makes the samples that its `preset.json` tells of, on every backend."""

import json

import backends
import keras
import numpy as np
import pytest

from kgan import cards, zoo
from kgan.cards import digest

PRETRAINED = [name for name in zoo.list() if zoo.info(name)["measured"]]
SCRIPT = """
import json, sys
from kgan import cards, zoo
found = {name: cards.samples_digest(zoo.load(name, "pretrained")) for name in sys.argv[2:]}
json.dump(found, open(sys.argv[1], "w"))
"""


def far(name, found):
    """By how many grey levels a digest is off the preset's own."""
    return cards.difference(zoo.info(name)["measured"]["samples_digest"], found)


@pytest.fixture(scope="module")
def models():
    return {name: zoo.load(name, weights="pretrained") for name in PRETRAINED}


@pytest.mark.parametrize("name", PRETRAINED)
def test_samples_are_those_of_the_preset(name, models):
    assert far(name, cards.samples_digest(models[name])) <= cards.TOLERANCE


@pytest.mark.parametrize("backend", backends.OTHERS)
def test_samples_are_the_same_on_other_backends(backend, tmp_path):
    backends.run_on(backend, SCRIPT, tmp_path / "digests.json", *PRETRAINED)
    found = json.loads((tmp_path / "digests.json").read_text())
    assert {name: far(name, found[name]) for name in PRETRAINED} == {
        name: pytest.approx(0, abs=cards.TOLERANCE) for name in PRETRAINED
    }


def test_other_weights_are_noticed(models):
    # The same network, trained otherwise.
    other = zoo.load("wgan_gp_mnist", weights=None)
    zoo.load_weights(other, zoo.weight_paths("relativistic_gan_mnist")["generator"])
    assert far("wgan_gp_mnist", cards.samples_digest(other)) > 10 * cards.TOLERANCE
    # The same weights, but for one layer.
    gan = models["wgan_gp_mnist"]
    weight = gan.ema_generator.weights[0]
    before = keras.ops.convert_to_numpy(weight).copy()
    weight.assign(before * 0.9)
    found = cards.samples_digest(gan)
    weight.assign(before)
    assert far("wgan_gp_mnist", found) > cards.TOLERANCE


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (lambda images: 255 - images, "wgan_gp_mnist"),
        (lambda images: images.swapaxes(1, 2), "wgan_gp_mnist"),
        (lambda images: images // 2 + 128, "wgan_gp_mnist"),
        (lambda images: images[:, ::-1], "wgan_gp_mnist"),
        (lambda images: np.roll(images, 1, axis=0), "wgan_gp_mnist"),
        (lambda images: images[..., ::-1], "text_gan_avatars"),
        (lambda images: (images / 255.0) ** 0.9 * 255, "text_gan_avatars"),
    ],
    ids=["inverted", "transposed", "range", "mirrored", "order", "channels", "gamma"],
)
def test_other_ways_from_numbers_to_pixels_are_noticed(wrong, name, models, monkeypatch):
    gan = models[name]
    sample = gan.sample
    monkeypatch.setattr(gan, "sample", lambda *args, **kwargs: wrong(sample(*args, **kwargs)))
    assert far(name, cards.samples_digest(gan)) > 2 * cards.TOLERANCE


def test_the_digest_is_of_means_of_cells():
    """A model whose images are known: digests worked out by hand."""

    class Known:
        conditional = False

        def sample(self, n, condition, seed):
            images = np.zeros((n, 8, 4, 2), "uint8")
            images[:, 0, 0] = [10, 20]  # Half of the first cell, which is two pixels high.
            images[1, 7, 3] = [200, 100]
            return images

    found = cards.samples_digest(Known())
    first = [5, 10] + 30 * [0]
    assert found["means"][0].split() == [str(v) for v in first]
    assert found["means"][1].split() == [str(v) for v in first[:-2] + [100, 50]]
    assert len(found["means"]) == found["samples"] == digest.SAMPLES
    other = {**found, "means": [*found["means"][:-1], " ".join(map(str, [5, 3] + 30 * [0]))]}
    assert cards.difference(found, other) == 7
    with pytest.raises(ValueError, match="these are digests of other samples"):
        cards.difference(found, {**found, "seed": 1})


def test_conditions_of_digests_are_of_length_one_or_classes(models):
    assert digest.conditions(models["gan_mnist"]) is None
    labels = digest.conditions(models["conditional_gan_mnist"])
    np.testing.assert_array_equal(labels, np.arange(8))
    vectors = digest.conditions(models["text_gan_avatars"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)
