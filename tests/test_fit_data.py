"""Everything that `fit` takes images from."""

import subprocess
import sys
import warnings

import backends
import checks
import keras
import numpy as np
import pytest
import tiny

import kgan

POINTS = 13  # With 2 points an update and 2 updates a round: 3 rounds, and one point over.


def watched(steps=2):
    return tiny.Watch(kgan.GAN(*tiny.line(), discriminator_steps=steps))


def passes(watch):
    """The numbers of the points by epoch of three rounds."""
    return np.concatenate([real[:, 0] for real in watch.real]).astype(int).reshape(-1, 12)


def points(n=POINTS):
    return tiny.column(*range(n))


def tf_points(n=POINTS, **kwargs):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(points(n)).batch(2, **kwargs)


class Batches(keras.utils.PyDataset):
    """A data set that has no `set_epoch`, and a smaller last batch."""

    begun = ended = 0

    def __len__(self):
        return 7

    def __getitem__(self, index):
        return points()[2 * index : 2 * index + 2]

    def on_epoch_begin(self):
        self.begun += 1

    def on_epoch_end(self):
        self.ended += 1


class Endless(keras.utils.PyDataset):
    @property
    def num_batches(self):
        return None

    def __getitem__(self, index):
        return (tiny.column(2 * index, 2 * index + 1),)


@pytest.mark.parametrize("kind", ["float32", "float64", "tensor"])
def test_arrays(kind):
    x = keras.ops.convert_to_tensor(points()) if kind == "tensor" else points().astype(kind)
    watch = watched()
    watch.gan.fit(x, batch_size=2, epochs=2, verbose=0)
    for order in passes(watch):
        assert len(np.unique(order)) == 12


@pytest.mark.parametrize("static", [True, False])
def test_tf_data(static):
    watch = watched()
    history = watch.gan.fit(tf_points(drop_remainder=static), epochs=2, verbose=0)
    np.testing.assert_array_equal(passes(watch), [np.arange(12)] * 2)
    assert history.params["steps"] == 3


def test_tf_data_of_unknown_length():
    watch = watched()
    watch.gan.fit(tf_points().filter(lambda x: True), epochs=2, verbose=0)
    np.testing.assert_array_equal(passes(watch), [np.arange(12)] * 2)


def test_tf_data_without_end():
    watch = watched()
    watch.gan.fit(tf_points(12).repeat(), epochs=2, steps_per_epoch=3, verbose=0)
    np.testing.assert_array_equal(passes(watch), [np.arange(12)] * 2)


def test_tf_data_with_conditions():
    import tensorflow as tf

    images, labels = tiny.images(8), tiny.labels(8)
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(4)
    watch = tiny.Watch(kgan.ConditionalGAN(*tiny.networks(classes=3), discriminator_steps=2))
    watch.gan.fit(dataset, verbose=0)
    np.testing.assert_array_equal(np.concatenate(watch.condition), labels)
    np.testing.assert_array_equal(tiny.numbers(np.concatenate(watch.real)), np.arange(8))


@pytest.mark.parametrize("n", [4, 5, 7])
def test_all_whole_rounds_of_a_small_tf_data_set_are_played(n):
    watch = watched()
    watch.gan.fit(tf_points(n), verbose=0)
    assert len(watch.real) // 2 == n // 4


def test_py_dataset():
    dataset, watch = Batches(), watched()
    history = watch.gan.fit(dataset, epochs=2, verbose=0)
    np.testing.assert_array_equal(passes(watch), [np.arange(12)] * 2)
    assert history.params["steps"] == 3
    assert dataset.begun == 2
    assert dataset.ended >= 2


def test_py_dataset_without_end():
    watch = watched()
    watch.gan.fit(Endless(), epochs=2, steps_per_epoch=3, verbose=0)
    np.testing.assert_array_equal(passes(watch)[0], np.arange(12))


def test_py_dataset_of_several_workers():
    watch = watched()
    watch.gan.fit(Batches(workers=2), epochs=2, verbose=0)
    np.testing.assert_array_equal(passes(watch), [np.arange(12)] * 2)


