"""Which images a model sees, and when: each once a pass, in an order that it can go on with."""

import contextlib

import keras
import numpy as np
import pytest
import tiny
from PIL import Image

import kgan


def model(steps=2, seed=0):
    """A model on points of one number, whose discriminator's input shows which they are."""
    return kgan.GAN(*tiny.line(), discriminator_steps=steps, seed=seed)


def seen(gan=None, *, points=12, **kwargs):
    """The numbers of the points, one row for each update of the discriminator."""
    watch = tiny.Watch(gan or model())
    watch.gan.fit(tiny.column(*range(points)), batch_size=2, verbose=0, **kwargs)
    return np.stack([real[:, 0] for real in watch.real]).astype(int)


def test_a_pass_holds_each_image_once():
    updates = seen(epochs=3)
    assert updates.shape == (3 * 3 * 2, 2)
    passes = updates.reshape(3, 12)
    for order in passes:
        np.testing.assert_array_equal(np.sort(order), np.arange(12))
    assert not np.array_equal(passes[0], passes[1])
    assert not np.array_equal(passes[1], passes[2])


def test_what_does_not_fill_a_round_is_left_out():
    updates = seen(points=11, epochs=20)
    passes = updates.reshape(20, 8)
    assert all(len(np.unique(order)) == 8 for order in passes)
    # Not always the same images.
    assert set(updates.ravel()) == set(range(11))


def test_without_shuffling_the_order_is_the_arrays():
    updates = seen(epochs=2, shuffle=False)
    np.testing.assert_array_equal(updates[:6], np.arange(12).reshape(6, 2))
    np.testing.assert_array_equal(updates[6:], updates[:6])


def test_the_seed_decides():
    np.testing.assert_array_equal(seen(model(seed=3)), seen(model(seed=3)))
    assert not np.array_equal(seen(model(seed=3)), seen(model(seed=4)))


def test_epochs_are_stretches_of_one_sequence():
    """However it is divided into epochs and calls, training sees the same images in turn."""
    straight = seen(epochs=4)
    # Twelve rounds in epochs of 1, 2 and 5 rounds: less, and more, than the 3 of a pass.
    np.testing.assert_array_equal(seen(epochs=12, steps_per_epoch=1), straight)
    np.testing.assert_array_equal(seen(epochs=6, steps_per_epoch=2), straight)
    np.testing.assert_array_equal(seen(epochs=2, steps_per_epoch=5), straight[:20])
    np.testing.assert_array_equal(seen(epochs=7, initial_epoch=3), straight)

    gan = model()
    np.testing.assert_array_equal(seen(gan, epochs=1), straight[:6])
    np.testing.assert_array_equal(seen(gan, epochs=1, steps_per_epoch=2), straight[6:10])
    np.testing.assert_array_equal(seen(gan, epochs=2, steps_per_epoch=3), straight[10:22])


def test_a_loaded_model_goes_on_in_the_sequence(tmp_path):
    straight = seen(epochs=2)
    gan = model()
    gan.compile()
    gan.fit(tiny.column(*range(12)), batch_size=2, steps_per_epoch=2, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(seen(loaded, steps_per_epoch=4), straight[4:])


def test_a_new_start_does_not_depend_on_global_seeds():
    keras.utils.set_random_seed(1)
    first = seen()
    keras.utils.set_random_seed(2)
    np.testing.assert_array_equal(seen(), first)


def test_rounds_are_what_is_counted():
    gan = model()
    gan.compile()
    steps = []
    note = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: steps.append(batch)
    )
    gan.fit(tiny.column(*range(12)), batch_size=2, epochs=2, verbose=0, callbacks=note)
    assert steps == [0, 1, 2, 0, 1, 2]
    assert note.params["steps"] == 3
    assert int(gan.rounds) == 6


class Shuffled(keras.utils.PyDataset):
    """A data set with an order of its own, which it makes by epoch."""

    def __init__(self):
        super().__init__()
        self.told = []
        self.set_epoch(0)

    def set_epoch(self, epoch):
        self.told.append(epoch)
        self.order = np.random.default_rng(epoch).permutation(12)

    def __len__(self):
        return 6

    def __getitem__(self, index):
        return (tiny.column(*self.order[2 * index : 2 * index + 2]),)


