"""Metrics of generated images alone, in batches: by a classifier, and by their likeness."""

import numpy as np

from kgan.metrics._arrays import images_of, labels_of
from kgan.metrics.base import Metric, joined, missing
from kgan.metrics.classifier_scores import class_accuracy, inception_score, probabilities_of
from kgan.metrics.extractor import Extractor
from kgan.metrics.similarity import ms_ssim


class _GeneratedOnly(Metric):
    needs_real = False

    def __init__(self, name=None):
        self.name = name or self.name
        self.reset_state()

    def check_side(self, real):
        """Refuses real images."""
        if real:
            raise ValueError(f"{type(self).__name__} looks at generated images only: got real=True")


class InceptionScore(_GeneratedOnly):
    """Inception Score: see `inception_score`. It names no classifier, so say which was used.

    Args:
        classifier: A Keras model from float32 pixels in 0..255 to class probabilities, or a
            callable from uint8 images to them.
        splits: Parts that are scored separately.
        name: What the result is called in logs.
        batch_size: Images that the classifier computes at once.

    Example:
        >>> score = kgan.metrics.InceptionScore(classifier)
        >>> score.update_state(gan.sample(10_000))
        >>> score.result()["mean"]
    """

    name = "inception_score"
    mode = "max"
    headline = "mean"

    def __init__(self, classifier, splits=10, name=None, batch_size=128):
        super().__init__(name)
        self.classifier, self.splits = Extractor(classifier, batch_size), splits

    def update_state(self, images, real=False, labels=None):
        """Takes in generated images, uint8 `(n, height, width, channels)`."""
        self.check_side(real)
        self._parts.append(probabilities_of(self.classifier(images), "the classifier's output"))

    def result(self):
        """Dict of `mean` and `std` over the splits.

        Raises:
            ValueError: If there are fewer images than splits.
        """
        mean, std = inception_score(joined(self, self._parts, False), self.splits)
        return {"mean": mean, "std": std}

    def reset_state(self, keep_real=False):
        """Forgets everything."""
        self._parts = []


class ClassAccuracy(_GeneratedOnly):
    """How often a classifier sees what was asked for: see `class_accuracy`.

    Args:
        classifier: A Keras model from float32 pixels in 0..255 to scores `(n, classes)`, or a
            callable from uint8 images to them.
        name: What the result is called in logs.
        batch_size: Images that the classifier computes at once.

    Example:
        >>> accuracy = kgan.metrics.ClassAccuracy(classifier)
        >>> accuracy.update_state(gan.sample(1000, condition=labels), labels=labels)
        >>> accuracy.result()
    """

    name = "class_accuracy"
    mode = "max"
    needs_labels = True

    def __init__(self, classifier, name=None, batch_size=128):
        super().__init__(name)
        self.classifier = Extractor(classifier, batch_size)

    def update_state(self, images, real=False, labels=None):
        """Takes in generated images and the classes `(n,)` that were asked for.

        Raises:
            ValueError: If there are no labels.
        """
        self.check_side(real)
        if labels is None:
            raise ValueError("ClassAccuracy needs labels: pass the classes that were asked for")
        labels = labels_of(labels, "labels")
        self._right += class_accuracy(self.classifier(images), labels) * len(labels)
        self._seen += len(labels)

    def result(self):
        """The accuracy, a float in 0..1.

        Raises:
            ValueError: If no images came in.
        """
        if not self._seen:
            raise missing(self, False)
        return self._right / self._seen

    def reset_state(self, keep_real=False):
        """Forgets everything."""
        self._right, self._seen = 0.0, 0


class MultiScaleSimilarity(_GeneratedOnly):
    """Mean MS-SSIM of generated images among themselves: see `ms_ssim`. Lower is more diverse.

    The pairs are the first image with the second, the third with the fourth and so on, across
    batches; generated images are independent, so these are random pairs.

    Args:
        scales: See `ms_ssim`.
        name: What the result is called in logs.

    Example:
        >>> similarity = kgan.metrics.MultiScaleSimilarity()
        >>> similarity.update_state(gan.sample(2000))
        >>> similarity.result()
    """

    name = "ms_ssim"

    def __init__(self, scales=None, name=None):
        super().__init__(name)
        self.scales = scales

    def update_state(self, images, real=False, labels=None):
        """Takes in generated images, uint8 `(n, height, width, channels)`."""
        self.check_side(real)
        images = images_of(images)
        if self._single is not None:
            images = np.concatenate([self._single, images])
        pairs = len(images) // 2
        self._single = images[2 * pairs :] if len(images) % 2 else None
        if pairs:
            values = ms_ssim(images[: 2 * pairs : 2], images[1 : 2 * pairs : 2], scales=self.scales)
            self._total, self._pairs = self._total + float(values.sum()), self._pairs + pairs

    def result(self):
        """The mean, a float in 0..1.

        Raises:
            ValueError: If fewer than 2 images came in.
        """
        if not self._pairs:
            raise missing(self, False)
        return self._total / self._pairs

    def reset_state(self, keep_real=False):
        """Forgets everything."""
        self._single, self._total, self._pairs = None, 0.0, 0
