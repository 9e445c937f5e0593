import checks
import keras
import numpy as np
import pytest
import tiny

import kgan


def make():
    return kgan.GAN(*tiny.networks(), discriminator_steps=2, ema_decay=0.9)


def make_combined():
    penalties = [kgan.penalties.R1(10.0), kgan.penalties.R2(10.0)]
    networks = tiny.networks(norm=False)
    return kgan.GAN(*networks, loss="relativistic", penalties=penalties)


@pytest.mark.parametrize("check", checks.ALL)
def test_gan(check):
    check(make)


@pytest.mark.parametrize("check", checks.TRAINING)
def test_gan_of_another_loss_with_penalties(check):
    check(make_combined)


def test_a_single_penalty_needs_no_list():
    penalty = kgan.penalties.R1(2.0)
    gan = kgan.GAN(*tiny.line(), penalties=penalty)
    assert gan.penalties == [penalty]
    again = kgan.GAN.from_config(gan.get_config())
    assert [p.weight for p in again.penalties] == [2.0]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_a_round_is_algorithm_1():
    """arXiv:1406.2661, Algorithm 1, with k = 2 and plain gradient steps, worked out by hand."""
    gan = kgan.GAN(*tiny.line(1.0, 0.5, weight=0.3, bias=-0.2), discriminator_steps=2)
    rate = 0.1
    gan.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate))
    z = [tiny.column(0.5, -1.0), tiny.column(2.0, 0.0), tiny.column(1.0, -0.5)]
    tiny.ListedNoise(gan, z)
    x = [tiny.column(1.0, 2.0), tiny.column(-1.0, 0.5)]
    logs = gan.fit(np.concatenate(x), batch_size=2, shuffle=False, verbose=0).history

    a, b, w, v = 1.0, 0.5, 0.3, -0.2
    d_losses = []
    for real, latents in zip(x, z):
        fake = a * latents + b
        d_real, d_fake = sigmoid(w * real + v), sigmoid(w * fake + v)
        d_losses.append(-np.mean(np.log(d_real)) - np.mean(np.log(1 - d_fake)))
        # d/dy of -log sigmoid(y) is sigmoid(y) - 1, of -log(1 - sigmoid(y)) it is sigmoid(y).
        w, v = (
            w - rate * (np.mean((d_real - 1) * real) + np.mean(d_fake * fake)),
            v - rate * (np.mean(d_real - 1) + np.mean(d_fake)),
        )
    d_fake = sigmoid(w * (a * z[2] + b) + v)
    g_loss = -np.mean(np.log(d_fake))
    a, b = (
        a - rate * np.mean((d_fake - 1) * w * z[2]),
        b - rate * np.mean((d_fake - 1) * w),
    )
    np.testing.assert_allclose(logs["d_loss"], [np.mean(d_losses)], rtol=1e-5)
    np.testing.assert_allclose(logs["g_loss"], [g_loss], rtol=1e-5)
    learned = np.concatenate([k.ravel() for k in checks.values(gan.trainable_variables)])
    np.testing.assert_allclose(learned, [a, b, w, v], rtol=1e-5)


def test_scores_are_the_mean_logits():
    gan = kgan.GAN(*tiny.line(weight=2.0, bias=1.0))
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    tiny.ListedNoise(gan, [tiny.column(0.0, 4.0), tiny.column(0.0, 4.0)])
    logs = gan.fit(tiny.column(1.0, 3.0), batch_size=2, verbose=0).history
    # 2 x + 1 at 1 and 3 is 3 and 7; at G(z) = z, 0 and 4, it is 1 and 9.
    assert logs["real_score"] == [5.0]
    assert logs["fake_score"] == [5.0]


