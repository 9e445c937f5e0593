"""A growing model in `fit`: any data, resumed, loaded, in half precision, in a run folder."""

import subprocess
import sys

import backends
import growing
import keras
import numpy as np
import pytest
import tiny

import kgan

SCRIPT = "import runpy; runpy.run_module('growing', run_name='__main__')"


@pytest.mark.slow
@pytest.mark.parametrize("backend", backends.BACKENDS)
def test_a_run_that_is_killed_in_a_fade_ends_as_one_that_is_not(backend, tmp_path):
    backends.require(backend)
    checkpoint = tmp_path / "checkpoint.keras"
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, "killed", str(checkpoint)],
        cwd=backends.TESTS,
        env=backends.environment(backend),
        capture_output=True,
        text=True,
    )
    assert process.returncode == growing.KILLED, process.stderr[-3000:]
    backends.run_on(backend, SCRIPT, "resumed", checkpoint)


# -- data ------------------------------------------------------------------------------------------


class Small(kgan.ProgressiveGAN):
    """One that notes how many images each round has, and plays none."""

    def __init__(self, **kwargs):
        networks = kgan.networks.progressive(tiny.SHAPE, 6, width=2)
        super().__init__(*networks, fade_images=16, stable_images=16, **kwargs)
        self.real, self.labels = [], []
        self.compile(run_eagerly=True)

    def play_round(self, data):
        images = np.array(keras.ops.convert_to_numpy(data[0]))
        self.real.append(images)
        self.rounds.assign(self.rounds + 1)
        self.images_seen.assign(self.images_seen + images.shape[0] * images.shape[1])
        self.fade()
        return {"d_loss": keras.ops.zeros(())}


def shown(data, gan=None, **kwargs):
    """The images of all rounds' updates, in turn: which, and how many at a time."""
    gan = gan or Small(batch_sizes={4: 8, 8: 2}, discriminator_steps=2)
    gan.fit(data, verbose=0, **kwargs)
    assert {x.shape[1] for x in gan.real} == {2}
    return np.concatenate([tiny.numbers(x).T.ravel() for x in gan.real]), [len(x) for x in gan.real]


@pytest.mark.parametrize("kind", ["array", "dataset", "stream"])
def test_batch_sizes_of_each_resolution(kind):
    """Each image once a pass, and the same ones however training is cut into epochs."""
    if kind == "stream":
        data, options = streamed(), {}
    elif kind == "dataset":
        data, options = kgan.data.ImageDataset(tiny.images(21), batch_size=5), {}
    else:
        data, options = tiny.images(20), {"batch_size": 5}
    numbers, sizes = shown(data, steps_per_epoch=14, **options)
    assert sizes == [8] + 13 * [2]
    passes = numbers[:60].reshape(3, 20)
    assert all(len(set(order)) == 20 for order in passes)
    assert not np.array_equal(passes[0], passes[1])
    again, sizes = shown(data, steps_per_epoch=7, epochs=2, **options)
    np.testing.assert_array_equal(again, numbers)
    assert sizes == [8] + 13 * [2]

    gan = Small(batch_sizes={4: 8, 8: 2}, discriminator_steps=2)
    shown(data, gan, steps_per_epoch=5, **options)
    numbers_in_two, _ = shown(data, gan, steps_per_epoch=9, **options)
    np.testing.assert_array_equal(numbers_in_two, numbers)


def streamed():
    """What `kgan.data.load` makes of a data set that does not fit into memory."""
    tf = pytest.importorskip("tensorflow")
    from kgan.data.stream import ImageStream

    images = tiny.images(21)

    def examples(seed):
        dataset = tf.data.Dataset.from_tensor_slices(images)
        return dataset if seed is None else dataset.shuffle(21, seed=seed)

    return ImageStream(
        examples, lambda image: (image,), num_images=21, image_shape=tiny.SHAPE, buffer=21,
        batch_size=5, shuffle=True, seed=0, drop_remainder=True, augment=None,
    ).dataset()  # fmt: skip


