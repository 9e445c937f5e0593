"""What a user may do wrong, and what is said about it."""

import backends
import keras
import numpy as np
import pytest
import tiny

import kgan
from kgan.models import checks


@pytest.fixture(scope="module")
def gan():
    gan = kgan.GAN(*tiny.networks(), discriminator_steps=2)
    gan.compile()
    return gan


def refused(message, function, *args, **kwargs):
    with pytest.raises(ValueError, match=message):
        function(*args, **kwargs)


# -- networks --------------------------------------------------------------------------------------


def dense(inputs, outputs, **kwargs):
    tensor = keras.Input(inputs)
    flat = keras.layers.Flatten()(tensor)
    made = keras.layers.Dense(int(np.prod(outputs)), **kwargs)(flat)
    return keras.Model(tensor, keras.layers.Reshape(outputs)(made) if kwargs == {} else made)


def test_networks_must_be_built_models():
    generator, discriminator = tiny.networks()
    unbuilt = keras.Sequential([keras.layers.Dense(1)])
    refused(r"the discriminator must be a built Keras model", kgan.GAN, generator, unbuilt)
    refused(r"the generator must be a built .*got <built-in", kgan.GAN, len, discriminator)
    assert kgan.GAN(generator, keras.Sequential([keras.Input(tiny.SHAPE), discriminator]))


@pytest.mark.parametrize("role", [0, 1])
def test_inputs_are_a_list_that_ends_with_the_condition(role):
    networks = list(tiny.networks(classes=3))
    inputs, output = networks[role].inputs, networks[role].output
    wrong = {
        r"as a dictionary, with keys \['keras_.*'\]: build": {x.name: x for x in inputs},
        r"inputs of shapes \[\(\), \(.*\)\], and the condition comes second": inputs[::-1],
        r"takes 3 inputs, of shapes .* and must take one or two": [*inputs, keras.Input((2,))],
    }
    for message, order in wrong.items():
        networks[role] = keras.Model(order, output)
        refused(message, kgan.GAN, *networks)


def test_networks_must_fit_each_other():
    refused(
        r"the generator makes images of shape \(4, 4, 1\) but the discriminator takes \(8, 8, 1\)",
        kgan.GAN,
        dense((6,), (4, 4, 1)),
        tiny.networks()[1],
    )


@pytest.mark.parametrize("model", [kgan.GAN, kgan.WGAN, kgan.WGANGP, kgan.ConditionalGAN])
def test_both_networks_or_neither_take_a_condition(model):
    plain, told = tiny.networks(norm=False), tiny.networks(classes=3, norm=False)
    refused(
        "the generator takes a condition but the discriminator has one input: give both",
        model,
        told[0],
        plain[1],
    )
    refused("the discriminator takes a condition but the generator", model, plain[0], told[1])


def test_both_readers_of_codes_or_neither_take_a_condition():
    codes = [kgan.latents.Categorical(3)]
    plain = tiny.networks(code_parameters=3)
    told = tiny.networks(code_parameters=3, classes=3)
    for networks in ((told[0], plain[1]), (plain[0], told[1])):
        refused("takes a condition but the", kgan.InfoGAN, *networks, codes=codes)


def test_both_networks_take_the_same_condition():
    refused(
        r"a condition of shape \(\) but the discriminator one of shape \(5,\)",
        kgan.GAN,
        tiny.networks(classes=3)[0],
        tiny.networks(condition_dim=5)[1],
    )


def test_the_discriminator_must_end_in_one_logit():
    generator = tiny.networks()[0]
    refused(
        r"one logit an image, of shape \(n, 1\); got \(None, 2\)",
        kgan.GAN,
        generator,
        dense(tiny.SHAPE, (2,)),
    )
    refused(
        r"ends in a sigmoid \('dense.*remove the activation",
        kgan.GAN,
        generator,
        dense(tiny.SHAPE, (1,), activation="sigmoid"),
    )
    images = keras.Input(tiny.SHAPE)
    probability = keras.layers.Activation("sigmoid")(
        keras.layers.Dense(1)(keras.layers.Flatten()(images))
    )
    refused("ends in a sigmoid", kgan.GAN, generator, keras.Model(images, probability))