def test_logs_are_means_over_the_rounds_of_an_epoch():
    gan = kgan.GAN(*tiny.line())
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    points = tiny.column(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    logs = gan.fit(points, batch_size=2, epochs=2, verbose=0).history
    # The logit is x itself: each epoch's mean is that of all points, not of the last batch.
    np.testing.assert_allclose(logs["real_score"], [3.5, 3.5], rtol=1e-6)


def test_evaluate_weighs_every_image_the_same():
    gan = kgan.GAN(*tiny.line())
    gan.compile()
    points = tiny.column(0.0, 0.0, 0.0, 0.0, 10.0)
    measured = gan.evaluate(points, batch_size=4, verbose=0, return_dict=True)
    np.testing.assert_allclose(measured["real_score"], 2.0, rtol=1e-6)


def test_noise_that_was_set_stays_after_evaluate():
    gan = kgan.GAN(*tiny.line())
    gan.compile()
    noise = tiny.ListedNoise(gan, [])
    gan.evaluate(tiny.column(0.0, 1.0), verbose=0)
    assert gan.noise is noise


def test_minimax_is_the_papers_first_loss():
    assert isinstance(kgan.GAN(*tiny.line(), loss="minimax").loss_function, kgan.losses.Minimax)
    assert isinstance(kgan.GAN(*tiny.line()).loss_function, kgan.losses.NonSaturating)


def test_uint8_images_are_scaled_to_the_generators_range():
    gan = kgan.GAN(*tiny.networks())
    gan.compile(run_eagerly=True)
    seen = []
    original = gan.discriminator_loss

    def spy(real, *args):
        seen.append(np.array(keras.ops.convert_to_numpy(real)))
        return original(real, *args)

    gan.discriminator_loss = spy
    pixels = np.zeros((4, *tiny.SHAPE), "uint8")
    pixels[1], pixels[2] = 255, 51
    gan.fit(pixels, batch_size=4, shuffle=False, verbose=0)
    # 2 * 51 / 255 - 1 = -0.6
    np.testing.assert_allclose(seen[0][:, 0, 0, 0], [-1.0, 1.0, -0.6, -1.0], atol=1e-6)


def test_a_round_can_be_played_by_hand():
    gan = kgan.GAN(*tiny.networks(), discriminator_steps=2)
    gan.compile()
    images = tiny.images(8)
    logs = gan.train_on_batch(images.reshape(4, 2, *tiny.SHAPE), return_dict=True)
    assert set(logs) == set(gan.term_names())
    assert int(gan.rounds) == 1
    logs = gan.test_on_batch(images, return_dict=True)
    assert np.isfinite([*logs.values()]).all()


@pytest.mark.parametrize("shape", [(8,), (2, 3)])
def test_images_that_are_not_grouped_into_rounds_are_refused(shape):
    gan = kgan.GAN(*tiny.networks(), discriminator_steps=2)
    gan.compile()
    images = np.zeros((*shape, *tiny.SHAPE), "uint8")
    with pytest.raises(ValueError, match=r"a round takes images of shape \(n, 2, 8, 8, 1\), got"):
        gan.train_on_batch(images)


class Weighted(keras.utils.PyDataset):
    """Images and weights of examples."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return tiny.column(index, index), None, np.ones(2, "float32")


def weighted(kind):
    if kind == "PyDataset":
        return Weighted()
    if kind == "generator":
        return (Weighted()[i] for i in range(4))
    tf = pytest.importorskip("tensorflow")
    images = tiny.column(*range(8))
    return tf.data.Dataset.from_tensor_slices((images, images, images)).batch(2)


@pytest.mark.parametrize("kind", ["PyDataset", "generator", "tf.data"])
def test_weights_inside_data_are_refused(kind):
    gan = kgan.GAN(*tiny.line())
    gan.compile()
    said = "sample_weight has no meaning for a GAN"
    with pytest.raises(ValueError, match=said):
        gan.fit(weighted(kind), verbose=0)
    with pytest.raises(ValueError, match=said):
        gan.evaluate(weighted(kind), verbose=0)
    with pytest.raises(ValueError, match=said):
        gan.fit(tiny.column(1.0, 2.0), batch_size=2, verbose=0, validation_data=weighted(kind))
    assert int(gan.rounds) == 0


def test_weights_of_a_single_batch_are_refused():
    gan = kgan.GAN(*tiny.line())
    gan.compile()
    x, y, weights = Weighted()[0]
    for method, images in ((gan.train_on_batch, x[:, None]), (gan.test_on_batch, x)):
        with pytest.raises(ValueError, match="sample_weight has no meaning for a GAN"):
            method(images, y, sample_weight=weights)


@pytest.mark.parametrize("frozen", ["generator", "discriminator"])
def test_a_player_can_be_frozen(frozen):
    gan = kgan.GAN(*tiny.line())
    getattr(gan, frozen).trainable = False
    gan.compile()
    before = checks.values(getattr(gan, frozen).variables)
    free = gan.trainable_variables
    start = checks.values(free)
    gan.fit(tiny.column(1.0, 2.0), batch_size=2, verbose=0)
    checks.assert_same(getattr(gan, frozen).variables, before)
    assert len(checks.moved(free, start)) == 2


@pytest.mark.backend("tensorflow")
@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"], indirect=True)
def test_what_samples_is_exported(conditional, policy, tmp_path):
    import tensorflow as tf

    kind = kgan.ConditionalGAN if conditional else kgan.GAN
    networks = tiny.networks(classes=3) if conditional else tiny.networks()
    gan = kind(*networks, ema_decay=0.5)
    gan.compile()
    labels = tiny.labels(8) if conditional else None
    gan.fit(tiny.images(8), labels, batch_size=4, verbose=0)
    gan.export(tmp_path / "generator", verbose=False)
    exported = tf.saved_model.load(str(tmp_path / "generator"))
    latents = gan.random_latents(4, seed=3)
    made = exported.serve([latents, labels[:4]] if conditional else latents)
    assert made.dtype == tf.float32
    condition = labels[:4] if conditional else None
    expected = gan.sample(4, condition=condition, seed=3)
    np.testing.assert_array_equal(kgan.data.to_uint8(np.asarray(made)), expected)


@pytest.mark.backend("torch")
def test_modules_of_torch_that_kgan_cannot_look_into():
    import torch

    def player(role, *modules):
        shape = {"generator": (16,), "discriminator": (4, 4, 1)}[role]
        inputs = keras.Input(shape)
        module = torch.nn.Sequential(torch.nn.Linear(16, 16), *modules)
        wrapper = keras.layers.TorchModuleWrapper(module, output_shape=(None, 16))
        inside = wrapper(keras.layers.Flatten()(inputs))
        if role == "discriminator":
            return keras.Model(inputs, keras.layers.Dense(1)(inside))
        return keras.Model(inputs, keras.layers.Reshape((4, 4, 1))(inside))

    generator, discriminator = player("generator"), player("discriminator")
    penalties = [kgan.penalties.R1()]
    gan = kgan.GAN(generator, discriminator, penalties=penalties)
    gan.compile()
    gan.fit(np.zeros((8, 4, 4, 1), "uint8"), batch_size=4, verbose=0)
    with pytest.raises(ValueError, match=r"is a Sequential of PyTorch, which ema_decay cannot"):
        kgan.GAN(generator, discriminator, ema_decay=0.9)
    norm = player("discriminator", torch.nn.BatchNorm1d(16))
    with pytest.raises(ValueError, match="r1 constrains the gradient at each image, which batch"):
        kgan.GAN(generator, norm, penalties=penalties)
