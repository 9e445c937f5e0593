import checks
import keras
import numpy as np
import pytest
import tiny

import kgan


def make():
    return kgan.ConditionalGAN(
        *tiny.networks(classes=tiny.CLASSES),
        classes=tiny.CLASSES,
        discriminator_steps=2,
        ema_decay=0.9,
    )


def make_of_vectors():
    return kgan.ConditionalGAN(
        *tiny.networks(condition_dim=5, norm=False),
        loss="wasserstein",
        penalties=[kgan.penalties.GradientPenalty(10.0)],
    )


@pytest.mark.parametrize("check", checks.ALL)
def test_conditional_gan(check):
    check(make)


@pytest.mark.parametrize("check", (*checks.TRAINING, checks.check_images_are_fresh))
def test_conditional_wgan_gp_of_vectors(check):
    check(make_of_vectors)


def line(offsets, biases):
    """G(z | c) = z + offsets[c] and a discriminator with logit x + biases[c]."""
    players = []
    for table in (offsets, biases):
        inputs, condition = keras.Input((1,)), keras.Input((), dtype="int32")
        embedding = keras.layers.Embedding(len(table), 1)
        outputs = keras.layers.Add()([inputs, embedding(condition)])
        players.append(keras.Model([inputs, condition], outputs))
        embedding.set_weights([np.array(table)[:, None]])
    return players


def test_both_players_are_told_the_condition():
    """arXiv:1411.1784, Eq. 2: log D(x|y) + log(1 - D(G(z|y)|y)), worked out by hand."""
    gan = kgan.ConditionalGAN(*line([1.0, 2.0], [0.0, -3.0]), classes=2)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    z = tiny.column(0.5, -0.5)
    tiny.ListedNoise(gan, [z, z])
    x, y = tiny.column(1.0, 2.0), np.array([0, 1])
    logs = gan.fit(x, y, batch_size=2, shuffle=False, verbose=0).history
    # Real logits: 1 + 0 and 2 - 3 = -1. Fakes: 0.5 + 1 = 1.5 and -0.5 + 2 = 1.5; their logits
    # 1.5 and 1.5 - 3 = -1.5.
    real, fake = np.array([1.0, -1.0]), np.array([1.5, -1.5])
    d_loss = np.mean(np.log1p(np.exp(-real))) + np.mean(np.log1p(np.exp(fake)))
    np.testing.assert_allclose(logs["d_loss"], [d_loss], rtol=1e-5)
    # The gradient of biases[c] is (sigmoid(real) - 1 + sigmoid(fake)) / 2 of its class.
    sigmoid = lambda y: 1 / (1 + np.exp(-y))  # noqa: E731
    biases = np.array([0.0, -3.0]) - 0.1 * (sigmoid(real) - 1 + sigmoid(fake)) / 2
    learned = checks.values(gan.discriminator.trainable_variables)[0].ravel()
    np.testing.assert_allclose(learned, biases, rtol=1e-5)
    # That of offsets[c] is (sigmoid(fake) - 1) / 2, at the discriminator as it is then.
    fake = np.array([1.5, 1.5]) + biases
    offsets = np.array([1.0, 2.0]) - 0.1 * (sigmoid(fake) - 1) / 2
    learned = checks.values(gan.generator.trainable_variables)[0].ravel()
    np.testing.assert_allclose(learned, offsets, rtol=1e-5)


def test_sample_draws_what_is_asked_for():
    gan = kgan.ConditionalGAN(*line([0.0, 100.0], [0.0, 0.0]), classes=2)
    latents = np.zeros((4, 1), "float32")
    one = gan.sample(4, condition=1, latents=latents)
    np.testing.assert_array_equal(one, np.full((4, 1), 100.0))
    each = gan.sample(4, condition=[1, 0, 0, 1], latents=latents)
    np.testing.assert_array_equal(each[:, 0], [100.0, 0.0, 0.0, 100.0])
    in_turn = gan.sample(4, latents=latents)
    np.testing.assert_array_equal(in_turn[:, 0], [0.0, 100.0, 0.0, 100.0])


def test_a_grid_has_a_column_for_each_class_and_a_row_for_each_latent_vector():
    gan = make()
    images, columns = gan.sample_grid(rows=2, seed=5)
    assert columns == tiny.CLASSES
    latents = gan.random_latents(2, seed=5)
    for row in range(2):
        for column in range(columns):
            expected = gan.sample(1, condition=column, latents=latents[row : row + 1])[0]
            np.testing.assert_array_equal(images[row * columns + column], expected)