def test_what_is_streamed_from_disk_goes_on():
    """Three rounds a pass, however it is cut into epochs and calls."""
    import tensorflow as tf

    from kgan.data.stream import ImageStream

    def stream():
        return ImageStream(
            lambda seed: tf.data.Dataset.from_tensor_slices((tiny.images(13), tiny.labels(13))),
            lambda example: example,
            num_images=13, image_shape=tiny.SHAPE, buffer=6, batch_size=2, shuffle=True, seed=0,
            drop_remainder=False, augment=None,
        ).dataset()  # fmt: skip

    def watched():
        return tiny.Watch(kgan.ConditionalGAN(*tiny.networks(classes=3), discriminator_steps=2))

    straight, cut = watched(), watched()
    history = straight.gan.fit(stream(), epochs=3, verbose=0)
    assert history.params["steps"] == 3
    cut.gan.fit(stream(), epochs=2, steps_per_epoch=1, verbose=0)
    cut.gan.fit(stream(), steps_per_epoch=7, verbose=0)
    order = tiny.numbers(straight.real)
    np.testing.assert_array_equal(tiny.numbers(cut.real), order)
    for one_pass in order.reshape(3, 12):
        assert len(np.unique(one_pass)) == 12
    for watch in (straight, cut):
        np.testing.assert_array_equal(np.stack(watch.condition), tiny.labels(13)[order])


def batches_of(*sizes):
    start = 0
    for size in sizes:
        yield tiny.column(*range(start, start + size))
        start += size


def test_a_generator():
    watch = watched()
    # The first batch says how many images an update takes; the others may be of any size.
    watch.gan.fit(batches_of(2, 1, 4, 3, 2, 1), verbose=0)
    np.testing.assert_array_equal(passes(watch), [np.arange(12)])


@pytest.mark.parametrize("kind", ["generator", "tf.data"])
def test_data_that_ends_unforeseen_leaves_no_trace(kind):
    """TensorFlow starts a round before it knows that there is no data for it."""
    states = []
    for data in (points(12), None):
        if data is None and kind == "generator":
            data = batches_of(*[2] * 6)
        elif data is None:
            data = tf_points(12).filter(lambda x: True)
        gan = kgan.GAN(*tiny.line(weight=0.5), discriminator_steps=2, ema_decay=0.9)
        gan.compile()
        arrays = {"batch_size": 2, "shuffle": False} if isinstance(data, np.ndarray) else {}
        history = gan.fit(data, verbose=0, **arrays).history
        states.append([np.array(history["real_score"]), *checks.values(gan.variables)])
        assert int(gan.rounds) == 3
    for known, unknown in zip(*states):
        np.testing.assert_allclose(known, unknown, rtol=1e-6)


def test_a_generator_over_several_epochs():
    watch = watched()
    watch.gan.fit(batches_of(*[2] * 40), epochs=2, steps_per_epoch=3, verbose=0)
    np.testing.assert_array_equal(passes(watch), np.arange(24).reshape(2, 12))


