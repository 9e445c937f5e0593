"""Why the earth mover's distance: what a generator learns as it gets far from the data.

Two distributions are moved apart by theta: Gaussians on a line, and the parallel lines of Arjovsky,
Chintala and Bottou 2017, Wasserstein GAN (arXiv:1701.07875), Example 1. At each theta real
discriminators and critics are trained while the generator stands still; then the gradient of the
generator's loss with respect to theta is taken and drawn beside what theory says of the optimum.

    python examples/vanishing_gradients.py --out vanishing_gradients --quick

writes `results.json` and, with matplotlib, `vanishing_gradients.png`. See docs/theory.md.
"""

import argparse
import functools
import json
import pathlib
import time

import keras
import numpy as np
from keras import ops

import kgan
from kgan import theory

SIGMA = 0.25
CLIP, PENALTY = 0.01, 10.0
# On a line a critic that starts with the wrong slope cannot turn: on its way through slope 0 a
# two-sided penalty would rise by its whole weight. In the plane it can turn round.
PENALTIES = {"gaussians": kgan.penalties.LipschitzPenalty, "lines": kgan.penalties.GradientPenalty}
SIZE = {"width": 64, "depth": 2}
ROUNDS = 400
DISTANCES = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
QUICK_DISTANCES = (0.5, 3.0)
BATCH, MEASURED = 128, 1024
LOSSES = {
    "minimax": "#d62728",
    "non-saturating": "#ff7f0e",
    "clipped": "#1f77b4",
    "penalised": "#2ca02c",
}


@keras.saving.register_keras_serializable("vanishing_gradients")
class Moved(keras.layers.Layer):
    """Normal latents `(n, 1)` made into points, moved by theta along the first axis.

    Args:
        family: `"gaussians"`, points `(n, 1)`, or `"lines"`, points `(n, 2)`.
    """

    def __init__(self, family, **kwargs):
        super().__init__(**kwargs)
        self.family = family
        self.theta = self.add_weight(name="theta", shape=(), initializer="zeros")

    def call(self, latents):
        """Latents to points."""
        if self.family == "gaussians":
            return SIGMA * latents + self.theta
        # The normal cumulative makes a normal number uniform.
        height = 0.5 * (1 + ops.erf(latents / np.sqrt(2.0)))
        return ops.concatenate([ops.zeros_like(height) + self.theta, height], axis=1)


def build(family, name):
    """A compiled model whose discriminator learns and whose generator stands still."""
    latents = keras.Input((1,), name="latents")
    generator = keras.Model(latents, Moved(family, name="moved")(latents), name="generator")
    generator.trainable = False
    shape = generator.output.shape[1:]
    discriminator = kgan.networks.mlp(shape, 1, **SIZE)[1]
    if name == "clipped":
        gan = kgan.WGAN(generator, discriminator, discriminator_steps=1, clip=CLIP)
        optimizer = keras.optimizers.RMSprop(1e-3)
    elif name == "penalised":
        penalty = PENALTIES[family](PENALTY)
        gan = kgan.WGANGP(generator, discriminator, discriminator_steps=1, penalties=[penalty])
        optimizer = keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9)
    else:
        gan = kgan.GAN(generator, discriminator, loss=name.replace("-", "_"))
        optimizer = keras.optimizers.Adam(5e-3, beta_1=0.5)
    # Keras refuses more than one round in a call on PyTorch.
    together = 1 if keras.backend.backend() == "torch" else 25
    gan.compile(discriminator_optimizer=optimizer, steps_per_execution=together)
    gan.fresh_optimizer = [(v, ops.convert_to_numpy(v)) for v in gan.optimizer.variables]
    return gan


def normal_grid(n):
    """`n` latents `(n, 1)` that are spread as the normal distribution is: its even quantiles."""
    return ops.convert_to_numpy(
        np.sqrt(2.0) * ops.erfinv(2 * ((np.arange(n, dtype="float32") + 0.5) / n) - 1)
    )[:, None]


