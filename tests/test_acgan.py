import checks
import keras
import numpy as np
import pytest
import tiny

import kgan


def players():
    keras.utils.set_random_seed(7)
    return tiny.generator(classes=tiny.CLASSES), tiny.discriminator(code_parameters=tiny.CLASSES)


def make():
    return kgan.ACGAN(*players(), discriminator_steps=2, ema_decay=0.9)


@pytest.mark.parametrize("check", checks.ALL)
def test_acgan(check):
    check(make)


def make_with_all():
    """Another loss, a penalty and augmentation."""
    networks = kgan.networks.mlp(tiny.SHAPE, 6, width=8, classes=3, class_head=True)
    penalty = kgan.penalties.R1(1.0)
    return kgan.ACGAN(*networks, loss="relativistic", penalties=penalty, augment="diffaugment")


@pytest.mark.backend("tensorflow", "torch")
@pytest.mark.parametrize("check", [checks.check_shapes, checks.check_resume])
def test_acgan_with_all(check):
    check(make_with_all)


def line(offsets, slopes):
    """G(z, c) = z + offsets[c]; D(x) = x, and its class logits are slopes times x."""
    latents, label = keras.Input((1,)), keras.Input((), dtype="int32")
    embedding = keras.layers.Embedding(len(offsets), 1)
    generator = keras.Model([latents, label], keras.layers.Add()([latents, embedding(label)]))
    embedding.set_weights([np.array(offsets)[:, None]])
    points = keras.Input((1,))
    judge, name = keras.layers.Dense(1), keras.layers.Dense(len(slopes))
    discriminator = keras.Model(points, [judge(points), name(points)])
    judge.set_weights([np.ones((1, 1)), np.zeros(1)])
    name.set_weights([np.array([slopes]), np.zeros(len(slopes))])
    return generator, discriminator


def test_both_players_maximise_the_likelihood_of_the_class():
    """Odena et al., Eqs. 2 and 3: -L_S - w L_C for D and the non-saturating -L_S - w L_C for G."""
    gan = kgan.ACGAN(*line([1.0, -1.0], [0.0, 2.0]), classifier_weight=0.5)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    z = tiny.column(0.5, 0.5)
    tiny.ListedNoise(gan, [z, z])
    logs = gan.fit(tiny.column(-1.0, -2.0), np.array([0, 1]), batch_size=2, shuffle=False,
                   verbose=0).history  # fmt: skip
    real, fake = np.array([-1.0, -2.0]), np.array([1.5, -0.5])

    def doubt(x):
        """-log softmax of the logits (0, 2 x) at classes 0 and 1."""
        odds = np.log(1 + np.exp(2 * x))
        return np.mean([odds[0], odds[1] - 2 * x[1]])

    adversarial = np.mean(np.log1p(np.exp(-real))) + np.mean(np.log1p(np.exp(fake)))
    assert logs["d_loss"] == pytest.approx([adversarial + 0.5 * (doubt(real) + doubt(fake))])
    assert logs["g_loss"] == pytest.approx([np.mean(np.log1p(np.exp(-fake))) + 0.5 * doubt(fake)])
    # Class 1 is named where x > 0: of real images the first rightly, of generated ones neither.
    assert logs["real_accuracy"] == [0.5]
    assert logs["fake_accuracy"] == [0.0]


@pytest.mark.parametrize("builder", ["dcgan", "mlp", "resnet"])
def test_builders_make_a_head_that_names_classes(builder):
    size = 32 if builder == "resnet" else 8
    build = getattr(kgan.networks, builder)
    generator, discriminator = build((size, size, 1), 4, width=4, classes=5, class_head=True)
    assert len(generator.inputs) == 2
    assert [i.shape for i in discriminator.inputs] == [(None, size, size, 1)]
    assert [o.shape for o in discriminator.outputs] == [(None, 1), (None, 5)]
    gan = kgan.ACGAN(generator, discriminator)
    assert gan.classes == 5


def test_what_does_not_fit_is_refused():
    generator, discriminator = players()
    with pytest.raises(ValueError, match=r"needs a second output, a logit for each class"):
        kgan.ACGAN(generator, tiny.discriminator())
    with pytest.raises(ValueError, match="names 3 classes, not 4"):
        kgan.ACGAN(generator, discriminator, classes=4)
    with pytest.raises(ValueError, match="the generator has one input"):
        kgan.ACGAN(tiny.generator(), discriminator)
    with pytest.raises(ValueError, match="does not tell it the condition"):
        kgan.ACGAN(generator, tiny.discriminator(classes=3, code_parameters=3))
    with pytest.raises(ValueError, match=r"condition has shape \(5,\): pass classes"):
        kgan.ACGAN(tiny.generator(condition_dim=5), discriminator)
    with pytest.raises(ValueError, match="classifier_weight must not be negative, got -1"):
        kgan.ACGAN(generator, discriminator, classifier_weight=-1)
    with pytest.raises(ValueError, match="the discriminator has one input"):
        kgan.ConditionalGAN(generator, discriminator)
    with pytest.raises(ValueError, match="pass classes, and no code_parameters"):
        kgan.networks.mlp(classes=3, code_parameters=2, class_head=True)