def test_an_epoch_has_as_many_rounds_as_without():
    _, sizes = shown(tiny.images(20), batch_size=5, epochs=2)
    assert sizes == [8, 2] + 2 * [2]


def test_data_with_batches_of_its_own_is_refused():
    gan = Small(batch_sizes={8: 2})
    with pytest.raises(ValueError, match=r"batch_sizes=\{8: 2\} need images that fit can batch"):
        gan.fit(iter([tiny.images(4)]), verbose=0)
    Small().fit(iter([tiny.images(4)]), verbose=0)


# -- state -----------------------------------------------------------------------------------------


def test_loaded_weights_say_how_far_they_have_grown(tmp_path):
    """What `kgan.zoo.load` does with the half precision of a preset's files."""
    gan = growing.model()
    for seen, expected in ((56, 56), (500, 80), (30, 30)):
        gan.images_seen.assign(seen)
        gan.fade()
        kgan.weight_files.save_weights(gan.ema_generator, tmp_path / "g.weights.h5")
        fresh = growing.model()
        kgan.zoo.load_weights(fresh, tmp_path / "g.weights.h5")
        images = fresh.sample(2, seed=0)
        np.testing.assert_allclose(images, gan.sample(2, seed=0), atol=2)
        fresh.grow()
        assert fresh.count_images() == expected
        assert fresh.level == gan.phases.level(expected)
        np.testing.assert_array_equal(fresh.sample(2, seed=0), images)


def test_a_model_that_has_trained_goes_on_at_the_level_that_is_loaded(tmp_path):
    grown = growing.model(loss="hinge", penalties=())
    grown.compile()
    grown.images_seen.assign(80)
    grown.fade()
    grown.grow()
    grown.save_weights(tmp_path / "grown.weights.h5")
    gan = growing.model(loss="hinge", penalties=())
    gan.compile()
    gan.fit(growing.images(8), batch_size=4, verbose=0)
    assert gan.level == 0
    gan.load_weights(tmp_path / "grown.weights.h5")
    before = {v.path: np.array(v) for v in gan.generator.trainable_variables}
    gan.fit(growing.images(8), batch_size=4, verbose=0)
    top = f"block_{gan.phases.sizes[-1]}"
    moved = {p for p, old in before.items() if p.startswith(top)}
    assert moved
    after = {v.path: np.array(v) for v in gan.generator.trainable_variables}
    assert any((after[path] != before[path]).any() for path in moved)


def test_rounds_without_fit_grow_when_they_are_told_to():
    gan = growing.model(loss="hinge", penalties=())
    gan.compile(run_eagerly=True)
    images = growing.images(4)[:, None]
    levels = []
    for _ in range(6):
        gan.train_on_batch(images)
        gan.grow()
        levels.append(gan.level)
    assert levels == [0, 0, 0, 1, 1, 1]
    assert int(gan.optimizer.generator.iterations) == 2


def test_what_sleeps_is_left_alone():
    """Weight decay would wear down what has no gradient yet."""
    gan = growing.model(loss="hinge", penalties=())
    gan.compile(*(keras.optimizers.AdamW(1e-3, weight_decay=0.5) for _ in range(2)))
    asleep = [
        weight
        for network in (gan.generator, gan.discriminator)
        for name in ("block_8", "block_16", "to_rgb_8", "from_rgb_16")
        if name in [layer.name for layer in network.layers]
        for weight in network.get_layer(name).trainable_weights
    ]
    awake = [
        gan.generator.get_layer("to_rgb_4").kernel,
        gan.discriminator.get_layer("logits").kernel,
    ]
    before = [np.array(keras.ops.convert_to_numpy(w)) for w in (*asleep, *awake)]
    gan.fit(growing.images(8), batch_size=4, verbose=0)
    after = [keras.ops.convert_to_numpy(w) for w in (*asleep, *awake)]
    changed = [not np.array_equal(a, b) for a, b in zip(after, before)]
    assert changed == [False] * len(asleep) + [True, True]


