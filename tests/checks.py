"""What every GAN must pass.

The test of a model calls all of it with a function that makes the model, small and not yet
compiled:

    def make():
        return kgan.WGAN(*tiny.networks(), ema_decay=0.9)

    @pytest.mark.parametrize("check", checks.ALL)
    def test_wgan(check):
        check(make)

`TRAINING` alone is enough for another combination of parts that `ALL` has seen.
"""

import functools
import inspect
import json
import pathlib
import tempfile

import keras
import numpy as np
import tiny

BATCH_SIZE = 4
ROUNDS = 2


@functools.cache
def trained(make):
    """The model after its first rounds. The checks train it on as they need."""
    gan = make()
    gan.compile()
    gan.history_of_first_fit = train(gan).history
    return gan


def train(gan, rounds=ROUNDS, **kwargs):
    """Plays some rounds on `tiny` images."""
    return gan.fit(
        *tiny.data(gan), batch_size=BATCH_SIZE, steps_per_epoch=rounds, verbose=0, **kwargs
    )


def values(variables):
    """NumPy copies of variables."""
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def state(gan):
    """Everything that training depends on or changes."""
    return values(gan.variables + gan.optimizer.variables)


def assert_same(variables, expected):
    """All variables hold these values, bit for bit."""
    assert len(variables) == len(expected)
    for variable, value in zip(variables, expected):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(variable), value, err_msg=variable.path
        )


def moved(variables, before):
    """The paths of the variables that are not what they were."""
    now = values(variables)
    return [v.path for v, a, b in zip(variables, before, now) if not np.array_equal(a, b)]


def check_shapes(make):
    """Images, logits and logs are as documented."""
    gan = trained(make)
    inputs = [keras.ops.ones((3, *i.shape[1:]), i.dtype) for i in gan.generator.inputs]
    images = gan.generate(*inputs)
    assert tuple(images.shape) == (3, *tiny.SHAPE)
    assert keras.backend.standardize_dtype(images.dtype) == "float32"
    logits = gan.critic(images, *inputs[1:])
    assert tuple(logits.shape) == (3, 1)
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    assert set(gan.history_of_first_fit) == set(gan.term_names())
    for name, measured in gan.history_of_first_fit.items():
        assert np.isfinite(measured).all(), name
    assert int(gan.rounds) >= ROUNDS


def check_both_players_move(make):
    """A round moves every weight that has a gradient."""
    gan = trained(make)
    variables = gan.generator.trainable_variables + gan.discriminator.trainable_variables
    before = values(variables)
    train(gan)
    still = {v.path for v in variables} - set(moved(variables, before))
    # A loss of differences of logits does not see what is added to all of them.
    logits = {v.path for v in gan.discriminator.trainable_variables if v.shape == (1,)}
    assert len(logits) == 1 and still <= logits


def check_only_its_own_player_moves(make):
    """The discriminator is fixed in the generator's update, and the reverse."""
    gan = trained(make)
    gan.after_discriminator_update()
    for frozen, other in (("generator", "discriminator"), ("discriminator", "generator")):
        optimizer = getattr(gan.optimizer, frozen)
        rate = float(optimizer.learning_rate)
        optimizer.learning_rate = 0.0
        fixed = getattr(gan, frozen).trainable_variables
        free = getattr(gan, other).trainable_variables
        expected, before = values(fixed), values(free)
        train(gan)
        optimizer.learning_rate = rate
        assert_same(fixed, expected)
        assert moved(free, before)


def check_images_are_fresh(make):
    """Each update of the discriminator sees images of its own, with their conditions."""
    gan = make()
    watch = tiny.Watch(gan, play=True)
    images = ROUNDS * BATCH_SIZE * gan.discriminator_steps
    data = tiny.data(gan, images)
    gan.fit(*data, batch_size=BATCH_SIZE, verbose=0)
    seen = [tiny.numbers(real) for real in watch.real]
    assert [len(numbers) for numbers in seen] == [BATCH_SIZE] * ROUNDS * gan.discriminator_steps
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), np.arange(images))
    assert len(np.unique(np.concatenate(watch.latents), axis=0)) == images
    if gan.conditional:
        for numbers, told in zip(seen, watch.condition):
            np.testing.assert_array_equal(told, data[1][numbers])


def check_resume(make):
    """A model that is loaded trains on exactly as the one that was saved.

    `test_resume.py` does the same across processes.
    """
    gan = trained(make)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "gan.keras"
        gan.save(path)
        loaded = keras.models.load_model(path)
    assert type(loaded) is type(gan)
    assert_same(loaded.variables, values(gan.variables))
    assert_same(loaded.optimizer.variables, values(gan.optimizer.variables))
    train(gan)
    train(loaded)
    assert_same(loaded.variables, values(gan.variables))
    assert_same(loaded.optimizer.variables, values(gan.optimizer.variables))


