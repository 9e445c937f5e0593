"""One evaluation, from a model's name to results."""

import functools
import json
import pathlib
import time

from kgan import metrics as kgan_metrics
from kgan.evaluation import codes, measures, opening, page, protocol
from kgan.evaluation.criteria import Unmeasured
from kgan.evaluation.subject import Subject
from kgan.metrics.classifiers import shipped_classifier

# What is computed, its criterion where there is nothing to compute, and whether by an extractor.
METRICS = {
    "speed": (measures.speed, "sampling speed", False),
    "fid": (measures.fid, "sample quality", True),
    "kid": (measures.kid, "sample quality", True),
    "prdc": (measures.prdc, "sample quality", True),
    "inception_score": (measures.inception_score, "sample quality", False),
    "ms_ssim": (measures.ms_ssim, "coverage", False),
    "path_length": (measures.path_length, "well-behaved latent space", True),
    "codes": (codes.codes, "disentangled latent space", False),
    "class_accuracy": (measures.class_accuracy, "disentangled latent space", False),
    "intra_fid": (measures.intra_fid, "disentangled latent space", True),
    "parzen": (measures.parzen, "likelihood", False),
    "memorisation": (measures.memorisation, "memorisation", False),
}
# A Parzen estimate says little about images (Theis et al. 2016, arXiv:1511.01844): only if asked.
DEFAULT = tuple(name for name in METRICS if name != "parzen")
NO_LIKELIHOOD = "none: a GAN defines how to sample, and no density"


def evaluate(
    model,
    data=None,
    *,
    split="test",
    data_dir=None,
    train=None,
    n=10_000,
    metrics=None,
    extractor="auto",
    classifier="auto",
    seed=0,
    out=None,
    cache=True,
    report=None,
):
    """Measures what makes a good generative model, against real images that were held out.

    The samples are `gan.sample(n, condition, seed=seed)`; a conditional model is asked for the
    labels of the real images. The real images are those of the split, or `n` that are drawn from
    them by a fixed permutation, prepared as the model's training data were. Features of both are
    kept in `$KGAN_HOME/features`, so that they are computed once.

    Args:
        model: A preset's name, a `.keras` file, or a model.
        data: What `kgan.data.load` takes, by default what the model was trained on (a file's is
            known where it lies in a run folder); or uint8 images `(n, height, width, channels)`, or
            a pair of images and labels.
        split: Of named data.
        data_dir: Where TFDS keeps its data sets.
        train: uint8 training images, where `data` is an array.
        n: Samples to draw, and real images to take where there are so many.
        metrics: Names from `kgan.evaluation.run.METRICS`; all but `"parzen"` by default.
        extractor: What compares images: `"inception"`, `"classifier"` (the shipped one of MNIST or
            Fashion-MNIST), `"both"`, a `.keras` file, or what `kgan.metrics.Extractor` takes.
            `"auto"` is the classifier where there is one, and else Inception.
        classifier: A Keras model from pixels in 0..255 to class probabilities, which judges
            classes; None for none, `"auto"` for the shipped one.
        seed: Of the samples.
        out: A folder for `results.json` and `index.html`; None writes nothing.
        cache: Where features are kept; see `kgan.metrics.FeatureMetric.adapt`.
        report: Called with a line of text before each step, such as `print`.

    Returns:
        A dictionary for JSON: `name`, `protocol` (all that the numbers depend on), `scores`,
        `remarks` (what was not measured, and why, by criterion) and `seconds` by metric.
        `kgan.evaluation.table` prints it.

    Raises:
        ValueError: If the model, the data and the extractor do not fit, or a metric is unknown.
        FileNotFoundError: If a file is missing.

    Example:
        >>> results = kgan.evaluation.evaluate("wgan_gp_mnist", n=1000, out="evaluation")
        >>> print(kgan.evaluation.table(results))
    """
    names = check_names(DEFAULT if metrics is None else metrics)
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    report = report or (lambda line: None)
    opened = opening.open_model(model)
    images = opening.open_data(data, opened, split, data_dir, train)
    known = shipped_classifier(images.source, images.real.image_shape)
    if classifier == "auto":
        classifier = kgan_metrics.classifier(known) if known else None
    extractors = opening.open_extractors(extractor, known)
    subject = Subject(opened, images, n, seed, classifier, cache)
    results = {
        "format": 1,
        "name": opened.name,
        "protocol": protocol.describe(subject, extractors, names, extractor),
        "scores": [],
        "remarks": {},
        "seconds": {},
    }
    for name in names:
        measure(results, subject, name, extractors, report)
    if "parzen" not in names:
        results["remarks"]["likelihood"] = [NO_LIKELIHOOD]
    if out is not None:
        report("the page")
        out = pathlib.Path(out)
        out.mkdir(parents=True, exist_ok=True)
        (out / "results.json").write_text(json.dumps(results, indent=2) + "\n")
        (out / "index.html").write_text(page.page(results, subject), encoding="utf-8")
    return results


def check_names(names):
    """The metrics asked for, in the order of `METRICS`.

    Raises:
        ValueError: If there is none, or one is unknown.
    """
    unknown = sorted(set(names) - set(METRICS))
    if unknown or not names:
        raise ValueError(
            f"metrics are {', '.join(METRICS)}; got {', '.join(unknown) or 'none of them'}"
        )
    return [name for name in METRICS if name in names]


def measure(results, subject, name, extractors, report):
    """Adds one metric's scores to the results, or why there are none, and how long it took."""
    function, criterion, by_extractor = METRICS[name]
    runs = {name: functools.partial(function, subject)}
    if by_extractor:
        runs = {
            f"{name}, {by}": functools.partial(function, subject, by, extractor)
            for by, extractor in extractors.items()
        }
    for title, run in runs.items():
        report(title)
        start = time.perf_counter()
        try:
            results["scores"] += [score.to_dict() for score in run()]
        except Unmeasured as reason:
            remarks = results["remarks"].get(criterion, [])
            if str(reason) and str(reason) not in remarks:
                results["remarks"][criterion] = [*remarks, str(reason)]
        results["seconds"][title] = round(time.perf_counter() - start, 3)
