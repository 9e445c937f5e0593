"""Conditional GAN: Mirza and Osindero 2014, Conditional Generative Adversarial Nets.

arXiv:1411.1784.
"""

import keras
import numpy as np
from keras import ops

from kgan.models.gan import GAN
from kgan.models.players import takes_condition


@keras.saving.register_keras_serializable("kgan")
class ConditionalGAN(GAN):
    """Both players are told what the image should show (Eq. 2).

    The condition is an integer class label or a vector of numbers, whichever the networks' second
    inputs take; data is `(images, condition)`. With another `loss` and `penalties`, and the
    optimizers to match, it is a conditional WGAN-GP, hinge GAN and so on.

    Args:
        generator: A built Keras model from `[latents, condition]` to images.
        discriminator: A built Keras model from `[images, condition]` to one logit each, `(n, 1)`.
        classes: Number of classes, where the condition is a label: then labels are checked (all
            of an array's, a `kgan.data` data set's, a loader's or a generator's, and those of the
            first batch of other data), and `sample` without a condition goes through the classes
            in turn.
        **kwargs: See `GAN`.

    Raises:
        ValueError: If a network has no second input.

    Attributes:
        needs_condition: Whether networks without a second input are refused. Subclasses that can
            do without a condition say False; their networks may have none, if `classes` is None.

    Example:
        >>> networks = kgan.networks.dcgan((28, 28, 1), latent_dim=64, classes=10)
        >>> gan = kgan.ConditionalGAN(*networks, classes=10)
        >>> gan.compile()
        >>> gan.fit(kgan.data.load("embedded", labels=True), epochs=5)
        >>> sevens = gan.sample(16, condition=7)
    """

    needs_condition = True

    def __init__(self, generator, discriminator, *, classes=None, **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        needed = self.needs_condition or classes is not None
        for role, network in (("generator", generator), ("discriminator", discriminator)):
            told = role == "generator" or self.tells_discriminator
            if needed and told and not takes_condition(network):
                raise ValueError(
                    f"the {role} has one input, got classes={classes}; a conditional GAN's "
                    "networks have two, the second for the condition (kgan.networks: pass classes "
                    "or condition_dim)"
                )
        if classes is not None and classes < 2:
            raise ValueError(f"classes must be at least 2, got {classes}")
        self.classes = classes

    def condition_for(self, condition, n):
        """One condition for each of `n` images; without one, the default ones in turn."""
        # Defaults may be texts that take a while to encode.
        defaults = self.default_conditions() if condition is None else None
        if defaults is not None:
            condition = defaults[np.arange(n) % len(defaults)]
        condition = super().condition_for(condition, n)
        self.check_labels(condition)
        return condition

    def default_conditions(self):
        """All classes, where there are any; see `GAN.default_conditions`."""
        return None if self.classes is None else np.arange(self.classes)

    def check_labels(self, labels):
        """Refuses labels that are not classes: an embedding may return anything for them.

        Raises:
            ValueError: If there are any.
        """
        low, high = np.min(labels), np.max(labels)
        if self.classes is not None and not 0 <= low <= high < self.classes:
            raise ValueError(
                f"class labels must be 0 to {self.classes - 1}, got {low} to {high}: make the "
                "networks and the model with more classes, or choose other labels"
            )

    def check_conditions(self, conditions, n):
        """Refuses conditions of `n` images that the generator does not take."""
        super().check_conditions(conditions, n)
        self.check_labels(ops.convert_to_numpy(conditions))

    def check_data(self, x, y=None):
        """See `GAN.check_data`; of a data set that knows its `labels`, all are checked."""
        labels = getattr(x, "labels", None)
        if labels is not None:
            self.check_labels(labels)
        return super().check_data(x, y)

    def sample_grid(self, rows=8, seed=0, truncation=1.0):
        """One column a default condition and a latent vector a row; see `GAN.sample_grid`."""
        if not self.conditional:
            return super().sample_grid(rows, seed, truncation)
        conditions = self.default_conditions()
        if conditions is None:
            raise ValueError("without classes there is no telling what to show: use sample")
        columns = len(conditions)
        latents = self.random_latents(rows, seed, truncation).repeat(columns, axis=0)
        conditions = conditions[np.arange(len(latents)) % columns]
        return self.sample(len(latents), conditions, latents=latents), columns

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {**super().get_config(), "classes": self.classes}
