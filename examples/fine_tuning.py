"""Does it help to start from a pretrained GAN, where the images are quite others?

Trains one recipe twice on new images, once from a preset's published weights of both players and
once from scratch, in the same order of the same images, and measures both after so many rounds by
the Fréchet distance of samples to held-out images (lower is better):

    python examples/fine_tuning.py wgan_gp_mnist --data fashion_mnist --rounds 100 250 500

Features are those of the shipped classifier of the new images, or of Inception where there is
none; with --inception, after the last round, those of Inception too. Writes `fine_tuning.json` and
`fine_tuning.png` into the folder --out.
"""

import argparse
import json
import pathlib
import time

import keras
import numpy as np

import kgan
from kgan import environment, fine_tuning

SHOWN = 10


def recipes(name, source):
    """The preset on other data, from its own weights and from scratch."""
    preset = kgan.zoo.with_data(kgan.zoo.info(name), source)
    return {"fine-tuned": fine_tuning.start_from(preset, name), "from scratch": preset}


def train(preset, rounds, data_dir=None):
    """Yields a model after each number of rounds, and the seconds that training took so far."""
    keras.utils.set_random_seed(preset["training"]["seed"])
    keras.config.set_dtype_policy(preset["training"]["precision"])
    dataset = kgan.zoo.load_data(preset, data_dir=data_dir)
    gan = kgan.zoo.build(preset)
    fine_tuning.load_initial(gan, preset)
    fine_tuning.check_data(gan, dataset, preset)
    seconds = 0.0
    for count in rounds:
        if count:
            start = time.perf_counter()
            stop = kgan.callbacks.StopAtRounds(count)
            gan.fit(dataset, epochs=10**6, callbacks=[stop], verbose=0)
            seconds += time.perf_counter() - start
        yield gan, seconds


def metrics_of(real, source, inception):
    """The distances to real images: that of every checkpoint, and those of the last one alone."""
    known = kgan.metrics.classifiers.shipped_classifier(source, real.image_shape)
    extractors = {f"{known}_classifier": kgan.metrics.classifier_features(known)} if known else {}
    if inception or not known:
        extractors["inception"] = None
    found = {}
    for by, extractor in extractors.items():
        found[by] = kgan.metrics.FrechetInceptionDistance(extractor)
        found[by].adapt(real)
    return found


def measure(metric, images):
    """One distance."""
    metric.reset_state(keep_real=True)
    metric.update_state(images)
    return metric.result()


def compare(name, source, split, rounds, n, *, inception=False, data_dir=None, report=print):
    """Trains and measures both.

    Args:
        name: A preset with the weights of both players.
        source: What `kgan.data.load` takes: the new images.
        split: Of the new images, those to compare with.
        rounds: Numbers of rounds, rising, after which to measure; 0 is before training.
        n: Samples, and real images at most.
        inception: Whether to measure the last round by Inception too.
        data_dir: Where TFDS keeps its data sets.
        report: Called with a line of text after each measurement.

    Returns:
        What is written as JSON, and samples uint8 `(len(rounds), SHOWN, height, width, channels)`
        by the same names.
    """
    presets = recipes(name, source)
    fixed = dict(batch_size=1, shuffle=False, augment=None, cache=True, limit=n)
    real = kgan.zoo.load_data(presets["from scratch"], split=split, data_dir=data_dir, **fixed)
    metrics = metrics_of(real, source, inception)
    first = next(iter(metrics))
    surroundings = environment.describe(real)
    results = {
        "preset": name,
        "weights": presets["fine-tuned"]["training"]["initial"]["weights"],
        "data": source,
        "compared_with": {"split": split, "images": real.num_images},
        "samples": n,
        "seed": presets["from scratch"]["training"]["seed"],
        "environment": {key: surroundings[key] for key in ("keras", "backend", "hardware")},
        "rounds": list(rounds),
        "runs": {},
    }
    pictures = {}
    for title, preset in presets.items():
        run = {"seconds": [], "frechet": {by: [] for by in metrics}}
        pictures[title] = []
        for count, (gan, seconds) in zip(rounds, train(preset, rounds, data_dir)):
            images = gan.sample(n, seed=0)
            pictures[title].append(images[:SHOWN])
            run["seconds"].append(round(seconds, 1))
            for by, metric in metrics.items():
                if by == first or count == rounds[-1]:
                    run["frechet"][by].append(measure(metric, images))
            report(f"{title}, {count} rounds: {run['frechet'][first][-1]:.2f} by {first}")
        results["runs"][title] = run
    return results, {title: np.stack(rows) for title, rows in pictures.items()}


def draw(results, pictures, path):
    """The curves, and samples of the same latent vectors after each number of rounds."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(3, 1, figsize=(7, 9), height_ratios=(1.3, 1, 1))
    for title, run in results["runs"].items():
        by, values = next(iter(run["frechet"].items()))
        axes[0].plot(results["rounds"], values, marker="o", label=title)
    axes[0].set(xlabel="rounds", ylabel=f"Fréchet distance ({by})", yscale="log")
    axes[0].set_xticks(results["rounds"], results["rounds"])
    for formatted in (axes[0].yaxis.set_major_formatter, axes[0].yaxis.set_minor_formatter):
        formatted("{x:.0f}")
    axes[0].set_title(f"{results['preset']} on {results['data']}")
    axes[0].legend()
    for axis, (title, rows) in zip(axes[1:], pictures.items()):
        grid = kgan.data.grid(np.concatenate(rows), columns=rows.shape[1])
        axis.imshow(grid, cmap="gray")
        axis.set_title(title, fontsize=10)
        step = len(grid) / len(rows)
        ticks = [step * (i + 0.5) for i in range(len(rows))]
        axis.set_yticks(ticks, [f"{count} rounds" for count in results["rounds"]])
        axis.set_xticks([])
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def main():
    """Compares, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="wgan_gp_mnist", help="a preset")
    parser.add_argument("--data", default="fashion_mnist", help="what kgan.data.load takes")
    parser.add_argument("--data_dir", help="where TFDS keeps its data sets")
    parser.add_argument("--split", default="test", help="the images to compare with")
    parser.add_argument("--rounds", type=int, nargs="+", default=[0, 50, 100, 250, 500])
    parser.add_argument("--n", type=int, default=10_000, help="samples, and real images")
    parser.add_argument("--inception", action="store_true", help="measure the last round so, too")
    parser.add_argument("--out", default="fine_tuning")
    args = parser.parse_args()
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    results, pictures = compare(
        args.name, args.data, args.split, sorted(args.rounds), args.n,
        inception=args.inception, data_dir=args.data_dir,
    )  # fmt: skip
    (out / "fine_tuning.json").write_text(json.dumps(results, indent=2) + "\n")
    draw(results, pictures, out / "fine_tuning.png")
    print(f"wrote {out / 'fine_tuning.json'} and {out / 'fine_tuning.png'}")


if __name__ == "__main__":
    main()
