r"""What moves a generator whose images are shifted, under each loss.

A generator makes x = g(z) + theta d, where d is a fixed direction. The gradient of its loss L with
respect to theta is the mean of the loss's gradient at each image, projected on d. With the optimal
discriminator at the present theta:

* minimax: 2 dJS/dtheta (the envelope theorem on Goodfellow et al. 2014, Theorem 1), which vanishes
  as the distributions part;
* non-saturating: d/dtheta (KL(q || p) - 2 JS) (Arjovsky and Bottou 2017, arXiv:1701.04862,
  Theorem 2.5), which does not;
* Wasserstein: the derivative of the earth mover's distance (Arjovsky et al. 2017,
  arXiv:1701.07875, Theorem 3) times the Lipschitz constant that the critic is held to.
"""

import math

import numpy as np
from keras import ops

from kgan import backend, losses
from kgan.theory.divergences import mass, quadrature
from kgan.theory.optimal import log_sigmoid, optimal_logit

_ROUNDING = 1e-12


def shift_gradient(loss, critic, images, direction, real=None):
    """The derivative of the generator's loss as its images move, with any critic.

    Args:
        loss: A name or a `kgan.losses.Loss`.
        critic: A function of images to logits `(n, 1)`, such as `gan.discriminator`.
        images: Generated images or points `(n, ...)`.
        direction: An array of one image's shape: by how much it moves per unit of the shift.
        real: Real images, for relativistic losses.

    Returns:
        d loss / d shift, a float. Descent moves the images along `direction` where it is negative.

    Raises:
        ValueError: If `direction` has another shape, or a relativistic loss gets no real images.

    Example:
        >>> gan = kgan.WGANGP(*kgan.networks.mlp((2,), 2))
        >>> points = gan.sample(64, seed=0)
        >>> kgan.theory.shift_gradient("wasserstein", gan.discriminator, points, [1.0, 0.0])
    """
    loss = losses.get(loss)
    images = ops.convert_to_tensor(images, "float32")
    direction = np.asarray(direction, "float64")
    if direction.shape != tuple(images.shape[1:]):
        raise ValueError(
            f"a direction is one image's change, of shape {tuple(images.shape[1:])}: got "
            f"{direction.shape}"
        )
    if loss.uses_real and real is None:
        raise ValueError(f"{type(loss).__name__} compares with real images: pass `real`")
    logits = critic(ops.convert_to_tensor(real, "float32")) if loss.uses_real else None
    slopes = backend.input_gradient(lambda x: loss.generator(critic(x), logits), images)
    slopes = ops.convert_to_numpy(ops.stop_gradient(slopes)).astype("float64")
    return float((slopes * direction).sum())


def optimal_shift_gradient(loss, real, fake, points, lipschitz=1.0):
    """The derivative of the generator's loss as its density moves right, with the optimal critic.

    The critic is the optimal one where the density is now and does not move with it.

    Args:
        loss: `"minimax"`, `"non_saturating"` or `"wasserstein"`.
        real: The data's log density: a function of an array `(k,)` to an array `(k,)`.
        fake: The generator's log density, another function; both must be smooth.
        points: See `density_divergences`.
        lipschitz: For `"wasserstein"`, the critic's largest slope.

    Returns:
        d loss / d shift, a float.

    Raises:
        ValueError: If the loss is another one, the points do not rise, or a density's integral
            over them is not 1.

    Example:
        >>> from scipy.stats import norm
        >>> p, q = norm(0).logpdf, norm(3).logpdf
        >>> kgan.theory.optimal_shift_gradient("minimax", p, q, [-8, 11])
    """
    if loss not in ("minimax", "non_saturating", "wasserstein"):
        raise ValueError(
            f"the optimal critic is known for 'minimax', 'non_saturating' and 'wasserstein', not "
            f"for {loss!r}; with a critic of your own use shift_gradient"
        )
    x, steps = quadrature(points)
    p, q = mass(real(x), steps, "real"), mass(fake(x), steps, "fake")
    if loss == "wasserstein":
        # The integral of (P - Q) f' is largest for f' = -sign(P - Q), P and Q the cumulatives.
        ahead = np.cumsum(p - q)
        return float(lipschitz * (q @ np.sign(ahead * (np.abs(ahead) > _ROUNDING))))
    step = 1e-6 * (x[-1] - x[0])
    logits = optimal_logit(real(x), fake(x), log=True)
    after = optimal_logit(real(x + step), fake(x + step), log=True)
    before = optimal_logit(real(x - step), fake(x - step), log=True)
    slopes = (after - before) / (2 * step)
    # d/dx log(1 - D) = -D l' and d/dx -log D = -(1 - D) l', with D = sigmoid(l).
    factor = np.exp(log_sigmoid(logits if loss == "minimax" else -logits))
    seen = q > 0
    return float(-(q[seen] @ (factor * slopes)[seen]))


def clipped_slope(clip, widths):
    """The largest slope of a multilayer perceptron with clipped weights, along one input.

    It is clip^(number of layers) times the product of the hidden widths, reached where all weights
    have size `clip` and all rectifiers are open. Weight clipping so fixes the scale of the
    generator's gradient, exponentially in the depth (Gulrajani et al. 2017, arXiv:1704.00028,
    Sec. 3, Fig. 1b).

    Args:
        clip: The bound on each weight (`kgan.WGAN`'s `clip`).
        widths: Units of each hidden layer.

    Returns:
        A float.

    Raises:
        ValueError: If `clip` or a width is not positive.

    Example:
        >>> kgan.theory.clipped_slope(0.125, [64, 64])  # 0.125^3 * 64 * 64
        8.0
    """
    if clip <= 0 or min(widths, default=1) <= 0:
        raise ValueError(f"clip and widths must be positive, got {clip} and {list(widths)}")
    return clip ** (len(widths) + 1) * math.prod(widths)


def penalized_slope(distance, weight=10.0):
    r"""The slope of the optimal critic under a gradient penalty, between two parted distributions.

    Between supports a distance apart, such as the parallel lines of arXiv:1701.07875, Example 1, a
    critic of slope s has the loss -s distance + weight (s - 1)^2: the penalty's points are uniform
    on the way (arXiv:1704.00028, Eq. 3). It is least at s = 1 + distance / (2 weight), a little
    more than the slope 1 of the earth mover's distance.

    Args:
        distance: How far apart the distributions are.
        weight: The penalty's weight, the paper's lambda.

    Returns:
        A float above 1.

    Raises:
        ValueError: If `distance` is negative or `weight` is not positive.

    Example:
        >>> kgan.theory.penalized_slope(2.0)
        1.1
    """
    if distance < 0 or weight <= 0:
        raise ValueError(
            f"distance must not be negative and weight must be positive, got {distance}, {weight}"
        )
    return 1 + distance / (2 * weight)
