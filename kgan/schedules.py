"""Numbers that change as training goes on.

A schedule is a Keras `LearningRateSchedule`: a function of a count that Keras can write into a
file. Those of `keras.optimizers.schedules` and the two below can stand wherever kgan takes a
schedule, and in any Keras optimizer:

| what | where | what is counted |
|---|---|---|
| learning rate | `keras.optimizers.Adam(schedule)` | the player's updates |
| Adam's beta_2 | `kgan.optimizers.ScheduledAdam` | the player's updates |
| weight of a penalty | `R1(schedule)` | rounds |
| averaging of the generator | `GAN(..., ema_decay=schedule)` | rounds |
| n_critic | `GAN(..., discriminator_steps=schedule)` | rounds, looked at as an epoch begins |
| instance noise | `InstanceNoise(sigma=schedule)` | rounds |

What is counted starts at 0 and is part of the model's state, so a model that is loaded goes on as
it would have. A paper that counts images is followed by `rounds = images / batch_size`.

Keras has a straight line (`PolynomialDecay(start, rounds, end)`, also upward), steps
(`PiecewiseConstantDecay([24], [100, 5])`: 100 up to count 24, then 5), exponential decay and more.

Example:
    >>> gamma = kgan.schedules.Cosine(0.05, 0.005, rounds=39_000)
    >>> penalties = [kgan.penalties.R1(gamma), kgan.penalties.R2(gamma)]
"""

import math
import numbers

import keras
from keras import ops

Schedule = keras.optimizers.schedules.LearningRateSchedule


@keras.saving.register_keras_serializable("kgan")
class Cosine(Schedule):
    """Half a cosine from one value to another, in either direction, which then stays.

    end + (start - end) (1 + cos(pi t / rounds)) / 2, as R3GAN (arXiv:2501.05441) sets its learning
    rate, gamma, Adam's beta_2, the average's half-life and the augmentation.
    Keras's `CosineDecay` takes its end as a part of its start, which therefore cannot be 0.

    Args:
        start: The value at 0.
        end: The value from `rounds` on.
        rounds: How long the way takes, in whatever is counted.

    Raises:
        ValueError: If `rounds` is not positive.

    Example:
        >>> rate = kgan.schedules.Cosine(2e-4, 5e-5, rounds=39_000)
        >>> optimizer = keras.optimizers.Adam(rate, beta_1=0.0)
    """

    def __init__(self, start, end, rounds):
        super().__init__()
        if rounds <= 0:
            raise ValueError(f"rounds must be positive, got {rounds}")
        self.start = start
        self.end = end
        self.rounds = rounds

    def __call__(self, step):
        """The value at a count, a float32 scalar."""
        part = ops.minimum(ops.cast(step, "float32") / self.rounds, 1.0)
        return self.end + (self.start - self.end) * 0.5 * (1.0 + ops.cos(math.pi * part))

    def get_config(self):
        """The arguments of `__init__`."""
        return {"start": self.start, "end": self.end, "rounds": self.rounds}


@keras.saving.register_keras_serializable("kgan")
class HalfLife(Schedule):
    """The decay of an average whose memory is given in images, as in the papers of StyleGAN.

    After that many images what is remembered has half its weight: in a round of `batch_size`
    images the decay is 0.5 ** (batch_size / images). Early in training the half-life is at most
    `ramp_up` of the images shown before, so that the initial weights are forgotten (StyleGAN2-ADA's
    `ema_kimg` and `ema_rampup`).

    Args:
        images: The half-life; a number, or a schedule of the rounds.
        batch_size: Images in a round.
        ramp_up: See above; None for none.

    Raises:
        ValueError: If a number is not positive.

    Example:
        >>> decay = kgan.schedules.HalfLife(500_000, batch_size=64)
        >>> gan = kgan.GAN(generator, discriminator, ema_decay=decay)
    """

    def __init__(self, images, batch_size, ramp_up=0.05):
        super().__init__()
        for name, value in (("images", images), ("batch_size", batch_size), ("ramp_up", ramp_up)):
            if isinstance(value, (int, float)) and value <= 0:
                raise ValueError(f"{name} must be positive, got {value}")
        self.images = get("images", images)
        self.batch_size = batch_size
        self.ramp_up = ramp_up

    def __call__(self, step):
        """The decay in the round after `step` others, a float32 scalar."""
        images = ops.cast(at(self.images, step), "float32")
        if self.ramp_up is not None:
            shown = ops.cast(step, "float32") * self.batch_size
            images = ops.minimum(images, self.ramp_up * shown)
        return ops.power(0.5, self.batch_size / ops.maximum(images, 1e-8))

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {
            "images": serialize(self.images),
            "batch_size": self.batch_size,
            "ramp_up": self.ramp_up,
        }


def get(name, value):
    """A number as it is, or a schedule from itself or from its config.

    Args:
        name: What the value is for, as errors say it.
        value: A number, a `keras.optimizers.schedules.LearningRateSchedule` or its config.

    Raises:
        ValueError: If it is something else.
    """
    if isinstance(value, dict):
        value = keras.saving.deserialize_keras_object(value)
    if isinstance(value, Schedule) or (
        isinstance(value, numbers.Real) and not isinstance(value, bool)
    ):
        return value
    raise ValueError(
        f"{name} must be a number or a schedule, of keras.optimizers.schedules or kgan.schedules; "
        f"got {value!r}"
    )


def at(value, count):
    """What a number or a schedule is at a count: the number, or a float32 scalar."""
    return ops.cast(value(count), "float32") if isinstance(value, Schedule) else value


def serialize(value):
    """A number as it is, or a schedule's config."""
    if isinstance(value, Schedule):
        return keras.saving.serialize_keras_object(value)
    return value
