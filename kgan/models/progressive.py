"""Progressive growing: Karras et al. 2018, Progressive Growing of GANs (arXiv:1710.10196)."""

import keras
import numpy as np
from keras import ops

from kgan.models.checks import check_integer
from kgan.models.conditional import ConditionalGAN
from kgan.models.growth import Grow, GrowingRounds
from kgan.models.phases import Phases, by_level
from kgan.models.sampling import as_float
from kgan.models.seeded import SeededRounds, StreamedImages
from kgan.penalties import Drift, GradientPenalty


@keras.saving.register_keras_serializable("kgan")
class ProgressiveGAN(ConditionalGAN):
    """Learns images of 4x4 pixels first, then of 8x8, and so on up to the full size (Sec. 2).

    Each resolution, a level, fades in during `fade_images` and is stabilised during
    `stable_images`, both counted in real images that the discriminator was shown. `fit` is given
    images of the full size throughout; on the device they are averaged down to the current level's,
    and in a fade blended with the level below as generated ones are. The networks have the weights
    of all levels from the start, but a round computes the current level and those below. All of it
    happens within one `fit`, which compiles the round once for each level; a model that was saved
    goes on exactly, in the middle of a fade too.

    The generator normalises its latents to one length (App. A.1), so that truncation, which makes
    them shorter, changes nothing.

    Whatever has grown so far, `sample`, `predict` and all that builds on them make images of the
    full size, in which the pixels of a lower resolution are squares. Losses and penalties are those
    of images of the level's size. Logged beside them is `resolution`, in pixels: in a fade it is
    between those of two levels.

    A level begins with the round after those of the last one are complete, anywhere in an epoch
    (with `steps_per_execution`, with the next execution). Both optimizers then start anew, with
    zero moments and zero iterations: a learning-rate schedule begins again too. The authors' code
    also resets moments when a fade is complete, which is not done here: no weight wakes there.

    Networks that take a condition are told it at every level, as in `ConditionalGAN`.

    Args:
        generator: Of `kgan.networks.progressive`.
        discriminator: The same.
        classes: As in `ConditionalGAN`; None for networks that take no label.
        fade_images: Real images during which each level but the first fades in: an integer, or a
            mapping `{resolution: images}`, each entry of which counts up to the next one's
            resolution.
        stable_images: The same, for how long each level then stays as it is.
        batch_sizes: A mapping `{resolution: batch size}`, each entry of which counts up to the next
            one's resolution, in place of the batch size of `fit` or the data. With it, `fit` takes
            arrays and data sets of a known order, such as `kgan.data.load` makes; an epoch has as
            many rounds as without.
        learning_rates: A mapping `{resolution: learning rate}` of the same kind, in place of the
            optimizers' own; a pair is the generator's and the discriminator's.
        loss: See `GAN`.
        penalties: `[GradientPenalty(10.0), Drift(0.001)]` by default, as in the paper; see `GAN`.
        ema_decay: See `GAN`.
        **kwargs: See `GAN`.

    Raises:
        ValueError: If the networks do not grow, a mapping does not fit them, or `classes` is given
            and they take no condition.

    Example:
        >>> networks = kgan.networks.progressive((32, 32, 1), latent_dim=64, width=64)
        >>> gan = kgan.ProgressiveGAN(*networks, fade_images=60_000, stable_images=60_000)
        >>> gan.compile()  # Adam, 1e-3, beta_1 = 0, beta_2 = 0.99
        >>> gan.fit(kgan.data.load("mnist", image_size=32), epochs=10)
    """

    needs_condition = False

    def __init__(
        self,
        generator,
        discriminator,
        *,
        classes=None,
        fade_images=800_000,
        stable_images=800_000,
        batch_sizes=None,
        learning_rates=None,
        loss="wasserstein",
        penalties=None,
        ema_decay=0.999,
        **kwargs,
    ):
        for role, network in (("generator", generator), ("discriminator", discriminator)):
            if not hasattr(network, "at_level"):
                raise ValueError(
                    f"the {role} {network.name!r} cannot be run at a lower resolution: make both "
                    "networks by kgan.networks.progressive"
                )
        super().__init__(
            generator,
            discriminator,
            classes=classes,
            loss=loss,
            penalties=[GradientPenalty(10.0), Drift(1e-3)] if penalties is None else penalties,
            ema_decay=ema_decay,
            **kwargs,
        )
        self.fade_images = fade_images
        self.stable_images = stable_images
        self.batch_sizes = batch_sizes
        self.learning_rates = learning_rates
        sizes = generator.sizes
        self.phases = Phases(sizes, fade_images, stable_images)
        self.batch_size_of = [
            size if size is None else check_integer("a batch size", size, 1)
            for size in by_level("batch_sizes", batch_sizes, sizes)
        ]
        self.rates_of = [pair(r) for r in by_level("learning_rates", learning_rates, sizes)]
        count = dict(shape=(), dtype="int32", initializer="zeros", trainable=False)
        self.images_seen = self.add_weight(name="images_seen", **count)
        # The level that the optimizers were started for.
        self.optimized_level = self.add_weight(name="optimized_level", **count)
        self.level = self.phases.level(0)
        self.optimized_level.assign(self.level)
        self.fade()

    # -- a round at the current level ----------------------------------------------------------

    def play_round(self, data):
        """One round; see `GAN`. The fades are then those of the images seen."""
        logs = super().play_round(data)
        n, steps = ops.shape(keras.tree.flatten(data)[0])[:2]
        self.images_seen.assign(self.images_seen + ops.cast(n * steps * self.replicas, "int32"))
        self.fade()
        return logs

    def fade(self):
        """Gives all networks' `FadeIn` layers their alpha, after so many images."""
        seen = ops.convert_to_tensor(self.images_seen)
        for network in filter(None, (self.generator, self.discriminator, self.ema_generator)):
            for level, layer in enumerate(network.fades, start=1):
                layer.alpha.assign(self.phases.alpha(level, seen))

    def run_network(self, player, inputs):
        """A player's network as far as it has grown: images are of the current level's size."""
        return getattr(self, player).at_level(inputs, self.level)

    def playing_variables(self, player):
        """The variables of the current level and those below."""
        return getattr(self, player).variables_at(self.level)

    def real_images(self, images):
        """Real images of the current level's size, faded as generated ones are (Fig. 2)."""
        images = as_float(images)
        factor = self.phases.sizes[-1] // self.phases.sizes[self.level]
        if factor > 1:
            images = ops.average_pool(images, factor, strides=factor)
        if self.level == 0:
            return images
        alpha = ops.convert_to_tensor(self.generator.fades[self.level - 1].alpha)
        below = ops.average_pool(images, 2, strides=2)
        below = ops.repeat(ops.repeat(below, 2, axis=1), 2, axis=2)
        return (1 - alpha) * below + alpha * images

    def term_names(self):
        """The names of everything that a round logs."""
        return [*super().term_names(), "resolution"]

    def discriminator_loss(self, real, fake, latents, condition):
        """See `GAN`; the resolution is among the terms."""
        loss, terms = super().discriminator_loss(real, fake, latents, condition)
        return loss, {**terms, "resolution": self.phases.resolution(self.images_seen)}

    # -- from level to level -------------------------------------------------------------------

    def count_images(self):
        """How many real images the discriminator was shown, an integer."""
        return int(ops.convert_to_numpy(self.images_seen))

    def grow(self):
        """Brings the model to the level that the images seen say.

        `fit` and `evaluate` call it. Where rounds are played by `train_on_batch`, call it in
        between. Where weights were loaded into the generator, its `FadeIn` layers know how far they
        had grown, and training goes on from there.
        """
        self.adopt_fades()
        level = self.phases.level(self.count_images())
        if level != int(ops.convert_to_numpy(self.optimized_level)):
            self.optimized_level.assign(level)
            self.restart_optimizers(level)
        self.go_to(level)

    def go_to(self, level):
        """Has rounds played at a level."""
        if level == self.level:
            return
        self.level = level
        if self.compiled:
            # The functions compiled for the last level are let go.
            self.make_train_function(force=True)
            self.make_test_function(force=True)

    def adopt_fades(self):
        """Counts as seen what the generator had seen whose weights were loaded."""
        alphas = [float(ops.convert_to_numpy(layer.alpha)) for layer in self.generator.fades]
        levels = range(1, len(alphas) + 1)
        expected = [float(self.phases.alpha(k, self.count_images())) for k in levels]
        # Files of weights may be in half precision.
        if np.allclose(alphas, expected, atol=1e-3):
            return
        level = max((k for k in levels if alphas[k - 1] > 0), default=0)
        alpha = alphas[level - 1] if level else 0
        self.images_seen.assign(self.phases.seen_at(level, alpha))
        self.fade()

    def restart_optimizers(self, level):
        """Both players' optimizers as they were at first, with the level's learning rates.

        A weight that a level wakes has had no gradient for long: with an old count of steps, Adam
        would move it many learning rates at once.
        """
        if not self.compiled:
            return
        for player, optimizer in zip(("generator", "discriminator"), self.optimizer.optimizers):
            # Loss scales have nothing to do with a level.
            optimizer = getattr(optimizer, "inner_optimizer", optimizer)
            fresh = type(optimizer).from_config(optimizer.get_config())
            fresh.build(getattr(self, player).trainable_variables)
            for variable, first in zip(optimizer.variables, fresh.variables, strict=True):
                variable.assign(first)
        self.set_learning_rates(level)

    def set_learning_rates(self, level):
        """Gives both players the learning rates of a level, where there are any."""
        if self.rates_of[level] is not None:
            for optimizer, rate in zip(self.optimizer.optimizers, self.rates_of[level]):
                optimizer.learning_rate = rate

    # -- fit -----------------------------------------------------------------------------------

    def default_optimizer(self):
        """Adam with the paper's values (App. A.1)."""
        return keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.99, epsilon=1e-8)

    def compile(self, *args, **kwargs):
        """See `GAN.compile`; learning rates given by resolution replace the optimizers'."""
        super().compile(*args, **kwargs)
        for player, optimizer in zip(("generator", "discriminator"), self.optimizer.optimizers):
            scheduled = getattr(optimizer, "inner_optimizer", optimizer)._learning_rate
            if self.learning_rates and not isinstance(scheduled, keras.Variable):
                raise ValueError(
                    f"the {player}'s optimizer has a schedule, and learning_rates are given too: "
                    "choose one of them"
                )
        self.set_learning_rates(self.level)

    def plan_rounds(self, x, y, **arguments):
        """See `GAN.plan_rounds`; rounds have the batch sizes of their levels."""
        plan = super().plan_rounds(x, y, **arguments)
        sizes = [plan.batch_size if size is None else size for size in self.batch_size_of]
        for size in sizes:
            if size % self.replicas:
                raise ValueError(
                    f"a batch size of {size} must be a multiple of the {self.replicas} replicas"
                )
        images = [size * self.discriminator_steps for size in sizes]
        if not self.batch_sizes:
            return plan._replace(callbacks=(*plan.callbacks, Grow(self.phases, images)))
        source = plan.data
        if hasattr(x, "stream"):
            source = StreamedImages(x.stream, plan.steps_per_epoch)
        if not isinstance(source, SeededRounds):
            raise ValueError(
                f"batch_sizes={self.batch_sizes} need images that fit can batch anew, an array or "
                f"what kgan.data.load returns; got {type(x).__name__}, which brings its own batches"
            )
        rounds = GrowingRounds(source, self.phases, images, self.discriminator_steps)
        rounds.start = self.count_images()
        callbacks = (Grow(self.phases, images, rounds),)
        return plan._replace(data=rounds, callbacks=callbacks, steps_per_epoch=None)

    def evaluate(self, *args, **kwargs):
        """See `GAN.evaluate`: the losses are those at the current level."""
        self.grow()
        return super().evaluate(*args, **kwargs)

    # -- saving --------------------------------------------------------------------------------

    def load_own_variables(self, store):
        """Loads what was saved, and goes on at its level."""
        super().load_own_variables(store)
        self.go_to(self.phases.level(self.count_images()))

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {
            **super().get_config(),
            "fade_images": self.fade_images,
            "stable_images": self.stable_images,
            "batch_sizes": self.batch_sizes,
            "learning_rates": self.learning_rates,
        }


def pair(rate):
    """A learning rate as the generator's and the discriminator's; None stays None.

    Raises:
        ValueError: If it is neither a positive number nor two of them.
    """
    if rate is None:
        return None
    rates = tuple(rate) if isinstance(rate, (tuple, list)) else (rate, rate)
    if len(rates) != 2 or not all(isinstance(r, (int, float)) and r > 0 for r in rates):
        raise ValueError(
            "learning_rates map resolutions to a positive number, or to two of them, the "
            f"generator's and the discriminator's; got {rate!r}"
        )
    return rates