def test_further_outputs_of_the_discriminator_need_a_model_that_uses_them():
    generator, discriminator = tiny.networks()
    images = discriminator.inputs[0]
    heads = [discriminator.outputs[0], keras.layers.Dense(3)(keras.layers.Flatten()(images))]
    two = keras.Model(images, heads)
    refused(
        r"WGAN judges images by one logit, .* outputs of shapes \[\(1,\), \(3,\)\]: InfoGAN and",
        kgan.WGAN,
        generator,
        two,
    )

    class Own(kgan.GAN):
        def discriminator_loss(self, real, fake, latents, condition):
            raise NotImplementedError

    Own(generator, two)


def test_images_of_the_generator_must_not_end_in_a_sigmoid():
    generator, discriminator = tiny.networks()
    images = keras.layers.Conv2D(1, 1, activation="sigmoid", name="out")(generator.outputs[0])
    refused(
        r"generator ends in a sigmoid \('out'\), whose images are in \[0, 1\], .*: use tanh",
        kgan.GAN,
        keras.Model(generator.inputs, images),
        discriminator,
    )
    # Points that are no images may well be in [0, 1].
    kgan.GAN(dense((3,), (2,), activation="sigmoid"), dense((2,), (1,)))


@pytest.mark.parametrize(
    "model", [kgan.GAN, kgan.WGAN, kgan.WGANGP, kgan.ConditionalGAN, kgan.InfoGAN]
)
def test_only_the_networks_go_by_position(model):
    with pytest.raises(TypeError, match="positional argument"):
        model(*tiny.line(), 5)


@pytest.mark.parametrize("steps", [0, -1, 2.5, "5"])
def test_discriminator_steps_must_be_a_number_of_updates(steps):
    refused(
        rf"discriminator_steps must be an integer of at least 1, got {steps!r}",
        kgan.GAN,
        *tiny.line(),
        discriminator_steps=steps,
    )


@pytest.mark.parametrize("seed", [None, -1, 0.5])
def test_the_seed_must_be_an_integer(seed):
    refused(
        rf"seed must be an integer of at least 0, got {seed!r}", kgan.GAN, *tiny.line(), seed=seed
    )


def test_numbers_from_numpy_will_do():
    gan = kgan.GAN(*tiny.line(), discriminator_steps=np.int64(2), seed=np.int64(3))
    assert (gan.discriminator_steps, gan.seed) == (2, 3)
    keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(gan))


# -- fit: arrays -----------------------------------------------------------------------------------


def test_too_little_data(gan):
    refused(
        r"63 images do not fill one round: pass at least 64 \(batch_size=32 for each of "
        r"discriminator_steps=2\), or fewer of either",
        gan.fit,
        tiny.images(63),
    )
    # What is split off for validation is not there for training.
    refused(
        "6 images do not fill one round: pass at least 8",
        gan.fit,
        tiny.images(8),
        batch_size=4,
        validation_split=0.25,
    )


def test_arrays_of_the_wrong_kind(gan):
    images = tiny.images(8)
    refused(
        r"takes images of shape \(8, 8, 1\), got an array of shape \(8, 8, 8\)",
        gan.fit,
        images[..., 0],
    )
    refused(r"got an array of shape \(8, 4, 8, 1\)", gan.fit, images[:, :4])
    refused(
        r"images must be uint8 or float, got int64: pass images.astype\('uint8'\) of values from 0",
        gan.fit,
        images.astype("int64"),
    )
    colour = kgan.GAN(*kgan.networks.mlp((8, 8, 3), 4, width=4))
    colour.compile()
    refused(
        r"got an array of shape \(8, 3, 8, 8\): move the channels last, images.transpose\(0, 2, 3",
        colour.fit,
        np.zeros((8, 3, 8, 8), "uint8"),
    )
    refused(
        r"must be in \[-1, 1\], got \[0, 255\]: pass uint8, or scale them \(x / 127.5 - 1",
        gan.fit,
        np.linspace(0, 255, 512).reshape(8, 8, 8, 1),
    )
    refused(r"look like \[0, 1\].*scale them \(2 \* x - 1\)", gan.fit, images / 255.0)
    floats = images / 127.5 - 1
    floats[5, 0, 0, 0] = np.nan
    refused("image 5 contains NaN or infinity", gan.fit, floats)
    floats[5, 0, 0, 0] = np.inf
    refused("image 5 contains NaN or infinity", gan.fit, floats)