def check_sample(make):
    """`sample` gives uint8 images that a seed repeats and truncation makes alike."""
    gan = trained(make)
    images = gan.sample(5, seed=3, **one_condition(gan))
    assert images.shape == (5, *tiny.SHAPE)
    assert images.dtype == np.uint8
    again = gan.sample(5, seed=3, batch_size=2, **one_condition(gan))
    np.testing.assert_array_equal(images, again)
    assert len(np.unique(images, axis=0)) == 5
    assert not np.array_equal(images, gan.sample(5, seed=4, **one_condition(gan)))

    latents = gan.random_latents(5, seed=3, truncation=0.0)
    noise = gan.latent_dim - sum(code.size for code in getattr(gan, "codes", []))
    np.testing.assert_array_equal(latents[:, :noise], 0.0)
    latents[:] = latents[0]
    alike = gan.sample(5, latents=latents, **one_condition(gan))
    np.testing.assert_array_equal(alike, np.broadcast_to(alike[:1], alike.shape))
    if noise == gan.latent_dim:
        for seed in (0, 1):
            typical = gan.sample(5, seed=seed, truncation=0.0, **one_condition(gan))
            np.testing.assert_array_equal(typical, alike)


def one_condition(gan):
    """The argument of `sample` that asks for one condition, where the model has one."""
    if not gan.conditional:
        return {}
    shape = gan.generator.inputs[1].shape[1:]
    return {"condition": np.ones(shape, gan.generator.inputs[1].dtype)}


def check_predict(make):
    """`predict` is the averaged generator, where there is one, in inference mode."""
    gan = trained(make)
    latents = gan.random_latents(3, seed=0)
    inputs = latents
    if gan.conditional:
        inputs = [latents, gan.condition_for(one_condition(gan)["condition"], 3)]
    network = gan.ema_generator if gan.ema_decay is not None else gan.generator
    expected = keras.ops.convert_to_numpy(network(inputs, training=False))
    predicted = gan.predict(inputs, verbose=0)
    assert predicted.dtype == np.float32
    rounding = 1e-5 if network.compute_dtype == "float32" else 0.02
    np.testing.assert_allclose(predicted, expected, atol=rounding)
    pixels = gan.sample(3, seed=0, **one_condition(gan))
    shown = expected.clip(-1, 1)
    np.testing.assert_allclose(pixels / 127.5 - 1, shown, atol=1 / 255 + rounding)


def check_evaluate(make):
    """`evaluate` measures everything and changes nothing that training depends on."""
    gan = trained(make)
    kept = [v for v in gan.variables if v is not gan.evaluation_seeds.state]
    kept = [v for v in kept if all(v is not m for m in gan.metrics_variables)]
    kept = kept + gan.optimizer.variables
    before = values(kept)
    measured = gan.evaluate(*tiny.data(gan, 10), batch_size=4, verbose=0, return_dict=True)
    # Images are not augmented: there is nothing to tell of it.
    absent = {name for augmentation in gan.augment for name in augmentation.terms}
    assert set(measured) == set(gan.term_names()) - absent
    assert np.isfinite(list(measured.values())).all(), measured
    assert_same(kept, before)


def check_config(make):
    """`get_config` holds every argument, can be written as JSON and makes the model again."""
    gan = make()
    config = gan.get_config()
    arguments = {
        name
        for cls in type(gan).__mro__
        if issubclass(cls, keras.Model) and "__init__" in vars(cls) and cls is not keras.Model
        for name, parameter in inspect.signature(cls.__init__).parameters.items()
        if name != "self"
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }
    arguments -= set(inspect.signature(keras.Model.__init__).parameters)
    assert arguments <= set(config)
    assert all(hasattr(gan, name) for name in arguments - {"loss"})
    serialized = keras.saving.serialize_keras_object(gan)
    copy = keras.saving.deserialize_keras_object(json.loads(json.dumps(serialized)))
    assert type(copy) is type(gan)
    assert json.dumps(copy.get_config(), sort_keys=True) == json.dumps(config, sort_keys=True)


ALL = (
    check_shapes,
    check_both_players_move,
    check_only_its_own_player_moves,
    check_images_are_fresh,
    check_resume,
    check_sample,
    check_predict,
    check_evaluate,
    check_config,
)
TRAINING = (check_shapes, check_both_players_move, check_only_its_own_player_moves)
