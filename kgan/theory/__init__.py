"""What the papers prove about GANs, as functions to compare a training with.

All logarithms are natural, all divergences in nats. The Parzen window log-likelihood of the first
GAN paper's Table 1 is `kgan.metrics.parzen_log_likelihood`.
"""

from kgan.theory.divergences import (
    Divergences,
    density_divergences,
    discrete_divergences,
    jensen_shannon_bound,
    sampled_divergences,
)
from kgan.theory.gradients import (
    clipped_slope,
    optimal_shift_gradient,
    penalized_slope,
    shift_gradient,
)
from kgan.theory.optimal import optimal_discriminator, optimal_logit
from kgan.theory.transport import earth_movers_distance

__all__ = [
    "Divergences",
    "clipped_slope",
    "density_divergences",
    "discrete_divergences",
    "earth_movers_distance",
    "jensen_shannon_bound",
    "optimal_discriminator",
    "optimal_logit",
    "optimal_shift_gradient",
    "penalized_slope",
    "sampled_divergences",
    "shift_gradient",
]
