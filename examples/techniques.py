"""What each trick looks like: one small GAN on real digits, with one after the other.

    python examples/techniques.py --out techniques                   # all of them
    python examples/techniques.py dragan diffaugment --rounds 300    # some

trains a DCGAN of 28 px with batches of 64 of the embedded MNIST images, once a technique, from the
same seed, and measures the samples with features of the shipped classifier of digits: FID against
the 10,000 embedded images, precision and recall. Writes `results.json` and a grid of samples each.
So short a training of one network on one data set ranks nothing for good: it shows how each is
switched on and that it trains. Penalties forbid batch normalisation in the discriminator: compare
them with `without_batch_norm`; Wasserstein critics are updated, and shown images, several times a
round. See docs/techniques.md.
"""

import argparse
import json
import pathlib
import time

import keras
import numpy as np
from keras import layers

import kgan
from kgan import losses, penalties

SHAPE, LATENT_DIM, BATCH = (28, 28, 1), 64, 64
SGD, Adam = keras.optimizers.SGD, keras.optimizers.Adam


def networks(**arguments):
    """The two players, of 24 channels at full size."""
    return kgan.networks.dcgan(SHAPE, LATENT_DIM, width=24, **arguments)


def unnormalised(**arguments):
    """Players whose discriminator judges each image for itself, as penalties ask."""
    return networks(discriminator_norm=None, **arguments)


def with_layer(layer):
    """Players whose discriminator has one more layer, before the logits."""
    generator, discriminator = networks()
    features = discriminator.get_layer("logits").input
    if isinstance(layer, kgan.layers.MinibatchStdDev):
        features = next(
            reversed([x.output for x in discriminator.layers if len(x.output.shape) == 4])
        )
    x = layer(features)
    x = x if len(x.shape) == 2 else layers.Flatten()(x)
    logits = layers.Dense(1, name="logits")(x)
    return generator, keras.Model(discriminator.inputs, logits, name="discriminator")


def gan(*, optimizers=(), players=networks, kind=kgan.GAN, arguments=None, **options):
    """A compiled model."""
    made = kind(*players(**(arguments or {})), ema_decay=options.pop("ema_decay", 0.99), **options)
    made.compile(*optimizers)
    return made


def penalised(penalty, **options):
    """A non-saturating GAN with a penalty."""
    return gan(players=unnormalised, penalties=penalty, **options)


def wasserstein(penalty):
    """A Wasserstein GAN with a penalty in place of clipping."""
    return penalised(penalty, loss="wasserstein", discriminator_steps=5)