@pytest.mark.parametrize("policy", ["mixed_float16"], indirect=True)
def test_half_precision_keeps_its_loss_scale_from_level_to_level(policy):
    gan = growing.model(fade_images=8, stable_images=8, learning_rates={8: 0.002})
    gan.compile(run_eagerly=True)
    scaled = gan.optimizer.generator
    scaled.dynamic_scale.assign(64.0)
    gan.fit(growing.images(12), batch_size=4, verbose=0)
    assert gan.level == 1
    assert float(scaled.dynamic_scale) <= 64
    assert int(scaled.inner_optimizer.iterations) <= 1
    assert float(scaled.learning_rate) == pytest.approx(0.002)


@pytest.mark.backend("tensorflow")
def test_a_run_folder_is_resumed_in_a_fade(tmp_path):
    """What `kgan train --resume` does."""
    preset = kgan.zoo.info("progressive_gan_mnist")
    preset["name"] = "progressive_gan_mnist"
    preset["networks"]["arguments"] = {"image_shape": [8, 8, 1], "latent_dim": 6, "width": 4}
    phases = {"fade_images": 64, "stable_images": 16, "batch_sizes": {"4": 16, "8": 8}}
    preset["arguments"] = {**phases, "loss": "hinge", "penalties": [], "ema_decay": 0.9}
    np.savez(tmp_path / "x.npz", images=tiny.images(32))
    preset["data"] = {**preset["data"], "source": str(tmp_path / "x.npz"), "image_size": 8}
    preset["training"] = {"batch_size": 8, "seed": 0, "precision": "float32", "rounds": 5}
    gan, _ = kgan.training.train(preset, tmp_path / "run", verbose=0)
    assert (gan.level, gan.count_images()) == (1, 16 + 4 * 8)
    preset["training"]["rounds"] = 9
    gan, _ = kgan.training.train(preset, tmp_path / "run", resume=True, verbose=0)
    assert (gan.level, gan.count_images()) == (1, 16 + 8 * 8)
    history = (tmp_path / "run" / "history.csv").read_text().splitlines()
    column = history[0].split(",").index("resolution")
    sizes = [float(line.split(",")[column]) for line in history[1:]]
    # In epochs of 4 rounds: one at 4 px, then from alpha 0 up by 8 images of 64 a round.
    alphas = np.array([0, 0, 1, 2, 3, 4, 5, 6, 7]) / 8
    expected = [4 + 4 * part.mean() for part in (alphas[:4], alphas[4:5], alphas[5:8], alphas[8:])]
    np.testing.assert_allclose(sizes, expected, rtol=1e-5)


# -- errors ----------------------------------------------------------------------------------------


def test_what_cannot_grow_is_refused():
    with pytest.raises(ValueError, match="cannot be run at a lower resolution"):
        kgan.ProgressiveGAN(*tiny.networks(norm=False))
    networks = kgan.networks.progressive((16, 16, 1), 6, width=2)
    for name, given, message in (
        ("batch_sizes", {32: 4}, "given for 32 px, but the networks grow through 4, 8, 16 px"),
        ("batch_sizes", {4: 0}, "a batch size must be an integer of at least 1, got 0"),
        ("learning_rates", {8: -1.0}, "to a positive number, or to two of them"),
        ("learning_rates", {8: (1.0, 2.0, 3.0)}, "to a positive number, or to two of them"),
        ("fade_images", 0.5, "fade_images must be an integer from 0, or a mapping"),
        ("stable_images", {8: 10}, "that starts at 4"),
    ):
        with pytest.raises(ValueError, match=message):
            kgan.ProgressiveGAN(*networks, ema_decay=None, **{name: given})
    gan = growing.model(learning_rates={8: 1e-3})
    schedule = keras.optimizers.schedules.ExponentialDecay(1e-3, 10, 0.5)
    with pytest.raises(ValueError, match="the generator's optimizer has a schedule"):
        gan.compile(keras.optimizers.Adam(schedule))