def test_a_list_is_not_an_array(gan):
    for data in ([1, 2], (tiny.images(8),), {"images": tiny.images(8)}, None):
        refused(
            rf"fit takes an array, a tf.data.Dataset, .* got {type(data).__name__}", gan.fit, data
        )


def test_weights_have_no_meaning(gan):
    images = tiny.images(8)
    refused("class_weight has no meaning for a GAN", gan.fit, images, class_weight={0: 1.0})
    refused("sample_weight has no meaning", gan.fit, images, sample_weight=np.ones(8))


@pytest.mark.parametrize("split", [1.0, -0.5, 3])
def test_a_split_is_a_fraction(gan, split):
    refused(
        rf"validation_split={split} not in \(0, 1\)",
        gan.fit,
        tiny.images(8),
        validation_split=split,
    )


@pytest.mark.parametrize("batch_size", [0, -4, 2.5])
def test_a_batch_has_images(gan, batch_size):
    refused(
        rf"batch_size must be an integer of at least 1, got {batch_size}",
        gan.fit,
        tiny.images(8),
        batch_size=batch_size,
    )


# -- fit: data that makes its own batches ----------------------------------------------------------


class Batches(keras.utils.PyDataset):
    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return (self.batches[index],)


def test_arguments_that_go_with_arrays(gan):
    data = Batches([tiny.images(4)] * 2)
    refused("batch_size goes with arrays: this data has its own", gan.fit, data, batch_size=4)
    images = list(tiny.images(4))
    refused("np.stack makes an array of a list", gan.fit, images, batch_size=4)
    refused("got str .*kgan.data.load", gan.fit, "my_folder", batch_size=4)
    refused("y goes with arrays", gan.fit, data, tiny.labels(8))
    refused("pass validation_data", gan.fit, data, validation_split=0.5)


def test_data_that_does_not_fill_a_round(gan):
    import tensorflow as tf

    enough = r"4 images do not fill one round: pass at least 8 \(batch_size=4"
    refused(enough, gan.fit, Batches([tiny.images(4)]))
    refused(enough, gan.fit, Batches([tiny.images(4), tiny.images(3)]))
    dataset = tf.data.Dataset.from_tensor_slices(tiny.images(4))
    refused(enough, gan.fit, dataset.batch(4, drop_remainder=True))
    refused(enough, gan.fit, dataset.batch(4))


def test_data_without_anything_in_it(gan):
    import tensorflow as tf

    refused("the data is empty", gan.fit, iter(()))
    dataset = tf.data.Dataset.from_tensor_slices(tiny.images(4)).batch(4)
    refused("the data is empty", gan.fit, dataset.take(0))


def test_data_without_end(gan):
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices(tiny.images(4)).batch(4)
    refused("the data has no end: pass steps_per_epoch", gan.fit, dataset.repeat())

    def batches():
        while True:
            yield tiny.images(4)

    refused("does not say where an epoch ends: pass steps_per_epoch", gan.fit, batches(), epochs=2)


def test_data_that_was_not_batched(gan):
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices(tiny.images(16))
    refused(r"elements have shape \(8, 8, 1\): batch it", gan.fit, dataset)


def test_the_first_batch_is_looked_at(gan):
    wrong = tiny.images(4).astype("float32")
    refused(r"must be in \[-1, 1\], got \[0, 255\]", gan.fit, Batches([wrong] * 2))
    refused(r"must be in \[-1, 1\]", gan.fit, iter([wrong] * 2))
    refused(r"got an array of shape \(4, 4, 8, 1\)", gan.fit, Batches([wrong[:, :4]] * 2))


def test_no_images_at_all(gan):
    import tensorflow as tf

    for dtype in ("uint8", "float32"):
        images = np.zeros((0, *tiny.SHAPE), dtype)
        said = r"there are no images: got an array of shape \(0, 8, 8, 1\)"
        refused(said, gan.fit, images)
        refused(said, gan.evaluate, images)
        refused(said, gan.fit, tiny.images(8), batch_size=4, validation_data=(images,))
    dataset = tf.data.Dataset.from_tensor_slices(tiny.images(4)).batch(4)
    for empty in (Batches([]), iter(()), dataset.take(0)):
        refused("the data is empty", gan.evaluate, empty)


