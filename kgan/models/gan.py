"""GAN: Goodfellow et al. 2014, Generative Adversarial Nets (arXiv:1406.2661).

This file is the round that all models share: what a paper changes is a loss, a penalty, the
latents or one hook. The networks' gradients and state are the business of `kgan.backend`, the
grouping of data that of `kgan.models.rounds`; what a user calls is in `fitting`, `sampling`,
`exploring` and `serialization` beside this file.
"""

import contextlib

import keras
from keras import ops

from kgan import backend, losses, schedules
from kgan.augment import get as get_augmentations
from kgan.models import checks
from kgan.models.exploring import Exploring
from kgan.models.fitting import Fitting
from kgan.models.layer_losses import LayerLosses, weight_losses
from kgan.models.players import (
    check_averaged,
    check_networks,
    check_one_head,
    check_penalties,
    takes_condition,
)
from kgan.models.sampling import Sampling, as_float
from kgan.models.serialization import Saving, copy_network, serialize_network
from kgan.noise import Noise
from kgan.penalties import GeneratorPenalty
from kgan.penalties import get_all as get_penalties

SCORES = ("real_score", "fake_score")


@keras.saving.register_keras_serializable("kgan")
class GAN(backend.TrainStep, Fitting, Sampling, Exploring, Saving, keras.Model):
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
        penalties: A `kgan.penalties.Penalty`, or a list of them.
        generator_penalties: A `kgan.penalties.GeneratorPenalty`, or a list of them.
        discriminator_steps: Updates of the discriminator in a round: an integer, or a schedule
            (`kgan.schedules`) that `fit` looks at as each epoch begins.
        ema_decay: If given, a second generator follows the first as an exponential moving average
            of its weights, with this decay a round, and is the one that samples. A number warms
            up; a schedule, such as `kgan.schedules.HalfLife`, is taken as it is.
        augment: What changes all images, real and generated, before the discriminator sees them
            in training: `"diffaugment"` or `"ada"` for small data sets, or see `kgan.augment.get`.
        seed: An integer that fixes all random numbers in training and the order of arrays in `fit`.

    Raises:
        ValueError: If the networks do not fit each other, or the penalties do not suit them.

    Example:
        >>> generator, discriminator = kgan.networks.dcgan((28, 28, 1), latent_dim=64)
        >>> gan = kgan.GAN(generator, discriminator)
        >>> gan.compile()
        >>> gan.fit(kgan.data.load("embedded"), epochs=5)
        >>> images = gan.sample(16, seed=0)  # uint8, (16, 28, 28, 1)
    """

    tells_discriminator = True

    def __init__(
        self,
        generator,
        discriminator,
        *,
        loss="non_saturating",
        penalties=(),
        generator_penalties=(),
        discriminator_steps=1,
        ema_decay=None,
        augment=None,
        seed=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        loss = losses.get(loss)
        penalties = get_penalties(penalties)
        generator_penalties = get_penalties(generator_penalties, GeneratorPenalty)
        check_networks(generator, discriminator, self.tells_discriminator)
        if type(self).discriminator_loss is GAN.discriminator_loss:
            check_one_head(type(self).__name__, discriminator)
        check_penalties(penalties, discriminator)
        ema_decay = checks.check_decay(ema_decay)
        if ema_decay is not None:
            check_averaged(generator)
        augment = get_augmentations(augment)
        seed = checks.check_integer("seed", seed, 0)
        self.generator = generator
        self.discriminator = discriminator
        self.loss_function = loss
        self.penalties = penalties
        self.generator_penalties = generator_penalties
        self.steps_schedule = checks.check_steps(discriminator_steps)
        self.ema_decay = ema_decay
        self.layer_losses = LayerLosses()
        self.augment = augment
        self.seed = seed
        self.ema_generator = (
            copy_network(generator, "ema_generator") if ema_decay is not None else None
        )
        self.rounds = self.add_weight(
            name="rounds", shape=(), dtype="int32", initializer="zeros", trainable=False
        )
        self.discriminator_steps = self.steps_due()
        self.training_seeds = keras.random.SeedGenerator(seed)
        self.evaluation_seeds = keras.random.SeedGenerator(seed)
        self.noise = Noise(self.training_seeds)
        self.networks_training = True
        for part in (loss, *penalties, *generator_penalties, *augment):
            part.build(self)
            checks.check_remembered(part, self)
        names = checks.check_names(self.term_names())
        self.trackers = {name: keras.metrics.Mean(name=name) for name in names}
        self.built = True

    # -- what a paper changes ----------------------------------------------------------------

    def term_names(self):
        """The names of everything that a round logs."""
        penalties = (p.name for p in [*self.penalties, *self.generator_penalties])
        augmentation = (name for a in self.augment for name in a.terms)
        return ["d_loss", "g_loss", *SCORES, *penalties, *augmentation]

    def sample_latents(self, n, noise=None):
        """Draws latents for `n` images from the prior, for a round of training.

        Args:
            n: How many.
            noise: A `kgan.noise.Noise` or `HostNoise`; by default the model's own, whose next
                numbers training then goes on with (`random_latents` leaves it alone).

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
            `adversarial_loss` gives both, with all penalties; another loss has to have them too.
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

    def default_optimizer(self):
        """What `compile` gives each player by default: Adam as in DCGAN (arXiv:1511.06434)."""
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    # -- what every paper shares ---------------------------------------------------------------

    def generate(self, latents, condition=None):
        """Images of the generator in training: float32 in [-1, 1]."""
        inputs = [latents, condition] if takes_condition(self.generator) else latents
        return ops.cast(self.run("generator", inputs), "float32")

    def discriminate(self, images, condition=None):
        """The discriminator's outputs in training: float32 logits `(n, 1)`, or a list of heads.

        In training it sees the images augmented, all of them: in both players' updates, and where
        a penalty takes its gradient.
        """
        for augmentation in self.augment if self.networks_training else ():
            images = augmentation(images, self.noise, self.rounds)
        inputs = [images, condition] if takes_condition(self.discriminator) else images
        outputs = self.run("discriminator", inputs)
        return keras.tree.map_structure(lambda y: ops.cast(y, "float32"), outputs)

    def run(self, player, inputs):
        """`run_network`, and what its layers add to the loss of the player that moves."""
        outputs = self.run_network(player, inputs)
        self.layer_losses.called(player, getattr(self, player))
        return outputs

    def run_network(self, player, inputs):
        """The outputs of a player's network, as it is run in a round."""
        return getattr(self, player)(inputs, training=self.networks_training)

    def playing_variables(self, player):
        """The variables of a player's network that a round moves."""
        return getattr(self, player).trainable_variables

    def real_images(self, images):
        """Real images, as data brings them, as both players' losses take them: float32."""
        return as_float(images)

    def critic(self, images, condition=None):
        """The logits `(n, 1)` alone, whatever other heads the discriminator has."""
        return keras.tree.flatten(self.discriminate(images, condition))[0]

    def adversarial_loss(self, real_logits, fake_logits, real, fake, condition):
        """The discriminator's loss and all penalties, weighted: a scalar and its terms."""
        loss = self.loss_function.discriminator(real_logits, fake_logits)
        terms = dict(zip(SCORES, (ops.mean(real_logits), ops.mean(fake_logits))))
        for augmentation in self.augment if self.networks_training else ():
            augmentation.observe(real_logits)

        def critic(images):
            return self.critic(images, condition)

        def known(images):
            logits = {id(real): real_logits, id(fake): fake_logits}.get(id(images))
            return critic(images) if logits is None else logits

        for penalty in self.penalties:
            asked = critic if penalty.differentiates else known
            value, weight = self.penalize(penalty, asked, real, fake)
            loss = loss + weight * value
            terms[penalty.name] = value
        return loss, terms

    def penalize(self, penalty, critic, real, fake):
        """A penalty's value, zero in rounds that a lazy one skips, and its weight in the loss."""

        def value():
            # What layers add there cannot leave the gradient, or the condition, that it is in.
            with self.layer_losses.of(None):
                return penalty(critic, real, fake, self.noise)

        weight = schedules.at(penalty.weight, self.rounds)
        if penalty.interval == 1 or not self.networks_training:
            return value(), weight
        checks.check_lazy(penalty.name, self.discriminator, self.replicas)
        due = penalty.due(self.rounds)
        return backend.compute_if(due, value, self.variables), weight * penalty.interval

    def play_round(self, data):
        """One round: Algorithm 1 with `discriminator_steps` inner steps.

        Args:
            data: `(images,)` or `(images, condition)`, each of shape `(n, steps, ...)`.

        Returns:
            The running means of everything logged.
        """
        images, condition = self.unpack(data)
        checks.check_round(images.shape, self.discriminator, self.discriminator_steps)
        logged = set()

        def inner_step(real, given):
            latents = self.sample_latents(ops.shape(real)[0])
            fake = ops.stop_gradient(self.generate(latents, given))
            inputs = (real, fake, latents, given)
            logged.update(self.update("discriminator", self.discriminator_objective, *inputs))
            self.after_discriminator_update()

        batches = [
            (
                self.real_images(images[:, step]),
                None if condition is None else condition[:, step],
            )
            for step in range(self.discriminator_steps)
        ]
        if self.discriminator_steps > 1:
            inner_step = backend.trace_once(inner_step, *batches[0])
        for batch in batches:
            inner_step(*batch)
        real, given = batches[-1]
        latents = self.sample_latents(ops.shape(real)[0])
        logged |= self.update("generator", self.generator_objective, real, latents, given)
        shown = ops.shape(images)[0] * self.discriminator_steps * self.replicas
        for augmentation in self.augment:
            logged |= self.track(augmentation.end_round(self.rounds, shown))
        self.rounds.assign(self.rounds + 1)
        self.update_average()
        return {name: t.result() for name, t in self.trackers.items() if name in logged}

    def play_test_round(self, data):
        """Both losses on a batch that is not trained on, the networks in inference mode."""
        images, condition = self.unpack(data)
        real = self.real_images(images)
        with self.evaluating():
            latents = self.sample_latents(ops.shape(real)[0])
            fake = self.generate(latents, condition)
            images = ops.shape(real)[0]
            _, terms = self.discriminator_objective(real, fake, latents, condition)
            logged = self.track(terms, images)
            logged |= self.track(self.generator_objective(real, latents, condition)[1], images)
        return {name: t.result() for name, t in self.trackers.items() if name in logged}

    def discriminator_objective(self, real, fake, latents, condition):
        """`discriminator_loss` with its value among the terms."""
        returned = self.discriminator_loss(real, fake, latents, condition)
        loss, terms = checks.check_returned("discriminator_loss", returned)
        checks.check_penalized(type(self).__name__, self.penalties, terms)
        return loss, {"d_loss": loss, **terms}

    def generator_objective(self, real, latents, condition):
        """`generator_loss` of fresh images and the penalties, with their values among the terms."""
        fake = self.generate(latents, condition)
        returned = self.generator_loss(real, fake, latents, condition)
        loss, terms = checks.check_returned("generator_loss", returned)
        if self.generator_penalties:
            other = self.sample_latents(ops.shape(latents)[0])
            # What layers add is counted once for an update.
            with self.layer_losses.of(None):
                other_fake = self.generate(other, condition)
        for penalty in self.generator_penalties:
            terms[penalty.name] = penalty(latents, fake, other, other_fake)
            loss = loss + schedules.at(penalty.weight, self.rounds) * terms[penalty.name]
        return loss, {"g_loss": loss, **terms}

    def update(self, player, objective, *args):
        """Moves one player down its objective and its layers' losses, and tracks the terms.

        Returns:
            Their names.
        """
        network = getattr(self, player)
        variables = self.playing_variables(player)
        optimizer = getattr(self.optimizer, player)
        state = self.variables + self.optimizer.variables

        def regularized():
            with self.layer_losses.of(player) as added:
                loss, terms = objective(*args)
            checks.check_scalar(f"the {player}'s loss", loss)
            return loss + sum(added) + sum(weight_losses(network)), terms

        return self.track(backend.minimize(regularized, variables, optimizer, state))

    def track(self, terms, weight=1):
        """Adds scalars, each with a weight, to the running means under their names.

        Rounds that skip a lazy penalty do not count for its mean.

        Returns:
            The names.
        """
        lazy = {p.name: p for p in self.penalties if p.interval > 1 and self.networks_training}
        checks.check_terms(terms, self.trackers)
        for name, value in terms.items():
            count = ops.cast(lazy[name].due(self.rounds), "float32") if name in lazy else weight
            self.trackers[name].update_state(ops.stop_gradient(value), sample_weight=count)
        return set(terms)

    def update_average(self):
        """Moves the averaged generator toward the generator.

        A number as decay warms up, min(decay, (1 + t) / (10 + t)) after t rounds, so that a short
        run is not dominated by the initial weights. Batch-norm statistics are copied.
        """
        if self.ema_generator is None:
            return
        if isinstance(self.ema_decay, schedules.Schedule):
            decay = schedules.at(self.ema_decay, self.rounds - 1)
        else:
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
        images, condition, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        checks.check_no_weights(sample_weight=sample_weight)
        if not self.conditional:
            return ops.convert_to_tensor(images), None
        checks.check_given(condition)
        return ops.convert_to_tensor(images), ops.convert_to_tensor(condition)

    # -- keras.Model ---------------------------------------------------------------------------

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
            "generator_penalties": [serialize(p) for p in self.generator_penalties],
            "discriminator_steps": schedules.serialize(self.steps_schedule),
            "ema_decay": schedules.serialize(self.ema_decay),
            "augment": [serialize(a) for a in self.augment],
            "seed": self.seed,
            "name": self.name,
        }
