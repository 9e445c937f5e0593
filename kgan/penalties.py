"""Penalties on the discriminator's gradient or logits, on the generator, and weight clipping.

A penalty is called in the discriminator's update as `penalty(critic, real, fake, noise)`, where
`critic(images)` gives logits of shape `(n, 1)`, `real` and `fake` are images `(n, ...)` and `noise`
is a `kgan.noise.Noise`. It returns a scalar, which the model multiplies by `weight`, adds to
the discriminator's loss and logs, unweighted, under `name`.

Every penalty can be lazy (Karras et al. 2020, StyleGAN2, arXiv:1912.04958, Appendix B): with an
`interval` it is computed in one round of so many only and weighs so many times as much there,
which leaves its mean gradient and saves most of its cost.

A `GeneratorPenalty` is called in the generator's update with two batches of latents and of images
for the same conditions, and is added to the generator's loss.

Example:
    >>> penalties = [kgan.penalties.R1(10.0, interval=16)]
    >>> gan = kgan.GAN(generator, discriminator, penalties=penalties)
"""

import keras
from keras import ops

from kgan import backend, schedules


class Penalty:
    """Base class of the penalties.

    The rounds that compute a lazy penalty, in each of their discriminator updates, are those whose
    number, counted from 0 by `gan.rounds`, is a multiple of `interval`: a model that is loaded goes
    on as it would have. What is logged is the mean over these rounds, 0 of an epoch without any.
    `evaluate` always computes it.

    Args:
        weight: What the penalty is multiplied by in the discriminator's loss: a number, or a
            schedule of the rounds played (`kgan.schedules`).
        interval: Rounds from one that computes the penalty to the next, where the weight is
            `interval` times as large.

    Raises:
        ValueError: If the weight is negative, or the interval no positive integer.
    """

    name = "penalty"
    interval = 1
    # Whether it takes a gradient of the critic's: one that does not is told logits that are known.
    differentiates = True

    def __init__(self, weight, interval=1):
        weight = check_weight(weight)
        if int(interval) != interval or interval < 1:
            raise ValueError(f"a penalty's interval must be a positive integer, got {interval}")
        self.weight = weight
        self.interval = int(interval)

    def build(self, gan):
        """Looks at the model, once, and adds to it what has to be remembered: `gan.add_weight`."""

    def due(self, rounds):
        """Whether the round after `rounds` others computes the penalty: a boolean scalar."""
        return ops.equal(ops.mod(rounds, self.interval), 0)

    def __call__(self, critic, real, fake, noise):
        """The penalty, a scalar."""
        raise NotImplementedError

    def get_config(self):
        """The arguments of `__init__`."""
        return {"weight": schedules.serialize(self.weight), "interval": self.interval}

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`."""
        return cls(**config)


def squared_norm(gradient):
    """Sum of squares over all axes but the first: `(n, ...)` to `(n,)`, float32."""
    gradient = ops.cast(gradient, "float32")
    return ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape))))


def interpolate(real, fake, noise):
    """One random point on the line from each real image to its fake one."""
    weights = noise.uniform((ops.shape(real)[0],) + (1,) * (len(real.shape) - 1))
    return weights * real + (1 - weights) * fake


@keras.saving.register_keras_serializable("kgan")
class GradientPenalty(Penalty):
    """Gulrajani et al. 2017 (arXiv:1704.00028), Eq. 3: E[(|grad D(x^)| - 1)^2].

    x^ is uniform on the line between a real and a fake image, one weight an example.

    Args:
        weight: The paper's lambda.
        interval: See `Penalty`.
    """

    name = "gradient_penalty"

    def __init__(self, weight=10.0, interval=1):
        super().__init__(weight, interval)

    def __call__(self, critic, real, fake, noise):
        """The penalty, a scalar."""
        gradient = backend.input_gradient(critic, self.points(real, fake, noise))
        return ops.mean(self.deviation(gradient))

    def points(self, real, fake, noise):
        """Where the gradient is taken: as many points as there are images."""
        return interpolate(real, fake, noise)

    def deviation(self, gradient):
        """How far each example's gradient norm is from one: `(n, ...)` to `(n,)`."""
        # The square root's own gradient is infinite at zero.
        return ops.square(ops.sqrt(squared_norm(gradient) + 1e-12) - 1)


@keras.saving.register_keras_serializable("kgan")
class LipschitzPenalty(GradientPenalty):
    """Petzka et al. 2018, WGAN-LP (arXiv:1709.08894): E[max(0, |grad D(x^)| - 1)^2].

    One-sided: a gradient below one is not punished.

    Args:
        weight: The paper's lambda.
        interval: See `Penalty`.
    """

    name = "lipschitz_penalty"

    def deviation(self, gradient):
        """How far each example's gradient norm is above one: `(n, ...)` to `(n,)`."""
        return ops.square(ops.relu(ops.sqrt(squared_norm(gradient) + 1e-12) - 1))


@keras.saving.register_keras_serializable("kgan")
class DRAGAN(GradientPenalty):
    """Kodali et al. 2017, DRAGAN (arXiv:1705.07215), Eq. 1: E[(|grad D(x + delta)| - 1)^2].

    The gradient penalty around real images alone, wherever the generator is. It keeps the
    discriminator of any loss, the non-saturating one of the paper too, free of the sharp gradients
    around real images from which modes collapse (Sec. 2.3).

    The paper's delta is normal with a free variance. This is that of the authors' code, which fits
    its size to the data: delta = alpha * scale * std * u, where std is the standard deviation of
    all numbers in the batch (of this replica), u is uniform on [0, 1) for each number and alpha
    uniform on [0, 1) for each image.

    Args:
        weight: The paper's lambda.
        scale: Largest noise, in standard deviations of the batch; the authors' code has 0.5.
        interval: See `Penalty`.

    Raises:
        ValueError: If the scale is negative.

    Example:
        >>> gan = kgan.GAN(generator, discriminator, penalties=kgan.penalties.DRAGAN())
    """

    name = "dragan"

    def __init__(self, weight=10.0, scale=0.5, interval=1):
        super().__init__(weight, interval)
        if scale < 0:
            raise ValueError(f"the scale of DRAGAN's noise must not be negative, got {scale}")
        self.scale = scale

    def points(self, real, fake, noise):
        """A random point on the way from each real image to a noisy one."""
        delta = self.scale * ops.std(real) * noise.uniform(ops.shape(real))
        return interpolate(real + delta, real, noise)

    def get_config(self):
        """The arguments of `__init__`."""
        return {**super().get_config(), "scale": self.scale}


@keras.saving.register_keras_serializable("kgan")
class R1(Penalty):
    """Mescheder et al. 2018 (arXiv:1801.04406), Eq. 9: E[|grad D(x)|^2] / 2 on real images.

    Args:
        weight: The paper's gamma.
        interval: See `Penalty`.
    """

    name = "r1"

    def __init__(self, weight=10.0, interval=1):
        super().__init__(weight, interval)

    def __call__(self, critic, real, fake, noise):
        """The penalty, a scalar."""
        return 0.5 * ops.mean(squared_norm(backend.input_gradient(critic, real)))


@keras.saving.register_keras_serializable("kgan")
class R2(R1):
    """Mescheder et al. 2018 (arXiv:1801.04406), Eq. 10: E[|grad D(G(z))|^2] / 2 on fake images.

    Args:
        weight: The paper's gamma.
        interval: See `Penalty`.
    """

    name = "r2"

    def __call__(self, critic, real, fake, noise):
        """The penalty, a scalar."""
        return super().__call__(critic, fake, real, noise)


@keras.saving.register_keras_serializable("kgan")
class Drift(Penalty):
    """Karras et al. 2018, Progressive Growing (arXiv:1710.10196), App. A.1: E[D(x)^2].

    A Wasserstein loss does not change if a number is added to all logits. This keeps those of real
    images from drifting away from zero. It takes no gradient and costs next to nothing.

    Args:
        weight: The paper's epsilon_drift.
        interval: See `Penalty`.

    Example:
        >>> penalties = [kgan.penalties.GradientPenalty(10.0), kgan.penalties.Drift()]
    """

    name = "drift"
    differentiates = False

    def __init__(self, weight=1e-3, interval=1):
        super().__init__(weight, interval)

    def __call__(self, critic, real, fake, noise):
        """The penalty, a scalar."""
        return ops.mean(ops.square(critic(real)))


def clip_weights(variables, limit):
    """Clips each variable to `[-limit, limit]` (WGAN, arXiv:1701.07875, Algorithm 1, line 7)."""
    for variable in variables:
        variable.assign(ops.clip(variable, -limit, limit))


class GeneratorPenalty:
    """Base class of the penalties in the generator's loss.

    Args:
        weight: What the penalty is multiplied by: a number, or a schedule of the rounds played
            (`kgan.schedules`).

    Raises:
        ValueError: If the weight is negative.
    """

    name = "generator_penalty"

    def __init__(self, weight):
        self.weight = check_weight(weight)

    def build(self, gan):
        """Looks at the model, once, and adds to it what has to be remembered: `gan.add_weight`."""

    def __call__(self, latents, fake, other_latents, other_fake):
        """The penalty, a scalar.

        Args:
            latents: What `fake` was made from, `(n, latent_dim)`.
            fake: Generated images.
            other_latents: As many others.
            other_fake: What is made from them for the same conditions.
        """
        raise NotImplementedError

    def get_config(self):
        """The arguments of `__init__`."""
        return {"weight": schedules.serialize(self.weight)}

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`."""
        return cls(**config)


@keras.saving.register_keras_serializable("kgan")
class ModeSeeking(GeneratorPenalty):
    """Mao et al. 2019, Mode Seeking GAN (arXiv:1903.05628), Eq. 3: far latents, far images.

    A generator that has collapsed makes the same image of latents that are far from each other. The
    paper maximises d(G(c, z1), G(c, z2)) / d(z1, z2); as in the authors' code, what is minimised is
    1 / (that ratio + epsilon), with distances that are means of absolute differences, each over the
    whole batch (of this replica).

    Args:
        weight: The paper's lambda_ms, 1 there.
        epsilon: See above.

    Raises:
        ValueError: If epsilon is not positive.

    Example:
        >>> penalty = kgan.penalties.ModeSeeking(1.0)
        >>> gan = kgan.ConditionalGAN(generator, discriminator, generator_penalties=penalty)
    """

    name = "mode_seeking"

    def __init__(self, weight=1.0, epsilon=1e-5):
        super().__init__(weight)
        if epsilon <= 0:
            raise ValueError(f"epsilon must be positive, got {epsilon}")
        self.epsilon = epsilon

    def __call__(self, latents, fake, other_latents, other_fake):
        """The penalty, a scalar."""
        between_images = ops.mean(ops.abs(fake - other_fake))
        between_latents = ops.mean(ops.abs(latents - other_latents))
        return 1 / (between_images / between_latents + self.epsilon)

    def get_config(self):
        """The arguments of `__init__`."""
        return {**super().get_config(), "epsilon": self.epsilon}


def check_weight(weight):
    """A penalty's weight: a number that is not negative, or a schedule.

    Raises:
        ValueError: If it is something else.
    """
    weight = schedules.get("a penalty's weight", weight)
    if not isinstance(weight, schedules.Schedule) and weight < 0:
        raise ValueError(f"a penalty's weight must not be negative, got {weight}")
    return weight


def get(penalty, kind=Penalty):
    """A `Penalty` from a config or a `Penalty`.

    Args:
        penalty: Either.
        kind: `Penalty` or `GeneratorPenalty`.

    Raises:
        ValueError: If it is something else.
    """
    if isinstance(penalty, kind):
        return penalty
    if isinstance(penalty, dict):
        return get(keras.saving.deserialize_keras_object(penalty), kind)
    example = "R1(10.0)" if kind is Penalty else "ModeSeeking(1.0)"
    raise ValueError(
        f"this penalty must be a kgan.penalties.{kind.__name__}, such as {example}; got {penalty!r}"
    )


def get_all(penalties, kind=Penalty):
    """`get` of one penalty or each of a list, as a list.

    Raises:
        ValueError: If one is something else.
    """
    penalties = penalties if isinstance(penalties, (list, tuple)) else [penalties]
    return [get(penalty, kind) for penalty in penalties]
