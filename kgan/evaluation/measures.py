"""One function a metric: from a subject, and what looks at it, to scores."""

import statistics
import time

import numpy as np

from kgan import metrics
from kgan.evaluation.criteria import Score, Unmeasured
from kgan.latents.codes import slices

SUBSETS, SUBSET_SIZE = 100, 1000
NEIGHBOURS = 5
SPLITS = 10
SIMILAR_PAIRS = 5000
PATHS, PATH_SETTINGS = 1000, 10
REMEMBERED = 1000
HALF_PRECISION = ("float16", "bfloat16")


def speed(subject):
    """`gan.sample` from call to images: the median of several calls, after one to warm up."""

    def seconds(n, times):
        condition = None if subject.condition is None else np.resize(subject.condition[:1], n)
        if subject.condition is not None and subject.condition.ndim > 1:
            condition = np.repeat(subject.condition[:1], n, axis=0)
        taken = []
        for _ in range(times + 1):
            start = time.perf_counter()
            subject.gan.sample(n, condition=condition, seed=0)
            taken.append(time.perf_counter() - start)
        return statistics.median(taken[1:])

    return [
        Score("images_per_second", 256 / seconds(256, 3)),
        Score("latency", 1000 * seconds(1, 10)),
    ]


def fid(subject, by, extractor):
    """See `kgan.metrics.frechet_distance`."""
    need(subject, 2)
    return [Score("fid", metrics.frechet_distance(*subject.both_features(extractor)), by)]


def kid(subject, by, extractor):
    """See `kgan.metrics.kernel_distance_subsets`."""
    need(subject, 4)
    real, fake = subject.both_features(extractor)
    size = subset_size(len(real), len(fake))
    mean, deviation = metrics.kernel_distance_subsets(real, fake, SUBSETS, size, seed=0)
    return [Score("kid", mean, by, deviation=deviation)]


def prdc(subject, by, extractor):
    """See `kgan.metrics.prdc`."""
    need(subject, NEIGHBOURS + 1)
    found = metrics.prdc(*subject.both_features(extractor), k=NEIGHBOURS)
    return [Score(name, value, by) for name, value in found.items()]


def inception_score(subject):
    """See `kgan.metrics.inception_score`."""
    if subject.classifier is None:
        raise Unmeasured("no Inception Score: there is no classifier of these images")
    need(subject, SPLITS)
    probabilities = metrics.Extractor(subject.classifier, 256)(subject.fake)
    if subject.gan.conditional:
        # A split needs all classes, and what samples are to show may be sorted as real images are.
        rng = np.random.default_rng(subject.seed)
        probabilities = probabilities[rng.permutation(len(probabilities))]
    mean, deviation = metrics.inception_score(probabilities, SPLITS)
    return [Score("inception_score", mean, subject.classifier.name, deviation=deviation)]


def ms_ssim(subject):
    """See `kgan.metrics.ms_ssim_diversity`, of the samples and of the real images."""
    if min(subject.real.shape[1:3]) < 11:
        raise Unmeasured("no MS-SSIM: it needs images of 11 pixels a side")
    need(subject, 2)
    pairs = min(SIMILAR_PAIRS, subject.n)
    return [
        Score(name, metrics.ms_ssim_diversity(images, pairs, seed=0))
        for name, images in (("ms_ssim", subject.fake), ("ms_ssim_real", subject.real))
    ]


def path_length(subject, by, extractor):
    """See `kgan.metrics.perceptual_path_length`.

    Paths lead through noise: codes and condition stay, at ten settings of a hundred paths.
    """
    gan = subject.gan
    generator = gan.ema_generator or gan.generator
    if any(layer.compute_dtype in HALF_PRECISION for layer in generator._flatten_layers()):
        raise Unmeasured(
            "no perceptual path length: the generator computes in half precision, whose rounding "
            "hides the small steps"
        )
    noise, _ = slices(subject.codes, gan.latent_dim)
    pairs = min(PATHS, subject.n)
    first, second = (gan.random_latents(pairs, subject.seed + i) for i in (0, 1))
    settings = min(PATH_SETTINGS, pairs) if gan.conditional or subject.codes else 1
    lengths = []
    for i, part in enumerate(np.array_split(np.arange(pairs), settings)):
        codes = np.delete(first[part[:1]], noise, axis=1)
        condition = None if subject.condition is None else subject.condition[i : i + 1]

        def generate(latents, codes=codes, condition=condition):
            inputs = np.concatenate([latents, codes.repeat(len(latents), axis=0)], axis=1)
            if condition is not None:
                inputs = [inputs, condition.repeat(len(latents), axis=0)]
            return gan.predict(inputs, batch_size=256, verbose=0)

        lengths.append(
            metrics.perceptual_path_length(
                generate, first[part][:, noise], second[part][:, noise], extractor, batch_size=128
            )
        )
    return [Score("path_length", float(np.mean(lengths)), by)]


def class_accuracy(subject):
    """See `kgan.metrics.class_accuracy`."""
    check_classes(subject)
    if subject.classifier is None:
        raise Unmeasured("no class accuracy: there is no classifier of these images")
    accuracy = metrics.class_accuracy(subject.seen_classes, subject.condition)
    return [Score("class_accuracy", accuracy, subject.classifier.name)]


def intra_fid(subject, by, extractor):
    """See `kgan.metrics.intra_class_frechet`: the mean over the classes."""
    check_classes(subject)
    fewest = min(np.bincount(subject.labels)[np.unique(subject.labels)])
    if fewest < 2:
        raise Unmeasured("no intra-class distance: a class has fewer than 2 real images")
    real, fake = subject.both_features(extractor)
    distances = metrics.intra_class_frechet(real, subject.labels, fake, subject.condition)
    return [Score("intra_fid", float(np.mean(list(distances.values()))), by)]


def parzen(subject):
    """See `kgan.metrics.parzen_log_likelihood`.

    The width is chosen on a tenth of the real images, and the rest are judged.
    """
    need(subject, 10)
    fake, real = (images.astype("float32") / 255 for images in (subject.fake, subject.real))
    held = max(1, len(real) // 10)
    sigma = metrics.parzen_sigma(fake, real[:held])
    mean, error = metrics.parzen_log_likelihood(fake, real[held:], sigma)
    return [Score("parzen", mean, of=f"sigma {sigma:.3g}", deviation=error)]


def memorisation(subject):
    """Distances in pixels of 0..1 to the nearest training image, of samples and held-out images."""
    if subject.train is None:
        raise Unmeasured("the training images are not known")

    def nearest(images):
        _, distances = metrics.nearest_neighbours(images[:REMEMBERED], subject.train)
        return float(distances.mean()) / 255

    samples = nearest(subject.fake)
    scores = [Score("nearest_train", samples)]
    if subject.data.held_out:
        test = nearest(subject.real)
        scores.append(Score("nearest_train_test", test))
        if test > 0:
            scores.append(Score("nearest_train_ratio", samples / test))
    return scores


def subset_size(*images):
    """Images of a subset: half the set where that is small, or all subsets would be alike."""
    return min(SUBSET_SIZE, min(images) // 2)


def need(subject, images):
    """Refuses sets that are too small for a metric."""
    fewest = min(len(subject.real), subject.n)
    if fewest < images:
        raise Unmeasured(f"not measured: it needs {images} images, and there are {fewest}")


def check_classes(subject):
    """Refuses models that are not asked for classes; silently, for it is not expected of them."""
    if not subject.gan.conditional or subject.condition.ndim != 1:
        raise Unmeasured