def test_what_is_measured_is_checked_as_what_is_trained_on(gan):
    floats = tiny.images(8) / 255.0
    refused(r"look like \[0, 1\]", gan.evaluate, floats)
    refused(r"look like \[0, 1\]", gan.evaluate, Batches([floats]))
    refused(r"got an array of shape \(8, 4, 8, 1\)", gan.evaluate, floats[:, :4])
    refused("sample_weight has no meaning", gan.evaluate, floats, sample_weight=np.ones(8))
    fit = {"batch_size": 4, "validation_data": (floats,)}
    refused(r"look like \[0, 1\]", gan.fit, tiny.images(8), **fit)
    assert int(gan.rounds) == 0


# -- sampling --------------------------------------------------------------------------------------


def test_what_cannot_be_sampled(gan):
    for n in (0, -1, 2.5):
        refused(f"n must be an integer of at least 1, got {n}", gan.sample, n)
    refused("n must be an integer of at least 1, got 0", gan.random_latents, 0)
    refused("batch_size must be an integer of at least 1, got 0", gan.sample, 2, batch_size=0)
    refused("truncation must be between 0 and 1, got 1.5", gan.sample, 2, truncation=1.5)
    refused(
        r"latents must have shape \(2, 6\), got \(3, 6\)", gan.sample, 2, latents=np.zeros((3, 6))
    )


@pytest.mark.parametrize("networks", [tiny.networks, tiny.line])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_of_a_generator_that_diverged(networks, value):
    gan = kgan.GAN(*networks())
    kernel = gan.generator.trainable_variables[0]
    kernel.assign(np.full(kernel.shape, value, "float32"))
    with np.errstate(invalid="ignore"):
        refused("generator makes NaN or infinity, in 3 of 3 images: training div", gan.sample, 3)


def test_a_backend_that_cannot_train():
    # Keras's NumPy backend takes its Fourier transforms from JAX.
    backends.require("jax")
    with pytest.raises(
        pytest.fail.Exception, match="set KERAS_BACKEND to tensorflow, jax or torch"
    ):
        backends.run_on("numpy", "import kgan")


def test_a_lazy_penalty_and_spectral_norm_cannot_be_split():
    _, plain = kgan.networks.dcgan((8, 8, 1), 4, width=2, discriminator_norm=None)
    _, normalised = kgan.networks.dcgan((8, 8, 1), 4, width=2, discriminator_norm=None,
                                        spectral_norm=True)  # fmt: skip
    checks.check_lazy("r1", plain, 2)
    checks.check_lazy("r1", normalised, 1)
    refused("r1 with an interval and spectral", checks.check_lazy, "r1", normalised, 2)


# -- algorithms of one's own -----------------------------------------------------------------------


class NoMean(kgan.losses.Loss):
    """A loss of each image."""

    def discriminator(self, real_logits, fake_logits):
        return fake_logits - real_logits

    def generator(self, fake_logits, real_logits=None):
        return -fake_logits


class Unannounced(kgan.GAN):
    """An algorithm that logs what it did not say it would."""

    def generator_loss(self, *args):
        loss, terms = super().generator_loss(*args)
        return loss, {**terms, "surprise": loss}


def test_a_loss_of_ones_own_must_be_a_scalar():
    gan = kgan.GAN(*tiny.networks(), loss=NoMean())
    gan.compile()
    message = r"the discriminator's loss must be a scalar, got shape \((4|None), 1\): take"
    refused(message, gan.fit, tiny.images(8), batch_size=4, verbose=0)


def test_what_is_logged_must_be_announced():
    gan = Unannounced(*tiny.networks())
    gan.compile()
    message = r"'surprise' is logged and not among the model's term_names\(\), which are d_loss, "
    refused(message, gan.fit, tiny.images(8), batch_size=4, verbose=0)


def test_what_is_not_used_or_not_trained_is_warned_of():
    gan = kgan.GAN(*tiny.networks())
    gan.compile()
    with pytest.warns(UserWarning, match="takes no condition, so y is not used"):
        gan.fit(tiny.images(4), tiny.labels(4), batch_size=4, verbose=0)
    gan.discriminator.trainable = False
    gan.compile()
    with pytest.warns(UserWarning, match="the discriminator has no trainable variables"):
        gan.fit(tiny.images(4), batch_size=4, verbose=0)


