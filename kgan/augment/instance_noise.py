"""Instance noise."""

import keras
from keras import ops

from kgan import schedules
from kgan.augment.base import Augmentation


@keras.saving.register_keras_serializable("kgan")
class InstanceNoise(Augmentation):
    """Sonderby et al. 2016 (arXiv:1610.04490): normal noise on all that D sees.

    Distributions that share nothing overlap once noise is added to both, and the discriminator's
    gradient then tells the generator the way. Its standard deviation falls in a straight line from
    `sigma` to 0 over `rounds`, as in the paper's experiments, or is what a schedule says.

    Args:
        sigma: Standard deviation in the first round, in units of the images' [-1, 1]; or a schedule
            of the rounds played (`kgan.schedules`).
        rounds: Rounds after which there is no noise; None for noise that stays, and with a
            schedule.

    Raises:
        ValueError: If sigma is negative, or rounds is not positive or given with a schedule.

    Example:
        >>> noise = kgan.augment.InstanceNoise(0.1, rounds=10_000)
        >>> gan = kgan.GAN(generator, discriminator, augment=noise)
    """

    def __init__(self, sigma=0.1, rounds=None):
        sigma = schedules.get("sigma", sigma)
        scheduled = isinstance(sigma, schedules.Schedule)
        if not scheduled and sigma < 0:
            raise ValueError(f"sigma must not be negative, got {sigma}")
        if scheduled and rounds is not None:
            raise ValueError(f"sigma follows a schedule of its own: leave rounds, got {rounds}")
        if rounds is not None and rounds <= 0:
            raise ValueError(f"rounds must be positive, or None for no decay, got {rounds}")
        self.sigma = sigma
        self.rounds = rounds

    def __call__(self, images, noise, rounds):
        """Noisy images."""
        sigma = schedules.at(self.sigma, rounds)
        if self.rounds is not None:
            sigma = sigma * ops.maximum(0.0, 1.0 - ops.cast(rounds, "float32") / self.rounds)
        return images + sigma * noise.normal(ops.shape(images))

    def check(self, image_shape):
        """Anything can be noisy."""

    def get_config(self):
        """The arguments of `__init__`."""
        return {"sigma": schedules.serialize(self.sigma), "rounds": self.rounds}