def test_a_data_set_is_told_which_pass_it_is():
    def numbers(epochs, steps_per_epoch, gan=None):
        watch = tiny.Watch(gan or model())
        watch.gan.fit(Shuffled(), epochs=epochs, steps_per_epoch=steps_per_epoch, verbose=0)
        return np.concatenate([real[:, 0] for real in watch.real]).astype(int)

    passes = [np.random.default_rng(epoch).permutation(12) for epoch in range(3)]
    straight = np.concatenate(passes)
    np.testing.assert_array_equal(numbers(3, None), straight)
    np.testing.assert_array_equal(numbers(4, 2), straight[:32])
    gan = model()
    np.testing.assert_array_equal(numbers(1, 4, gan), straight[:16])
    np.testing.assert_array_equal(numbers(1, 4, gan), straight[16:32])


def test_what_else_a_data_set_is_used_for_does_not_move_its_order():
    """An epoch ends in the middle of a pass, and what is validated on may count passes, too."""

    class Counting(Shuffled):
        epoch = 0

        def set_epoch(self, epoch):
            super().set_epoch(epoch)
            self.epoch = epoch

        def on_epoch_end(self):
            self.set_epoch(self.epoch + 1)

    passes = [np.random.default_rng(epoch).permutation(12) for epoch in range(3)]
    watch, data = tiny.Watch(model()), Counting()
    for _ in range(3):
        watch.gan.fit(data, steps_per_epoch=2, verbose=0)
        data.on_epoch_end()
    watch.gan.fit(data, epochs=2, steps_per_epoch=1, validation_data=data, verbose=0)
    seen = np.concatenate([real[:, 0] for real in watch.real]).astype(int)
    np.testing.assert_array_equal(seen, np.concatenate(passes)[:32])


def streamed_faces():
    tfds = pytest.importorskip("tensorflow_datasets")
    return tfds.testing.mock_data(num_examples=14), dict(source="celeb_a", image_size=8, channels=1)


def streamed_folder(path):
    for i, pixels in enumerate(tiny.images(14)):
        Image.fromarray(pixels[..., 0]).save(path / f"{i}.png")
    return contextlib.nullcontext(), dict(source=path)


@pytest.mark.parametrize("kind", ["TFDS", "folder"])
def test_what_is_read_from_disk_goes_on_in_the_middle_of_a_pass(kind, tmp_path):
    """Of three rounds a pass: 5 and 5 rounds, the second after loading, are 10 in one."""
    place, what = streamed_faces() if kind == "TFDS" else streamed_folder(tmp_path)

    def images(gan, **kwargs):
        watch = tiny.Watch(gan)
        dataset = kgan.data.load(**what, batch_size=2, cache=False, augment="flip", seed=4)
        watch.gan.fit(dataset, verbose=0, **kwargs)
        return np.stack(watch.real)

    def fresh():
        return kgan.GAN(*tiny.networks(plain=True), discriminator_steps=2)

    with place:
        straight = images(fresh(), epochs=2, steps_per_epoch=5)
        assert len(np.unique(straight[:6].reshape(12, -1), axis=0)) == 12
        gan = fresh()
        np.testing.assert_array_equal(images(gan, steps_per_epoch=5), straight[:10])
        gan.save(tmp_path / "gan.keras")
        keras.utils.set_random_seed(99)
        loaded = keras.models.load_model(tmp_path / "gan.keras")
        assert int(loaded.rounds) == 5
        np.testing.assert_array_equal(images(loaded, epochs=5, steps_per_epoch=1), straight[10:])
        # An epoch is a pass unless it is said otherwise.
        np.testing.assert_array_equal(images(fresh(), epochs=2), straight[:12])


@pytest.mark.parametrize("labels", [False, True])
def test_kgans_own_data_sets_keep_images_and_labels_together(labels):
    images, classes = tiny.images(13), tiny.labels(13)
    dataset = kgan.data.ImageDataset(images, classes if labels else None, batch_size=2, seed=5)
    networks = tiny.networks(classes=tiny.CLASSES if labels else None)
    gan = (kgan.ConditionalGAN if labels else kgan.GAN)(*networks, discriminator_steps=3)
    watch = tiny.Watch(gan)
    gan.fit(dataset, epochs=2, verbose=0)
    assert int(gan.rounds) == 4
    passes = np.concatenate([tiny.numbers(real) for real in watch.real]).reshape(2, 12)
    assert all(len(np.unique(order)) == 12 for order in passes)
    assert not np.array_equal(*passes)
    if labels:
        told = np.concatenate(watch.condition).reshape(2, 12)
        np.testing.assert_array_equal(told, classes[passes])
