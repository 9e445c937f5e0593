import checks
import keras
import numpy as np
import pytest
import tiny

import kgan


def make():
    return kgan.WGAN(*tiny.networks(), discriminator_steps=2, clip=0.1, ema_decay=0.9)


@pytest.mark.parametrize("check", checks.ALL)
def test_wgan(check):
    check(make)


def test_defaults_are_algorithm_1():
    """arXiv:1701.07875: alpha = 0.00005, c = 0.01, n_critic = 5, RMSProp."""
    gan = kgan.WGAN(*tiny.line())
    gan.compile()
    assert (gan.discriminator_steps, gan.clip) == (5, 0.01)
    assert isinstance(gan.loss_function, kgan.losses.Wasserstein)
    for optimizer in (gan.optimizer.generator, gan.optimizer.discriminator):
        assert isinstance(optimizer, keras.optimizers.RMSprop)
        assert float(optimizer.learning_rate) == pytest.approx(5e-5)
        assert optimizer.momentum == 0


def test_a_round_is_algorithm_1():
    """Two critic steps with clipping and one of the generator, worked out by hand."""
    gan = kgan.WGAN(*tiny.line(1.0, 0.5, weight=0.3, bias=0.0), discriminator_steps=2, clip=0.4)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    z = [tiny.column(0.0, 1.0), tiny.column(1.0, 2.0), tiny.column(2.0, 4.0)]
    tiny.ListedNoise(gan, z)
    x = tiny.column(1.0, 2.0, 3.0, 5.0)
    logs = gan.fit(x, batch_size=2, shuffle=False, verbose=0).history
    # Step 1: mean x = 1.5, mean G(z) = 0.5 + 0.5 = 1; loss 0.3 (1 - 1.5) = -0.15;
    #         w = 0.3 + 0.1 (1.5 - 1) = 0.35.
    # Step 2: mean x = 4, mean G(z) = 1.5 + 0.5 = 2; loss 0.35 (2 - 4) = -0.7;
    #         w = 0.35 + 0.1 (4 - 2) = 0.55, clipped to 0.4.
    # Generator: mean G(z) = 3 + 0.5 = 3.5; loss -0.4 * 3.5 = -1.4; gradients -0.4 * mean z = -1.2
    #         and -0.4, so that slope = 1.12 and offset = 0.54.
    np.testing.assert_allclose(logs["d_loss"], [(-0.15 - 0.7) / 2], rtol=1e-5)
    np.testing.assert_allclose(logs["g_loss"], [-1.4], rtol=1e-5)
    learned = np.concatenate([k.ravel() for k in checks.values(gan.trainable_variables)])
    np.testing.assert_allclose(learned, [1.12, 0.54, 0.4, 0.0], rtol=1e-5, atol=1e-7)


def test_every_weight_is_clipped_after_every_update():
    gan = make()
    gan.compile(discriminator_optimizer=keras.optimizers.SGD(10.0))
    checks.train(gan)
    for weight in checks.values(gan.discriminator.trainable_variables):
        assert np.abs(weight).max() <= np.float32(0.1)
    assert max(np.abs(w).max() for w in checks.values(gan.generator.trainable_variables)) > 0.1


def test_clip_must_be_positive():
    with pytest.raises(ValueError, match=r"clip must be positive, got -0.01"):
        kgan.WGAN(*tiny.line(), clip=-0.01)