def points(gan, theta, latents):
    """The generator's points at theta, where it then stays; at 0 they are the data."""
    layer = gan.generator.get_layer("moved")
    layer.theta.assign(theta)
    return ops.convert_to_numpy(layer(latents))


@functools.cache
def fresh_weights(shape, seed):
    """Initial weights of a discriminator, the same for all losses."""
    keras.utils.set_random_seed(seed)
    return kgan.networks.mlp(shape, 1, **SIZE)[1].get_weights()


def measure(gan, theta, rounds, seed):
    """Trains a fresh discriminator with the generator at theta; returns what it then says."""
    gan.discriminator.set_weights(fresh_weights(gan.discriminator.input_shape[1:], seed))
    for variable, start in gan.fresh_optimizer:
        variable.assign(start)
    latents = np.random.default_rng(seed).standard_normal((rounds * BATCH, 1))
    real, seen = points(gan, 0.0, latents), points(gan, 0.0, normal_grid(MEASURED))
    fake = points(gan, theta, normal_grid(MEASURED))
    gan.fit(real, batch_size=BATCH, verbose=0)
    loss, discriminator = gan.loss_function, gan.discriminator
    return {
        "gradient": theory.shift_gradient(loss, discriminator, fake, np.eye(1, fake.shape[1])[0]),
        "d_loss": float(loss.discriminator(discriminator(seen), discriminator(fake))),
    }


def known(family, theta):
    """What theory says of two distributions theta apart: the divergence and the gradients."""
    wasserstein = {
        "clipped": theory.clipped_slope(CLIP, [SIZE["width"]] * SIZE["depth"]),
        "penalised": theory.penalized_slope(theta, PENALTY),
    }
    if family == "lines":
        # Between the lines no density is defined: all of the divergence is in which line it is.
        fake = [1.0, 0.0] if theta == 0 else [0.0, 1.0]
        return theory.discrete_divergences([1.0, 0.0], fake).jensen_shannon, wasserstein
    ends = [-10 * SIGMA, theta + 10 * SIGMA]
    densities = (lambda x: normal_log_density(x, 0.0)), (lambda x: normal_log_density(x, theta))
    gradients = {
        name: theory.optimal_shift_gradient(name.replace("-", "_"), *densities, ends)
        for name in ("minimax", "non-saturating")
    }
    divergence = theory.density_divergences(*densities, ends).jensen_shannon
    return divergence, {**gradients, **wasserstein}


def normal_log_density(x, mean):
    """The log density of a Gaussian of deviation SIGMA."""
    return -0.5 * ((x - mean) / SIGMA) ** 2 - np.log(SIGMA * np.sqrt(2 * np.pi))


def explore(family, distances, rounds, seeds):
    """All models at all distances: a list of dictionaries, one a distance."""
    models = {name: build(family, name) for name in LOSSES}
    some = models["minimax"]
    results = []
    for theta in distances:
        divergence, gradients = known(family, theta)
        seen = points(some, 0.0, normal_grid(MEASURED))
        fake = points(some, theta, normal_grid(MEASURED))
        runs = {
            name: [measure(gan, theta, rounds, seed) for seed in range(seeds)]
            for name, gan in models.items()
        }
        losses = [run["d_loss"] for run in runs["minimax"]]
        results.append(
            {
                "distance": theta,
                "jensen_shannon": divergence,
                "jensen_shannon_trained": theory.jensen_shannon_bound(np.array(losses)).tolist(),
                "earth_movers": theory.earth_movers_distance(seen, fake),
                "earth_movers_trained": [-run["d_loss"] for run in runs["penalised"]],
                "gradient": gradients,
                "gradient_trained": {n: [r["gradient"] for r in runs[n]] for n in LOSSES},
            }
        )
        print(f"{family} {theta:g} apart:", summary(results[-1]), flush=True)
    return results


def summary(result):
    """The medians at one distance, in a line."""
    medians = {name: np.median(values) for name, values in result["gradient_trained"].items()}
    gradients = ", ".join(f"{name} {value:.2g}" for name, value in medians.items())
    return (
        f"JS {result['jensen_shannon']:.4f}, EMD {result['earth_movers']:.4f}; "
        f"gradients: {gradients}"
    )