def test_what_does_not_fit_is_refused():
    generator, discriminator = tiny.networks()
    with pytest.raises(ValueError, match=r"the generator has one input.*pass classes or condition"):
        kgan.ConditionalGAN(generator, discriminator)
    generator, discriminator = tiny.networks(classes=3)
    with pytest.raises(ValueError, match="classes must be at least 2, got 1"):
        kgan.ConditionalGAN(generator, discriminator, classes=1)
    gan = make()
    with pytest.raises(ValueError, match=r"class labels must be 0 to 2, got 3"):
        gan.sample(2, condition=3)
    with pytest.raises(ValueError, match=r"condition must be integers, got float64"):
        gan.sample(2, condition=1.5)
    with pytest.raises(ValueError, match=r"2 of them; got shape \(3,\)"):
        gan.sample(2, condition=[0, 1, 2])
    with pytest.raises(ValueError, match=r"conditional: pass condition, a vector of shape \(5,\)"):
        make_of_vectors().sample(2)
    with pytest.raises(ValueError, match=r"not conditional"):
        kgan.GAN(*tiny.networks()).sample(2, condition=1)


def test_labels_that_are_no_classes_are_refused_in_fit():
    gan = make()
    gan.compile()
    images = tiny.images(8)
    with pytest.raises(ValueError, match=r"labels must be 0 to 2, got 0 to 3"):
        gan.fit(images, np.arange(8) % 4, batch_size=4)
    with pytest.raises(ValueError, match=r"data must be \(images, condition\)"):
        gan.fit(images, batch_size=4)
    with pytest.raises(ValueError, match=r"got 8 images but 7 conditions"):
        gan.fit(images, tiny.labels(7), batch_size=4)
    with pytest.raises(ValueError, match=r"shape \(n,\), got \(8, 3\).*argmax\(axis=1\) if one"):
        gan.fit(images, np.eye(3, dtype="int32")[tiny.labels(8)], batch_size=4)
    with pytest.raises(ValueError, match=r"condition must be integers, got float32"):
        gan.fit(images, tiny.labels(8).astype("float32"), batch_size=4)
    vectors = make_of_vectors()
    vectors.compile()
    with pytest.raises(ValueError, match=r"conditions of shape \(n, 5\), got \(8, 4\)"):
        vectors.fit(images, np.zeros((8, 4), "float32"), batch_size=4)


class Pairs(keras.utils.PyDataset):
    """Batches of four images and their conditions."""

    def __init__(self, arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return tuple(array[4 * index : 4 * index + 4] for array in self.arrays)


def served(kind, *arrays):
    """Arrays in batches of four."""
    if kind == "PyDataset":
        return Pairs(arrays)
    if kind == "generator":
        return (batch for batch in map(Pairs(arrays).__getitem__, range(4)))
    if kind == "tf.data":
        tf = pytest.importorskip("tensorflow")
        return tf.data.Dataset.from_tensor_slices(arrays).batch(4, drop_remainder=True)
    torch = pytest.importorskip("torch")
    arrays = torch.utils.data.TensorDataset(*map(torch.from_numpy, arrays))
    return torch.utils.data.DataLoader(arrays, batch_size=4, drop_last=True)


@pytest.mark.parametrize("kind", ["PyDataset", "generator", "tf.data", "DataLoader"])
def test_labels_inside_data_are_checked(kind):
    gan = make()
    gan.compile()
    images = tiny.images(16)
    for labels, said in (
        ((np.arange(16) % 4,), "labels must be 0 to 2, got 0 to 3"),
        ((), r"data must be \(images, condition\); got images alone"),
        ((tiny.labels(16)[:, None],), r"conditions of shape \(n,\), got \(4, 1\)"),
    ):
        with pytest.raises(ValueError, match=said):
            gan.fit(served(kind, images, *labels), verbose=0)
        with pytest.raises(ValueError, match=said):
            gan.evaluate(served(kind, images, *labels), verbose=0)
        with pytest.raises(ValueError, match=said):
            gan.fit(
                images,
                tiny.labels(16),
                batch_size=4,
                verbose=0,
                validation_data=served(kind, images, *labels),
            )
    assert int(gan.rounds) == 0


def test_arrays_to_validate_on_are_checked():
    gan = make()
    gan.compile()
    images = tiny.images(8)
    with pytest.raises(ValueError, match="labels must be 0 to 2, got 3 to 3"):
        gan.fit(
            images, tiny.labels(8), batch_size=4, validation_data=(images, tiny.labels(8) * 0 + 3)
        )


@pytest.mark.parametrize("kind", ["PyDataset", "generator", "tf.data", "DataLoader"])
def test_data_whose_labels_were_checked_is_trained_on_from_its_start(kind):
    watch = tiny.Watch(make())
    watch.gan.fit(served(kind, tiny.images(16), tiny.labels(16)), verbose=0)
    np.testing.assert_array_equal(np.sort(tiny.numbers(np.concatenate(watch.real))), np.arange(16))
    for real, condition in zip(watch.real, watch.condition):
        np.testing.assert_array_equal(condition, tiny.labels(16)[tiny.numbers(real)])