# Each gets the number of rounds, which schedules depend on.
TECHNIQUES = {
    "baseline": lambda n: gan(),
    "without_batch_norm": lambda n: gan(players=unnormalised),
    "minimax": lambda n: gan(loss="minimax"),
    "least_squares": lambda n: gan(loss="least_squares"),
    "hinge": lambda n: gan(loss="hinge"),
    "label_smoothing": lambda n: gan(loss=losses.NonSaturating(label_smoothing=0.1)),
    "weight_clipping": lambda n: gan(
        kind=kgan.WGAN, players=unnormalised, optimizers=(Adam(2e-4, 0.5), Adam(2e-4, 0.5))
    ),
    "gradient_penalty": lambda n: gan(kind=kgan.WGANGP, players=unnormalised),
    "lipschitz_penalty": lambda n: wasserstein(penalties.LipschitzPenalty(10.0)),
    "drift": lambda n: wasserstein([penalties.GradientPenalty(10.0), penalties.Drift(1e-3)]),
    "dragan": lambda n: penalised(penalties.DRAGAN()),
    "r1": lambda n: penalised(penalties.R1(1.0)),
    "lazy_r1": lambda n: penalised(penalties.R1(1.0, interval=16)),
    "relativistic_r1_r2": lambda n: gan(
        kind=kgan.RelativisticGAN,
        players=unnormalised,
        penalties=[penalties.R1(1.0), penalties.R2(1.0)],
    ),
    "spectral_normalization": lambda n: gan(
        loss="hinge", players=unnormalised, arguments={"spectral_norm": True}
    ),
    "instance_noise": lambda n: gan(augment=kgan.augment.InstanceNoise(0.3, rounds=n)),
    "diffaugment": lambda n: gan(augment="diffaugment"),
    "ada": lambda n: gan(augment=kgan.augment.Adaptive(images=20_000)),
    "minibatch_stddev": lambda n: gan(
        players=lambda: with_layer(kgan.layers.MinibatchStdDev(group_size=4))
    ),
    "minibatch_discrimination": lambda n: gan(
        players=lambda: with_layer(kgan.layers.MinibatchDiscrimination(32, 8))
    ),
    "mode_seeking": lambda n: gan(generator_penalties=penalties.ModeSeeking(0.1)),
    "conditional": lambda n: gan(kind=kgan.ConditionalGAN, classes=10, arguments={"classes": 10}),
    "acgan": lambda n: gan(
        kind=kgan.ACGAN, classes=10, arguments={"classes": 10, "class_head": True}
    ),
    "nearest_upsampling": lambda n: gan(arguments={"upsampling": "nearest"}),
    "two_time_scales": lambda n: gan(optimizers=(Adam(1e-4, 0.5), Adam(4e-4, 0.5))),
    "sgd_discriminator": lambda n: gan(optimizers=(Adam(2e-4, 0.5), SGD(1e-2))),
    "sgd_after_adam": lambda n: gan(
        optimizers=[
            kgan.optimizers.SwitchOptimizer(Adam(2e-4, 0.5), SGD(1e-3), at=max(1, n // 2))
            for _ in range(2)
        ]
    ),
    "cosine_rates": lambda n: gan(
        optimizers=[Adam(kgan.schedules.Cosine(4e-4, 2e-5, n), 0.5) for _ in range(2)]
    ),
    "half_life": lambda n: gan(ema_decay=kgan.schedules.HalfLife(10_000, BATCH)),
    "scheduled_penalty": lambda n: penalised(penalties.R1(kgan.schedules.Cosine(5.0, 0.5, n))),
    "scheduled_steps": lambda n: gan(
        players=unnormalised,
        loss="wasserstein",
        penalties=penalties.GradientPenalty(10.0),
        discriminator_steps=keras.optimizers.schedules.PiecewiseConstantDecay([24], [20, 3]),
    ),
}


def play(name, rounds, dataset):
    """Trains one; returns the model and the seconds that it took."""
    keras.utils.set_random_seed(0)
    made = TECHNIQUES[name](rounds)
    images = dataset.images
    conditions = (dataset.labels,) if made.conditional else ()
    start = time.monotonic()
    # How many updates the discriminator makes is looked up as an epoch begins.
    scheduled = isinstance(made.steps_schedule, kgan.schedules.Schedule)
    per_epoch = min(24, rounds) if scheduled else rounds
    made.fit(
        images,
        *conditions,
        batch_size=BATCH,
        steps_per_epoch=per_epoch,
        epochs=max(1, rounds // per_epoch),
        verbose=0,
    )
    return made, time.monotonic() - start


def measure(made, dataset, n):
    """FID, precision and recall of `n` samples in the classifier's features."""
    features = kgan.metrics.Extractor(kgan.metrics.classifier_features("mnist"))
    condition = dataset.labels[:n] if made.conditional else None
    fake = features(made.sample(n, condition=condition, seed=0))
    real = features(np.asarray(dataset.images))
    scores = kgan.metrics.prdc(real[:n], fake)
    return {
        "fid_classifier": kgan.metrics.frechet_distance(real, fake),
        "precision": scores["precision"],
        "recall": scores["recall"],
    }


def main():
    """Trains, measures, prints and writes as it goes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(TECHNIQUES))
    parser.add_argument("--rounds", type=int, default=600)
    parser.add_argument("--n", type=int, default=2000, help="samples to measure")
    parser.add_argument("--out", default="techniques")
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in TECHNIQUES]
    if unknown:
        parser.error(f"unknown {', '.join(unknown)}: known are {', '.join(TECHNIQUES)}")
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    dataset = kgan.data.load("embedded", labels=True)
    results = {"rounds": args.rounds, "n": args.n, "techniques": {}}
    print(f"{'technique':26}     FID  precision  recall  seconds   ({args.rounds} rounds)")
    for name in args.names or TECHNIQUES:
        made, seconds = play(name, args.rounds, dataset)
        row = {**measure(made, dataset, args.n), "seconds": seconds}
        results["techniques"][name] = row
        (out / "results.json").write_text(json.dumps(results, indent=2) + "\n")
        images, columns = made.sample_grid(rows=5)
        kgan.data.save_image(out / f"{name}.png", kgan.data.grid(images, columns=columns))
        print(
            f"{name:26} {row['fid_classifier']:7.2f} {row['precision']:10.2f} "
            f"{row['recall']:7.2f} {seconds:8.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
