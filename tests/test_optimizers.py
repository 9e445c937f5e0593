import backends
import checks
import keras
import numpy as np
import pytest
import tiny

import kgan
from kgan.optimizers import PlayerOptimizers


def compiled(generator=None, discriminator=None, **kwargs):
    gan = kgan.GAN(*tiny.networks(), **kwargs)
    gan.compile(generator, discriminator)
    return gan


def test_each_player_has_its_own():
    adam, sgd = keras.optimizers.Adam(1e-3), keras.optimizers.SGD(1e-2, momentum=0.5)
    gan = compiled(adam, sgd)
    assert gan.optimizer.generator is adam
    assert gan.optimizer.discriminator is sgd
    assert gan.optimizer.optimizers == [adam, sgd]
    # Adam: iterations, learning rate and two moments a weight; SGD: the same and one.
    generator, discriminator = (
        len(network.trainable_variables) for network in (gan.generator, gan.discriminator)
    )
    assert len(adam.variables) == 2 + 2 * generator
    assert len(sgd.variables) == 2 + discriminator
    held = {id(v) for v in gan.optimizer.variables}
    assert {id(v) for v in adam.variables + sgd.variables} <= held


def test_names_will_do():
    gan = compiled("rmsprop", "sgd")
    assert isinstance(gan.optimizer.generator, keras.optimizers.RMSprop)
    assert isinstance(gan.optimizer.discriminator, keras.optimizers.SGD)
    gan = compiled("sgd", "sgd")
    assert gan.optimizer.generator is not gan.optimizer.discriminator


def test_defaults_are_of_the_dcgan():
    """arXiv:1511.06434, Sec. 4: Adam, learning rate 0.0002, beta_1 0.5."""
    gan = compiled()
    for optimizer in gan.optimizer.optimizers:
        assert isinstance(optimizer, keras.optimizers.Adam)
        assert float(optimizer.learning_rate) == pytest.approx(2e-4)
        assert optimizer.beta_1 == 0.5


def test_the_pair_counts_rounds():
    gan = kgan.WGAN(*tiny.networks(norm=False), discriminator_steps=3)
    gan.compile()
    gan.fit(tiny.images(24), batch_size=4, epochs=2, verbose=0)
    assert int(gan.optimizer.iterations) == 4
    assert int(gan.optimizer.discriminator.iterations) == 12


def test_the_pair_has_no_learning_rate():
    gan = compiled(keras.optimizers.Adam(1e-3), keras.optimizers.SGD(1e-2))
    said = r"gan\.optimizer\.generator\.learning_rate and gan\.optimizer\.discriminator"
    with pytest.raises(AttributeError, match=said):
        gan.optimizer.learning_rate  # noqa: B018
    with pytest.raises(AttributeError, match=said):
        gan.optimizer.learning_rate = 1e-4
    gan.optimizer.generator.learning_rate = 1e-4
    rates = [float(optimizer.learning_rate) for optimizer in gan.optimizer.optimizers]
    assert rates == pytest.approx([1e-4, 1e-2])


def test_one_object_for_both_is_refused():
    adam = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="both players were given the same optimizer object"):
        compiled(adam, adam)


def test_an_average_that_would_never_be_used_is_refused():
    average = {"use_ema": True, "ema_momentum": 0.5}
    said = r"generator's Adam\(use_ema=True\) .* only when fit ends.* give the model ema_decay"
    with pytest.raises(ValueError, match=said):
        compiled(keras.optimizers.Adam(**average), "sgd")
    # Keras uses this one in training.
    compiled(keras.optimizers.Adam(ema_overwrite_frequency=2, **average), "sgd")


def test_each_counts_its_own_steps():
    gan = compiled(discriminator_steps=3)
    checks.train(gan, rounds=2)
    assert int(gan.optimizer.generator.iterations) == 2
    assert int(gan.optimizer.discriminator.iterations) == 6


def test_a_schedule_is_followed_by_its_own_player():
    decay = keras.optimizers.schedules.PiecewiseConstantDecay([2], [0.5, 0.0])
    gan = compiled(keras.optimizers.SGD(0.0), keras.optimizers.SGD(decay), discriminator_steps=3)
    # Steps 0, 1 and 2 at 0.5; then none.
    checks.train(gan, rounds=1)
    before = checks.values(gan.discriminator.trainable_variables)
    checks.train(gan, rounds=1)
    checks.assert_same(gan.discriminator.trainable_variables, before)


