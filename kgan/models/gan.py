"""GAN: Goodfellow et al. 2014, Generative Adversarial Nets (arXiv:1406.2661).

This file is the round that all models share: what a paper changes is a loss, a penalty, the
latents or one hook. The networks' gradients and state are the business of `kgan.backend`, the
grouping of data that of `kgan.models.rounds`.
"""

import contextlib

import keras
from keras import ops

from kgan import backend, losses
from kgan.models import checks, rounds
from kgan.models.serialization import copy_network, deserialize_network, serialize_network
from kgan.noise import HostNoise, Noise
from kgan.optimizers import PlayerOptimizers, player_optimizer
from kgan.penalties import get as get_penalty

SCORES = ("real_score", "fake_score")


@keras.saving.register_keras_serializable("kgan")
class GAN(backend.TrainStep, keras.Model):
    """A generator and a discriminator that play against each other.

    One train step is one round of Algorithm 1: `discriminator_steps` updates of the
    discriminator, each on fresh real images and fresh latents, then one of the generator.
    `batch_size` counts the images of each discriminator update, as in the papers.

    Images are float32 `(n, height, width, channels)` in [-1, 1], or uint8, which are scaled to
    that range on the device. A generator with a second input takes a condition (integer class
    labels `(n,)` or vectors `(n, d)`); data is then `(images, condition)`.

    To make another GAN, combine (`GAN(g, d, loss="hinge", penalties=[R1(10.0)])`) or subclass
    and override `sample_latents`, `discriminator_loss`, `generator_loss` or
    `after_discriminator_update`.

    Args:
        generator: A built Keras model from latents `(n, latent_dim)` to images.
        discriminator: A built Keras model from images to one logit each, `(n, 1)`, with no
            sigmoid at its end.
        loss: A name or a `kgan.losses.Loss`.
        penalties: A sequence of `kgan.penalties.Penalty`.
        discriminator_steps: Updates of the discriminator in a round.
        ema_decay: If given, a second generator follows the first as an exponential moving average
            of its weights, with this decay a round, and is the one that samples.
        seed: An integer that fixes latents, penalties and the order of arrays in `fit`.

    Raises:
        ValueError: If the networks do not fit each other, or the penalties do not suit them.

    Example:
        >>> generator, discriminator = kgan.networks.dcgan((28, 28, 1), latent_dim=64)
        >>> gan = kgan.GAN(generator, discriminator)
        >>> gan.compile()
        >>> gan.fit(kgan.data.load("embedded"), epochs=5)
        >>> images = gan.sample(16, seed=0)  # uint8, (16, 28, 28, 1)
    """

    def __init__(
        self,
        generator,
        discriminator,
        loss="non_saturating",
        penalties=(),
        discriminator_steps=1,
        ema_decay=None,
        seed=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        loss = losses.get(loss)
        penalties = [get_penalty(p) for p in penalties]
        checks.check_networks(generator, discriminator)
        checks.check_penalties(penalties, discriminator)
        checks.check_decay(ema_decay)
        seed = checks.check_integer("seed", seed, 0)
        self.generator = generator
        self.discriminator = discriminator
        self.loss_function = loss
        self.penalties = penalties
        self.discriminator_steps = checks.check_integer(
            "discriminator_steps", discriminator_steps, 1
        )
        self.ema_decay = ema_decay
        self.seed = seed
        self.ema_generator = (
            copy_network(generator, "ema_generator") if ema_decay is not None else None
        )
        self.rounds = self.add_weight(
            name="rounds", shape=(), dtype="int32", initializer="zeros", trainable=False
        )
        self.training_seeds = keras.random.SeedGenerator(seed)
        self.evaluation_seeds = keras.random.SeedGenerator(seed)
        self.noise = Noise(self.training_seeds)
        self.networks_training = True
        self.trackers = {name: keras.metrics.Mean(name=name) for name in self.term_names()}
        self.built = True

    # -- what a paper changes ----------------------------------------------------------------

    def term_names(self):
        """The names of everything that a round logs."""
        return ["d_loss", "g_loss", *SCORES, *(p.name for p in self.penalties)]

    def sample_latents(self, n, noise=None):
        """Draws latents for `n` images from the prior.

        Args:
            n: How many.
            noise: A `kgan.noise.Noise` or `HostNoise`; the model's own by default.

        Returns:
            A float32 tensor `(n, latent_dim)`, standard normal.
        """
        noise = noise or self.noise
        return noise.normal((n, self.latent_dim))

    def discriminator_loss(self, real, fake, latents, condition):
        """What the discriminator minimises.

        Args:
            real: Real images.
            fake: As many generated images, which carry no gradient.
            latents: What they were made from.
            condition: What both belong to, or None.

        Returns:
            A scalar, and a dictionary of further scalars to log under names from `term_names`.
        """
        real_logits = self.discriminate(real, condition)
        fake_logits = self.discriminate(fake, condition)
        return self.adversarial_loss(real_logits, fake_logits, real, fake, condition)

    def generator_loss(self, real, fake, latents, condition):
        """What the generator minimises.

        Args:
            real: The real images of the last discriminator update.
            fake: Generated images, which carry the gradient to the generator.
            latents: What they were made from.
            condition: What both belong to, or None.

        Returns:
            A scalar, and a dictionary of further scalars to log under names from `term_names`.
        """
        real_logits = self.discriminate(real, condition) if self.loss_function.uses_real else None
        fake_logits = self.discriminate(fake, condition)
        return self.loss_function.generator(fake_logits, real_logits), {}

    def after_discriminator_update(self):
        """Runs after every update of the discriminator; weight clipping lives here."""

    # -- what every paper shares ---------------------------------------------------------------

    def generate(self, latents, condition=None):
        """Images of the generator in training: float32 in [-1, 1]."""
        inputs = [latents, condition] if takes_condition(self.generator) else latents
        return ops.cast(self.generator(inputs, training=self.networks_training), "float32")

    def discriminate(self, images, condition=None):
        """The discriminator's outputs in training: float32 logits `(n, 1)`, or a list of heads."""
        inputs = [images, condition] if takes_condition(self.discriminator) else images
        outputs = self.discriminator(inputs, training=self.networks_training)
        return keras.tree.map_structure(lambda y: ops.cast(y, "float32"), outputs)

    def critic(self, images, condition=None):
        """The logits `(n, 1)` alone, whatever other heads the discriminator has."""
        return keras.tree.flatten(self.discriminate(images, condition))[0]

    def adversarial_loss(self, real_logits, fake_logits, real, fake, condition):
        """The discriminator's loss and all penalties, weighted: a scalar and its terms."""
        loss = self.loss_function.discriminator(real_logits, fake_logits)
        terms = dict(zip(SCORES, (ops.mean(real_logits), ops.mean(fake_logits))))
        for penalty in self.penalties:
            value = penalty(lambda x: self.critic(x, condition), real, fake, self.noise)
            loss = loss + penalty.weight * value
            terms[penalty.name] = value
        return loss, terms

    def play_round(self, data):
        """One round: Algorithm 1 with `discriminator_steps` inner steps.

        Args:
            data: `(images,)` or `(images, condition)`, each of shape `(n, steps, ...)`.

        Returns:
            The running means of everything logged.
        """
        images, condition = self.unpack(data)
        checks.check_round(images.shape, self.discriminator, self.discriminator_steps)
        for step in range(self.discriminator_steps):
            real = as_float(images[:, step])
            given = None if condition is None else condition[:, step]
            latents = self.sample_latents(ops.shape(real)[0])
            fake = ops.stop_gradient(self.generate(latents, given))
            self.update("discriminator", self.discriminator_objective, real, fake, latents, given)
            self.after_discriminator_update()
        latents = self.sample_latents(ops.shape(real)[0])
        self.update("generator", self.generator_objective, real, latents, given)
        self.rounds.assign(self.rounds + 1)
        self.update_average()
        return {name: tracker.result() for name, tracker in self.trackers.items()}

    def play_test_round(self, data):
        """Both losses on a batch that is not trained on, the networks in inference mode."""
        images, condition = self.unpack(data)
        real = as_float(images)
        with self.evaluating():
            latents = self.sample_latents(ops.shape(real)[0])
            fake = self.generate(latents, condition)
            images = ops.shape(real)[0]
            self.track(self.discriminator_objective(real, fake, latents, condition)[1], images)
            self.track(self.generator_objective(real, latents, condition)[1], images)
        return {name: tracker.result() for name, tracker in self.trackers.items()}

    def discriminator_objective(self, real, fake, latents, condition):
        """`discriminator_loss` with its value among the terms."""
        loss, terms = self.discriminator_loss(real, fake, latents, condition)
        return loss, {"d_loss": loss, **terms}

    def generator_objective(self, real, latents, condition):
        """`generator_loss` of fresh images, with its value among the terms."""
        fake = self.generate(latents, condition)
        loss, terms = self.generator_loss(real, fake, latents, condition)
        return loss, {"g_loss": loss, **terms}

    def update(self, player, objective, *args):
        """Moves one player down its objective and its layers' losses, and tracks the terms."""
        network = getattr(self, player)
        optimizer = getattr(self.optimizer, player)
        state = self.variables + self.optimizer.variables

        def regularized():
            loss, terms = objective(*args)
            return loss + sum(network.losses), terms

        self.track(backend.minimize(regularized, network.trainable_variables, optimizer, state))

    def track(self, terms, weight=1):
        """Adds scalars, each with a weight, to the running means under their names."""
        for name, value in terms.items():
            self.trackers[name].update_state(ops.stop_gradient(value), sample_weight=weight)

    def update_average(self):
        """Moves the averaged generator toward the generator.

        The decay warms up, min(decay, (1 + t) / (10 + t)) after t rounds, so that a short run is
        not dominated by the initial weights. Batch-norm statistics are copied.
        """
        if self.ema_generator is None:
            return
        t = ops.cast(self.rounds, "float32")
        decay = ops.minimum(self.ema_decay, (1.0 + t) / (10.0 + t))
        for average, weight in zip(self.ema_generator.weights, self.generator.weights):
            if weight.trainable:
                weight = weight + decay * (average - weight)
            average.assign(weight)

    @contextlib.contextmanager
    def evaluating(self):
        """Networks in inference mode, and noise that leaves training's sequence alone."""
        noise = self.noise
        self.noise, self.networks_training = Noise(self.evaluation_seeds), False
        try:
            yield
        finally:
            self.noise, self.networks_training = noise, True

    def unpack(self, data):
        """Splits what `fit` hands over into images and condition (None if not conditional)."""
        images, condition, _ = keras.utils.unpack_x_y_sample_weight(data)
        if not self.conditional:
            return ops.convert_to_tensor(images), None
        if condition is None:
            raise ValueError(
                "the generator takes a condition, so data must be (images, condition); "
                "got images alone"
            )
        return ops.convert_to_tensor(images), ops.convert_to_tensor(condition)

    # -- sampling ------------------------------------------------------------------------------

    @property
    def latent_dim(self):
        """Length of the generator's latent vector."""
        return keras.tree.flatten(self.generator.inputs)[0].shape[-1]

    @property
    def conditional(self):
        """Whether images are made for a condition."""
        return takes_condition(self.generator)

    def call(self, inputs, training=False):
        """Images from latents `(n, latent_dim)`, or from `[latents, condition]`.

        The averaged generator answers where there is one.
        """
        images = (self.ema_generator or self.generator)(inputs, training=training)
        return ops.cast(images, "float32")

    def sample(self, n, condition=None, seed=None, truncation=1.0, latents=None, batch_size=256):
        """Draws `n` images, ready to show.

        Args:
            n: How many.
            condition: For conditional models, one condition for all images or one for each.
            seed: An integer for the same images again, on every backend.
            truncation: Factor on the latents' normal numbers, from 0 (the most typical image) to 1
                (the full variety). Codes keep theirs.
            latents: An array `(n, latent_dim)` to use in place of random latents.
            batch_size: Images computed at once.

        Returns:
            A uint8 array `(n, height, width, channels)`; float32 if the generator makes
            something other than images.

        Raises:
            ValueError: If `n` is not positive, or truncation, latents or condition do not fit.
        """
        if n < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        if latents is None:
            latents = self.random_latents(n, seed, truncation)
        latents = ops.convert_to_numpy(latents)
        if tuple(latents.shape) != (n, self.latent_dim):
            raise ValueError(
                f"latents must have shape ({n}, {self.latent_dim}), got {tuple(latents.shape)}"
            )
        inputs = latents
        if self.conditional:
            inputs = [latents, self.condition_for(condition, n)]
        elif condition is not None:
            raise ValueError("this model is not conditional: its generator takes only latents")
        images = self.predict(inputs, batch_size=batch_size, verbose=0)
        return to_pixels(images) if images.ndim == 4 else images

    def random_latents(self, n, seed=None, truncation=1.0):
        """Latents for `sample`: `sample_latents` with noise that is the same on every backend.

        Args:
            n: How many.
            seed: See `sample`.
            truncation: See `sample`.

        Returns:
            A NumPy array `(n, latent_dim)`.

        Raises:
            ValueError: If truncation is out of range.
        """
        if not 0 <= truncation <= 1:
            raise ValueError(f"truncation must be between 0 and 1, got {truncation}")
        return ops.convert_to_numpy(self.sample_latents(n, HostNoise(seed, scale=truncation)))

    def sample_grid(self, rows=8, seed=0, truncation=1.0):
        """Images that show what the model can do, to be laid out in a grid.

        Returns:
            uint8 images `(rows * columns, height, width, channels)`, row by row, and the number
            of columns.
        """
        return self.sample(rows * rows, seed=seed, truncation=truncation), rows

    def condition_for(self, condition, n):
        """One condition for each of `n` images, from one for all or one for each."""
        expected = keras.tree.flatten(self.generator.inputs)[1]
        return checks.check_condition(condition, n, expected.shape[1:], expected.dtype)

    # -- keras.Model ---------------------------------------------------------------------------

    def default_optimizer(self):
        """What `compile` gives each player by default: Adam as in DCGAN (arXiv:1511.06434)."""
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    def compile(
        self,
        generator_optimizer=None,
        discriminator_optimizer=None,
        jit_compile="auto",
        steps_per_execution=1,
        run_eagerly=False,
    ):
        """Gives each player its optimizer.

        Args:
            generator_optimizer: A Keras optimizer or its name; the paper's by default.
            discriminator_optimizer: Another one; the paper's by default.
            jit_compile: Whether to compile the round with XLA (`"auto"`: where a GPU is).
            steps_per_execution: Rounds in one call of the compiled function.
            run_eagerly: Whether to run the round in Python, for debugging.

        Raises:
            ValueError: If both players are given the same optimizer object.
        """
        given = {"generator": generator_optimizer, "discriminator": discriminator_optimizer}
        shared = generator_optimizer is discriminator_optimizer
        if shared and isinstance(generator_optimizer, keras.optimizers.Optimizer):
            raise ValueError(
                "both players were given the same optimizer object, which would mix their "
                "moments: create one for each"
            )
        optimizers = PlayerOptimizers(
            **{
                player: player_optimizer(
                    self.default_optimizer() if optimizer is None else optimizer,
                    player,
                    loss_scaling=computes_in_float16(getattr(self, player)),
                )
                for player, optimizer in given.items()
            }
        )
        super().compile(
            optimizer=optimizers,
            jit_compile=jit_compile,
            steps_per_execution=steps_per_execution,
            run_eagerly=run_eagerly,
            auto_scale_loss=False,
        )
        optimizers.build(self.generator.trainable_variables, self.discriminator.trainable_variables)
        self.compile_arguments = {
            "jit_compile": jit_compile,
            "steps_per_execution": steps_per_execution,
            "run_eagerly": run_eagerly,
        }

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        validation_steps=None,
        validation_batch_size=None,
        validation_freq=1,
    ):
        """Trains both players. As `keras.Model.fit`, with these differences.

        Args:
            x: Images: an array, a `tf.data.Dataset`, a `PyDataset`, a torch `DataLoader` or a
                generator of batches, alone or with a condition.
            y: The condition, where `x` is an array and the model is conditional.
            batch_size: Images of each discriminator update (32 by default; data sets have
                their own). A round takes `discriminator_steps` times as many.
            epochs: See `keras.Model.fit`, as for all that is not named here.
            verbose: Progress counts rounds.
            callbacks: Keras callbacks.
            validation_split: Fraction of the arrays, from their end, to validate on.
            validation_data: What `evaluate` is run on after an epoch.
            shuffle: Whether arrays are shuffled. The order is a function of `seed` and of the
                rounds that the model has played, so a loaded model goes on where it was.
            class_weight: Not supported.
            sample_weight: Not supported.
            initial_epoch: Where the count of epochs goes on.
            steps_per_epoch: Rounds in an epoch.
            validation_steps: Batches of `validation_data`.
            validation_batch_size: `batch_size` by default.
            validation_freq: Epochs between validations.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            ValueError: If there is less data than one round takes, `batch_size` is no multiple
                of the number of replicas, or images are out of range.
        """
        checks.check_no_weights(class_weight=class_weight, sample_weight=sample_weight)
        image_shape = keras.tree.flatten(self.discriminator.inputs)[0].shape[1:]
        plan = rounds.plan(
            x,
            y,
            batch_size=batch_size,
            steps=self.discriminator_steps,
            shuffle=shuffle,
            seed=self.seed,
            replicas=self.replicas,
            validation_split=0.0 if validation_data is not None else validation_split,
            steps_per_epoch=steps_per_epoch,
            epochs=epochs,
            image_shape=image_shape,
        )
        return super().fit(
            plan.data,
            epochs=epochs,
            verbose=verbose,
            callbacks=rounds.with_callback(callbacks, plan.follow),
            validation_data=plan.validation_data or validation_data,
            shuffle=False,
            initial_epoch=initial_epoch,
            steps_per_epoch=plan.steps_per_epoch,
            validation_steps=validation_steps,
            validation_batch_size=validation_batch_size or plan.batch_size,
            validation_freq=validation_freq,
        )

    @property
    def metrics(self):
        """The running means of everything logged."""
        return list(self.trackers.values())

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        serialize = keras.saving.serialize_keras_object
        return {
            "generator": serialize_network(self.generator),
            "discriminator": serialize_network(self.discriminator),
            "loss": serialize(self.loss_function),
            "penalties": [serialize(p) for p in self.penalties],
            "discriminator_steps": self.discriminator_steps,
            "ema_decay": self.ema_decay,
            "seed": self.seed,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`."""
        networks = {
            player: deserialize_network(config[player]) for player in ("generator", "discriminator")
        }
        return cls(**{**config, **networks})

    def get_compile_config(self):
        """The arguments of `compile`, serialised; None before `compile`."""
        if not self.compiled:
            return None
        serialize = keras.saving.serialize_keras_object
        return {
            "generator_optimizer": serialize(self.optimizer.generator),
            "discriminator_optimizer": serialize(self.optimizer.discriminator),
            **self.compile_arguments,
        }

    def compile_from_config(self, config):
        """Compiles as the saved model was."""
        self.compile(**config)

    # Keras leaves the states of seed generators, the model's and those of its layers, out of its
    # files; without them training would not go on as it was.

    def seed_states(self):
        """The variables that Keras does not save."""
        saved = {id(weight) for weight in self.weights}
        return [v for v in self.variables if id(v) not in saved]

    def save_own_variables(self, store):
        """Saves the model's own weights and all seeds."""
        super().save_own_variables(store)
        for i, state in enumerate(self.seed_states()):
            store[f"seed_{i}"] = ops.convert_to_numpy(state)

    def load_own_variables(self, store):
        """Loads what `save_own_variables` saved."""
        keys = list(store.keys())
        super().load_own_variables({k: store[k] for k in keys if not k.startswith("seed_")})
        for i, state in enumerate(self.seed_states()):
            if f"seed_{i}" in keys:
                state.assign(store[f"seed_{i}"][()])


def as_float(images):
    """Images in [-1, 1], float32; uint8 images are scaled."""
    if keras.backend.standardize_dtype(images.dtype) == "uint8":
        return ops.cast(images, "float32") / 127.5 - 1.0
    return ops.cast(images, "float32")


def to_pixels(images):
    """Images in [-1, 1] as uint8."""
    return ((images.clip(-1, 1) + 1) * 127.5).round().astype("uint8")


def takes_condition(network):
    """Whether a network has a second input."""
    return len(keras.tree.flatten(network.inputs)) > 1


def computes_in_float16(network):
    """Whether any of a network's layers computes in float16."""
    return any(layer.compute_dtype == "float16" for layer in network._flatten_layers())
