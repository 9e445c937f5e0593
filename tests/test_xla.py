"""TensorFlow's XLA takes every round whole: nothing is computed outside of it."""

import re

import keras
import numpy as np
import parity
import pytest
import tiny

pytestmark = pytest.mark.backend("tensorflow")

# What a round is made of. None of it calls anything outside of the compiled program, as a
# custom-call, an infeed, an outfeed, a send or a recv would.
ALLOWED = """
    abs add and bitcast-convert broadcast compare concatenate conditional constant convert
    convolution copy cosine divide dot dynamic-slice dynamic-update-slice exponential floor
    gather get-tuple-element iota log log-plus-one logistic maximum minimum multiply negate or
    pad parameter power reduce reduce-window remainder reshape reverse rng-bit-generator
    round-nearest-even rsqrt scatter select shift-left shift-right-logical sign sine slice sqrt
    subtract tanh transpose tuple xor
""".split()  # fmt: skip
# `name = type op(operands)`, where the type of several results is in brackets.
INSTRUCTION = re.compile(r"^\s*(?:ROOT )?%?[\w.-]+ = (?:\(.*?\)|\S+) ([a-z][a-z0-9-]*)\(", re.M)

SLOW = (
    "WGAN", "RelativisticGAN", "InfoGAN", "ConditionalGAN", "ACGAN", "TextGAN", "ProgressiveGAN",
    "activities", *parity.COMBINATIONS,
)  # fmt: skip
MODELS = ("WGANGP", *SLOW)


def operations(gan):
    """The names of all operations that XLA is given of one round."""
    import tensorflow as tf

    gan.compile(jit_compile=True)
    steps = gan.discriminator_steps
    grouped = tuple(
        tf.convert_to_tensor(np.reshape(a, (-1, steps, *a.shape[1:])))
        for a in tiny.data(gan, parity.BATCH_SIZE * steps)
    )
    compiled = tf.function(gan.train_step, jit_compile=True)
    return set(INSTRUCTION.findall(compiled.experimental_get_compiler_ir(grouped)(stage="hlo")))


@pytest.fixture(scope="module")
def models():
    return dict(parity.models())


@pytest.mark.parametrize(
    "name", ["WGANGP", *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
)
def test_nothing_of_a_round_is_left_to_others(name, models):
    found = operations(models[name])
    assert {"convolution", "dot"} <= found
    assert found <= set(ALLOWED), found - set(ALLOWED)


def test_every_model_of_the_parity_test_is_here(models):
    assert set(models) == set(MODELS)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_rounds_are_compiled_and_played(name):
    """The path that a GPU takes by default, on this processor: the same losses as without XLA."""
    losses = []
    for jit in (True, False):
        gan = dict(parity.models())[name]
        # XLA's random numbers are others than TensorFlow's own, from the same seed.
        parity.NumberedNoise(gan)
        gan.compile(*(keras.optimizers.SGD(0.01) for _ in range(2)), jit_compile=jit)
        assert gan.jit_compile is jit
        history = gan.fit(*tiny.data(gan), batch_size=4, steps_per_epoch=2, verbose=0).history
        assert gan.jit_compile is jit
        losses.append([history[key][0] for key in ("d_loss", "g_loss")])
    np.testing.assert_allclose(*losses, rtol=1e-3, atol=1e-4)