def test_weight_decay_and_clipping_are_the_players_own():
    """One SGD step of at most 0.5 in norm, at learning rate 1: w = 1 + 0.5 exactly."""
    gan = kgan.GAN(*tiny.line(weight=1.0), loss="wasserstein")
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(1.0, global_clipnorm=0.5))
    tiny.ListedNoise(gan, [tiny.column(0.0, 0.0)] * 2)
    gan.fit(tiny.column(4.0, 4.0), batch_size=2, verbose=0)
    np.testing.assert_allclose(gan.discriminator.get_weights()[0], [[1.5]], rtol=1e-6)


def test_serialisation():
    players = PlayerOptimizers(keras.optimizers.Adam(3e-4), keras.optimizers.SGD(1e-2))
    config = keras.saving.serialize_keras_object(players)
    copy = keras.saving.deserialize_keras_object(config)
    assert isinstance(copy.generator, keras.optimizers.Adam)
    assert isinstance(copy.discriminator, keras.optimizers.SGD)
    assert float(copy.generator.learning_rate) == pytest.approx(3e-4)
    assert float(copy.discriminator.learning_rate) == pytest.approx(1e-2)


def test_compile_arguments_survive_saving(tmp_path):
    gan = kgan.GAN(*tiny.networks())
    gan.compile("sgd", "adam", run_eagerly=True, jit_compile=False)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.run_eagerly
    assert not loaded.jit_compile
    assert isinstance(loaded.optimizer.generator, keras.optimizers.SGD)
    assert isinstance(loaded.optimizer.discriminator, keras.optimizers.Adam)


@pytest.mark.parametrize("name", ["Adafactor", "AdamW", "Ftrl", "Lamb", "Lion", "Muon"])
def test_optimizers_of_keras_are_loaded(tmp_path, name):
    # As a preset has it, too.
    gan = kgan.GAN(*tiny.networks())
    by_name = {"class_name": name, "config": {"learning_rate": 1e-3}}
    gan.compile(by_name, "adam", run_eagerly=True)
    assert float(gan.optimizer.generator.learning_rate) == pytest.approx(1e-3)
    checks.train(gan, rounds=1)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert type(loaded.optimizer.generator) is getattr(keras.optimizers, name)
    for model in (gan, loaded):
        checks.train(model, rounds=1)
    for one, other in zip(gan.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_config_of_something_else_is_refused():
    wrong = keras.saving.serialize_keras_object(keras.layers.ReLU())
    with pytest.raises(ValueError, match=r"the generator's optimizer must be one of keras\.opt"):
        compiled(wrong, "adam")


MADE = """
import sys, keras, tiny, kgan
gan = kgan.GAN(*tiny.networks())
adam = kgan.optimizers.SwitchOptimizer(keras.optimizers.Adam(1e-3), keras.optimizers.SGD(), at=1)
rmsprop = keras.optimizers.LossScaleOptimizer(keras.optimizers.RMSprop(1e-3))
gan.compile(adam, rmsprop)
gan.fit(tiny.images(8), batch_size=4, verbose=0)
gan.save(sys.argv[1])
"""
USED = """
import importlib.abc, sys
class NoTorch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NoTorch())
import keras, numpy as np, tiny, kgan
gan = keras.models.load_model(sys.argv[1])
before = gan.generator.get_weights()
gan.fit(tiny.images(8), batch_size=4, verbose=0)
moved = [np.abs(a - b).max() for a, b in zip(before, gan.generator.get_weights())]
assert int(gan.rounds) == 4 and 0 < max(moved) < 1, moved
assert type(gan.optimizer.generator.first) is type(keras.optimizers.Adam())
"""


@pytest.fixture(scope="module")
def file_of_torch(tmp_path_factory):
    path = tmp_path_factory.mktemp("torch") / "gan.keras"
    backends.run_on("torch", MADE, path)
    return path


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_a_file_of_torch_goes_on_without_it(file_of_torch, backend):
    """There Keras's optimizers are classes of their own."""
    backends.run_on(backend, USED, file_of_torch)


def test_a_model_that_was_not_compiled_can_be_saved_and_compiled_later(tmp_path):
    gan = kgan.GAN(*tiny.networks())
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert not loaded.compiled
    checks.assert_same(loaded.variables, checks.values(gan.variables))