def draw(results, path):
    """The figure: divergence and distance above, gradients below, a column a family."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(9, 6.6), sharex=True, sharey="row")
    for column, family in enumerate(("gaussians", "lines")):
        rows = results[family]
        far = [row["distance"] for row in rows]
        # Beside 0, since the lines have nothing in common as soon as they part.
        fine = np.array([0.0, *np.linspace(1e-6, far[-1], 100)])
        divergences, gradients = zip(*(known(family, theta) for theta in fine))
        curves = {"jensen_shannon": divergences, "earth_movers": fine}
        above, below = axes[:, column]
        above.set_title({"gaussians": "Gaussians on a line", "lines": "Parallel lines"}[family])
        for name, label, colour in (
            ("earth_movers", "earth mover's distance", LOSSES["penalised"]),
            ("jensen_shannon", "Jensen-Shannon, nats", LOSSES["minimax"]),
        ):
            above.plot(fine, curves[name], color=colour, label=label)
            spread(above, far, [row[f"{name}_trained"] for row in rows], colour)
        above.axhline(np.log(2), color="grey", linestyle=":", linewidth=1)
        rows, far = [row for row in rows if row["distance"]], [x for x in far if x]
        for name, colour in LOSSES.items():
            if name in gradients[-1]:
                style = "--" if name == "clipped" else "-"
                below.plot(fine[1:], [g[name] for g in gradients[1:]], style, color=colour)
            trained = [row["gradient_trained"][name] for row in rows]
            spread(below, far, trained, colour, name)
        below.set_yscale("log")
        below.set_ylim(1e-7, 1e2)
        below.set_xlabel("theta, how far apart")
        below.grid(alpha=0.3)
    axes[0, 0].text(3, np.log(2) + 0.06, "log 2", color="grey", ha="right")
    axes[0, 0].legend(loc="upper left", frameon=False)
    axes[0, 0].set_ylabel("distance of the distributions")
    axes[1, 0].set_ylabel("gradient of the generator's loss")
    axes[1, 1].legend(loc="lower left", frameon=False, ncols=2)
    figure.text(
        0.5,
        0.005,
        "points: trained, median and range over seeds; lines: at the optimum; dashed: upper bound",
        ha="center",
        fontsize=8,
        color="grey",
    )
    figure.tight_layout(rect=(0, 0.02, 1, 1))
    figure.savefig(path, dpi=100)
    plt.close(figure)


def spread(axis, positions, runs, colour, label=None):
    """Medians as points, with a bar from the least to the greatest."""
    middle, low, high = (f(runs, axis=1) for f in (np.median, np.min, np.max))
    bars = [middle - low, high - middle]
    axis.errorbar(positions, middle, bars, fmt="o", ms=4, color=colour, label=label, capsize=2)


def main():
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", default="vanishing_gradients", help="folder to write to")
    parser.add_argument("--quick", action="store_true", help="two distances and one seed")
    parser.add_argument("--no-figure", action="store_true", help="write results.json alone")
    arguments = parser.parse_args()
    if not arguments.no_figure:
        import matplotlib  # noqa: F401  (missing, it should stop the run here, not at its end)

    started = time.perf_counter()
    distances, seeds = (QUICK_DISTANCES, 1) if arguments.quick else (DISTANCES, 3)
    settings = {"sigma": SIGMA, "clip": CLIP, "penalty": PENALTY, **SIZE, "batch": BATCH}
    settings |= {"rounds": ROUNDS, "seeds": seeds, "backend": keras.backend.backend()}
    results = {
        "settings": settings,
        **{family: explore(family, distances, ROUNDS, seeds) for family in ("gaussians", "lines")},
        "seconds": round(time.perf_counter() - started, 1),
    }
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    if not arguments.no_figure:
        draw(results, out / "vanishing_gradients.png")


if __name__ == "__main__":
    main()