def test_a_column_of_labels_is_told_to_be_flattened():
    gan = kgan.ConditionalGAN(*tiny.networks(classes=tiny.CLASSES), classes=tiny.CLASSES)
    gan.compile()
    refused(r"labels\[:, 0\]", gan.fit, tiny.images(4), tiny.labels(4)[:, None])


# -- losses and optimizers -------------------------------------------------------------------------


class OwnLoss(kgan.GAN):
    """One whose losses return what it is told."""

    returned = None

    def discriminator_loss(self, real, fake, latents, condition):
        loss = keras.ops.mean(self.discriminate(fake))
        return self.returned(loss)


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (lambda loss: loss, r"discriminator_loss must return a scalar and a dictionary .*\{\}\)"),
        (lambda loss: None, r"discriminator_loss must return .*, got None"),
        (lambda loss: (None, {}), r"discriminator's loss must be a scalar tensor .*got None"),
        (lambda loss: (0.5, {}), r"must be a scalar tensor .*got 0\.5 \(float\): compute it by"),
        (lambda loss: (np.float32(0.5), {}), r"must be a scalar tensor .*float32"),
    ],
)
def test_what_a_loss_returns(returned, said):
    gan = OwnLoss(*tiny.networks())
    gan.returned = returned
    gan.compile()
    refused(said, gan.fit, tiny.images(4), batch_size=4, verbose=0)


def test_a_loss_without_the_penalties_that_were_given():
    networks = tiny.networks(norm=False)
    gan = OwnLoss(*networks, penalties=[kgan.penalties.R1(0.1)])
    gan.returned = lambda loss: (loss, {})
    gan.compile()
    refused(
        r"the penalty 'r1' is given, .* OwnLoss\.discriminator_loss returns: .*adversarial_loss",
        gan.fit,
        tiny.images(4),
        batch_size=4,
        verbose=0,
    )
    gan = OwnLoss(*networks)
    gan.returned = lambda loss: (loss, {})
    gan.compile()
    history = gan.fit(tiny.images(4), batch_size=4, verbose=0, validation_data=tiny.images(4))
    # Nothing is logged that was not measured.
    assert set(history.history) == {"d_loss", "g_loss", "val_d_loss", "val_g_loss"}


def test_no_two_terms_have_one_name():
    class Twin(kgan.penalties.R1):
        name = "d_loss"

    refused(
        "two terms would be logged as d_loss",
        kgan.GAN,
        *tiny.networks(norm=False),
        penalties=[Twin(1.0)],
    )


@pytest.mark.parametrize(
    ("optimizer", "got"),
    [
        (1e-3, "got 0.001"),
        ("adamm", "got 'adamm'"),
        (keras.optimizers.Adam, "got the class Adam, not an instance"),
        (object(), "got a object"),
    ],
)
def test_what_is_no_optimizer(optimizer, got):
    gan = kgan.GAN(*tiny.networks())
    said = rf"the discriminator's optimizer must be one of keras\.optimizers, .*{got}"
    refused(said, gan.compile, "adam", optimizer)


def test_compile_does_not_take_what_keras_takes():
    gan = kgan.GAN(*tiny.networks())
    with pytest.raises(
        TypeError, match=r"compile got optimizer, loss: of a GAN it takes generator"
    ):
        gan.compile(optimizer="adam", loss="bce")


def test_an_optimizer_moves_the_model_that_it_was_compiled_for():
    optimizers = [keras.optimizers.Adam(), keras.optimizers.Adam()]
    gan = kgan.GAN(*tiny.networks())
    gan.compile(*optimizers)
    gan.compile(*optimizers)  # It is the same model.
    said = r"the generator's optimizer does not know .* create one for each model, and compile"
    other = kgan.GAN(*tiny.networks())
    refused(said, other.compile, *optimizers)
    assert not other.compiled
    # What is frozen stays as it is, and what was frozen when it was compiled is unknown.
    frozen = next(layer for layer in gan.generator.layers if layer.trainable_variables)
    frozen.trainable = False
    gan.fit(tiny.images(4), batch_size=4, verbose=0)
    gan.compile("adam", "adam")
    frozen.trainable = True
    refused(said, gan.fit, tiny.images(4), batch_size=4, verbose=0)
    gan.compile("adam", "adam")
    gan.fit(tiny.images(4), batch_size=4, verbose=0)