@pytest.mark.parametrize("rounds", [6, 7])
def test_a_generator_that_ends_ends_the_training(rounds):
    """Keras would go on with the first two rounds, again and again."""
    watch = watched()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        batches = batches_of(*[2] * (2 * rounds))
        history = watch.gan.fit(batches, epochs=9, steps_per_epoch=3, verbose=0)
    played = np.concatenate([real[:, 0] for real in watch.real])
    np.testing.assert_array_equal(played, np.arange(4 * rounds))
    assert int(watch.gan.rounds) == rounds and len(history.epoch) == -(-rounds // 3)
    said = f"the generator ended after {rounds} rounds, so training ends after epoch"
    assert any(said in str(warning.message) for warning in caught)


@pytest.mark.parametrize("listed", [True, False])
def test_a_generator_may_end_under_any_callbacks(listed):
    gan = kgan.GAN(*tiny.line(), discriminator_steps=kgan.schedules.Cosine(1.0, 2.0, 8))
    gan.compile()
    own = keras.callbacks.LambdaCallback()
    callbacks = keras.callbacks.CallbackList([own], model=gan, epochs=9) if listed else own
    for _ in range(2):
        before = int(gan.rounds)
        batches = (tiny.column(2.0 * i, 2.0 * i + 1) for i in range(12))
        gan.fit(batches, epochs=9, steps_per_epoch=3, verbose=0, callbacks=callbacks)
        assert before < int(gan.rounds) <= before + 12
    if listed:
        assert callbacks.callbacks == [own]


def test_a_generator_of_images_and_conditions():
    def batches():
        for start in (0, 4):
            yield tiny.images(8)[start : start + 4], tiny.labels(8)[start : start + 4]

    watch = tiny.Watch(kgan.ConditionalGAN(*tiny.networks(classes=3), discriminator_steps=2))
    watch.gan.fit(batches(), verbose=0)
    np.testing.assert_array_equal(np.concatenate(watch.condition), tiny.labels(8))


def loader(n=POINTS, **kwargs):
    backends.require("torch")
    import torch

    return torch.utils.data.DataLoader(torch.from_numpy(points(n)), batch_size=2, **kwargs)


@pytest.mark.parametrize("drop_last", [True, False])
def test_a_torch_loader(drop_last):
    watch = watched()
    history = watch.gan.fit(loader(drop_last=drop_last), epochs=2, verbose=0)
    np.testing.assert_array_equal(passes(watch), [np.arange(12)] * 2)
    assert history.params["steps"] == 3


def test_a_torch_loader_shuffles_anew():
    watch = watched()
    watch.gan.fit(loader(shuffle=True), epochs=2, verbose=0)
    first, second = passes(watch)
    assert len(np.unique(first)) == len(np.unique(second)) == 12
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("n", [4, 5, 7])
def test_all_whole_rounds_of_a_small_loader_are_played(n):
    watch = watched()
    watch.gan.fit(loader(n), verbose=0)
    assert len(watch.real) // 2 == n // 4


@pytest.mark.parametrize(("n", "steps", "rounds"), [(8, 1, 4), (8, 2, 2), (9, 2, 2), (10, 5, 1)])
def test_no_whole_round_of_a_torch_loader_is_lost(n, steps, rounds):
    """Its last batch may be smaller, and here is not."""
    watch = tiny.Watch(kgan.GAN(*tiny.line(), discriminator_steps=steps))
    watch.gan.fit(loader(n), epochs=2, verbose=0)
    assert int(watch.gan.rounds) == 2 * rounds


def test_a_torch_loader_may_make_more_of_a_batch():
    """As with several crops of each image: eight points in four batches of two, twice each."""
    backends.require("torch")
    import torch

    watch = tiny.Watch(kgan.GAN(*tiny.line()))
    watch.gan.fit(loader(8, collate_fn=lambda batch: torch.stack([*batch, *batch])), verbose=0)
    assert int(watch.gan.rounds) == 4


def test_a_torch_loader_without_a_length():
    backends.require("torch")
    import torch

    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(torch.from_numpy(points(6)))

    stream = torch.utils.data.DataLoader(Stream(), batch_size=2)
    watch = watched()
    with pytest.raises(ValueError, match="the data has no end: pass steps_per_epoch"):
        watch.gan.fit(stream, verbose=0)
    # Rounds of four: all of the first six, then from the first on again.
    watch.gan.fit(stream, steps_per_epoch=3, verbose=0)
    seen = np.concatenate([batch.ravel() for batch in watch.real])
    np.testing.assert_array_equal(seen, np.tile(points(6).ravel(), 2))


def test_an_epoch_goes_on_where_a_torch_loader_was_left():
    """Three rounds of four fill a pass over twelve points, and an epoch has two."""
    watch = watched()
    history = watch.gan.fit(loader(12), steps_per_epoch=2, epochs=3, verbose=0)
    assert len(history.epoch) == 3
    np.testing.assert_array_equal(passes(watch), [np.arange(12)] * 2)


def test_labels_of_every_batch_are_checked():
    gan = kgan.ConditionalGAN(*tiny.networks(classes=3), classes=3)
    gan.compile()
    batches = [(tiny.images(4), np.full(4, label, "int32")) for label in (2, 3)]
    with pytest.raises(ValueError, match="class labels must be 0 to 2, got 3 to 3"):
        gan.fit(iter(batches), verbose=0)


def test_batches_that_are_unlike_the_first_are_refused():
    gan = kgan.GAN(*tiny.networks())
    gan.compile()
    pixels = tiny.images(4)
    floats = pixels.astype("float32") / 127.5 - 1
    for first, other in ((floats, pixels), (pixels, floats), (floats, floats[:, :4])):
        with pytest.raises(ValueError, match="a batch differs from the first one"):
            gan.fit(iter([first, other]), verbose=0)
    broken = floats.copy()
    broken[2, 0, 0, 0] = np.nan
    for other, said in ((broken, "image 2 contains NaN"), (floats * 3, r"must be in \[-1, 1\]")):
        with pytest.raises(ValueError, match=said):
            gan.fit(iter([floats, other]), verbose=0)
    with pytest.raises(ValueError, match="got a dictionary of image, label: have the data yield a"):
        gan.fit(iter([{"image": floats, "label": 0}]), verbose=0)


def test_a_torch_dataset_is_told_from_a_loader():
    backends.require("torch")
    import torch

    gan = kgan.GAN(*tiny.networks())
    gan.compile()
    pairs = torch.utils.data.TensorDataset(torch.from_numpy(tiny.images(8)))
    with pytest.raises(
        ValueError, match=r"TensorDataset gives single images: pass a torch.*Loader"
    ):
        gan.fit(pairs, verbose=0)


def test_a_torch_loader_of_images_and_conditions():
    backends.require("torch")
    import torch

    pairs = torch.utils.data.TensorDataset(
        torch.from_numpy(tiny.images(8)), torch.from_numpy(tiny.labels(8))
    )
    watch = tiny.Watch(kgan.ConditionalGAN(*tiny.networks(classes=3), discriminator_steps=2))
    watch.gan.fit(torch.utils.data.DataLoader(pairs, batch_size=4, drop_last=True), verbose=0)
    np.testing.assert_array_equal(np.concatenate(watch.condition), tiny.labels(8))


def test_all_kinds_train_one_compiled_model():
    gan = kgan.GAN(*tiny.networks(), discriminator_steps=2)
    gan.compile()
    images = tiny.images(16)
    floats = images.astype("float32") / 127.5 - 1

    def batches():
        yield from floats.reshape(4, 4, *tiny.SHAPE)

    import tensorflow as tf

    gan.fit(floats, batch_size=4, verbose=0)
    gan.fit(kgan.data.ImageDataset(images, batch_size=4), verbose=0)
    gan.fit(tf.data.Dataset.from_tensor_slices(floats).batch(4), verbose=0)
    gan.fit(batches(), verbose=0)
    # The last batch of a `tf.data.Dataset` may be smaller, unless its shape says that it is not.
    assert int(gan.rounds) == 2 + 2 + 1 + 2


def test_an_error_of_the_data_is_raised_as_it_is(tmp_path):
    """TensorFlow would raise its own InvalidArgumentError, which quotes it."""
    for i in range(8):
        kgan.data.save_image(tmp_path / f"{i}.png", tiny.images(8)[i])
    dataset = kgan.data.load(tmp_path, batch_size=2, cache=False)
    (tmp_path / "5.png").write_bytes(b"no image any more")
    gan = kgan.GAN(*tiny.networks())
    gan.compile()
    with pytest.raises(ValueError, match=r"5\.png"):
        gan.fit(dataset, epochs=2, verbose=0)


LEFT = """
import time, keras, tiny, kgan

class Slow(keras.utils.PyDataset):
    def __len__(self):
        return 100

    def __getitem__(self, index):
        time.sleep(0.5)
        return (tiny.column(*range(4)),)

def stop(batch, logs):
    gan.stop_training = batch == 2

gan = kgan.GAN(*tiny.line())
gan.compile()
callback = keras.callbacks.LambdaCallback(on_train_batch_end=stop)
gan.fit(Slow(), verbose=0, callbacks=callback)
print("trained")
"""


@pytest.mark.backend("tensorflow")
def test_python_ends_though_an_epoch_over_slow_data_was_left():
    """TensorFlow still reads ahead, in a thread that Python at its end would never let go on."""
    process = subprocess.run(
        [sys.executable, "-c", LEFT],
        cwd=backends.TESTS,
        env=backends.environment("tensorflow"),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout == "trained\n"


@pytest.mark.parametrize("kind", ["arrays", "tf.data", "PyDataset"])
def test_validation_data(kind):
    held_out = tiny.column(1.0, 2.0, 6.0)
    data = {"arrays": (held_out,), "tf.data": tf_points(3).map(lambda x: 1.5 * x * x + 1)}
    data["PyDataset"] = kgan_batches(held_out)
    gan = kgan.GAN(*tiny.line(), discriminator_steps=2)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    history = gan.fit(
        points(), batch_size=2, epochs=2, verbose=0, validation_data=data[kind]
    ).history
    expected = {"arrays": 3.0, "PyDataset": 3.0, "tf.data": (1 + 2.5 + 7) / 3}[kind]
    np.testing.assert_allclose(history["val_real_score"], [expected] * 2, rtol=1e-6)
    assert {name for name in history if name.startswith("val_")} == {
        f"val_{name}" for name in gan.term_names()
    }


class Pairs:
    """A loader of a column's points by two, which has nothing but a length."""

    def __init__(self, column):
        self.column = column

    def __len__(self):
        return -(-len(self.column) // 2)

    def __iter__(self):
        return (self.column[i : i + 2] for i in range(0, len(self.column), 2))


def test_what_can_be_fitted_can_be_evaluated():
    gan = kgan.GAN(*tiny.line())
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    held_out = tiny.column(1.0, 2.0, 6.0)
    for data, means in ((Pairs(held_out), [3.0, 3.0]), (iter(Pairs(held_out)), [3.0])):
        for expected in means:
            logs = gan.evaluate(data, steps=2, verbose=0, return_dict=True)
            assert logs["real_score"] == pytest.approx(expected)
            assert gan.fit(Pairs(points(4)), verbose=0).history
    history = gan.fit(
        Pairs(points(4)), epochs=2, verbose=0, validation_data=Pairs(held_out)
    ).history
    np.testing.assert_allclose(history["val_real_score"], [3.0, 3.0], rtol=1e-6)


def test_a_torch_loader_can_be_evaluated():
    gan = kgan.GAN(*tiny.line())
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    history = gan.fit(loader(4), epochs=2, verbose=0, validation_data=loader(3)).history
    np.testing.assert_allclose(history["val_real_score"], [1.0, 1.0], rtol=1e-6)


def kgan_batches(array):
    class Halves(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return (array[2 * index : 2 * index + 2],)

    return Halves()


def test_validation_split_is_taken_from_the_end_before_anything_is_shuffled():
    watch = watched()
    history = watch.gan.fit(
        points(16), batch_size=2, validation_split=0.25, epochs=2, verbose=0
    ).history
    for order in passes(watch):
        np.testing.assert_array_equal(np.sort(order), np.arange(12))
    np.testing.assert_allclose(history["val_real_score"], [np.mean([12, 13, 14, 15])] * 2)


def test_validation_data_goes_before_a_split():
    gan = kgan.GAN(*tiny.line())
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    history = gan.fit(
        points(4),
        batch_size=2,
        validation_split=0.5,
        validation_data=(tiny.column(7.0),),
        verbose=0,
    ).history
    assert history["val_real_score"] == [7.0]
    assert history["real_score"] == [1.5]


def test_validation_every_few_epochs():
    gan = kgan.GAN(*tiny.line())
    gan.compile()
    history = gan.fit(
        points(4),
        batch_size=2,
        epochs=4,
        validation_data=(points(3),),
        validation_freq=2,
        verbose=0,
    ).history
    assert len(history["val_d_loss"]) == 2
    assert len(history["d_loss"]) == 4


@pytest.mark.backend("tensorflow", "jax")
def test_several_rounds_in_one_execution_are_the_same_rounds():
    trained = []
    for steps in (1, 2):
        gan = kgan.WGANGP(*tiny.networks(plain=True), discriminator_steps=2)
        gan.compile(steps_per_execution=steps)
        gan.fit(tiny.images(32), batch_size=4, epochs=2, verbose=0)
        assert int(gan.rounds) == 8
        trained.append(gan.get_weights())
    for one, two in zip(*trained):
        np.testing.assert_allclose(one, two, atol=1e-6)


@pytest.mark.backend("torch")
def test_torch_refuses_several_rounds_in_one_execution():
    gan = kgan.GAN(*tiny.line())
    gan.compile(steps_per_execution=2)
    with pytest.raises(ValueError, match="steps_per_execution"):
        gan.fit(points(), batch_size=2, verbose=0)


@pytest.mark.backend("tensorflow")
def test_a_round_compiled_by_xla_is_the_same_round():
    trained = []
    for jit in (False, True):
        gan = kgan.WGANGP(*tiny.line(weight=0.5), discriminator_steps=2)
        noise = [points(4), points(4) / 4]
        tiny.ListedNoise(gan, [*noise, *noise, points(4)])
        gan.compile("sgd", "sgd", jit_compile=jit)
        gan.fit(points(16), batch_size=4, verbose=0)
        trained.append(gan.get_weights())
    for one, two in zip(*trained):
        np.testing.assert_allclose(one, two, rtol=1e-5)
