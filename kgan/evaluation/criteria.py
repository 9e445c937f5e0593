"""What makes a good generative model, and the scores that tell.

The criteria are those of Prince 2023, Understanding Deep Learning, Sec. 14.2: efficient sampling,
high-quality sampling, coverage, a well-behaved latent space, a disentangled latent space, efficient
likelihood computation; and memorisation, without which the others can be had by copying.
"""

import dataclasses

CRITERIA = (
    "sampling speed",
    "sample quality",
    "coverage",
    "well-behaved latent space",
    "disentangled latent space",
    "likelihood",
    "memorisation",
)


@dataclasses.dataclass(frozen=True)
class Kind:
    """What a score is about.

    Attributes:
        criterion: One of `CRITERIA`.
        label: What people call it, with its unit.
        better: `"lower"`, `"higher"` or None.
        compare: How two machines' values are compared: `"relative"`, `"absolute"` for fractions and
            correlations, or None for what depends on the machine.
    """

    criterion: str
    label: str
    better: str | None = None
    compare: str | None = "relative"


_SPEED, _QUALITY, _COVERAGE, _LATENT, _DISENTANGLED, _LIKELIHOOD, _MEMORY = CRITERIA
KINDS = {
    "images_per_second": Kind(_SPEED, "images/s, 256 at once", "higher", None),
    "latency": Kind(_SPEED, "ms for one image", "lower", None),
    "fid": Kind(_QUALITY, "Fréchet distance", "lower"),
    "kid": Kind(_QUALITY, "kernel distance", "lower"),
    "precision": Kind(_QUALITY, "precision", "higher", "absolute"),
    "density": Kind(_QUALITY, "density", "higher", "absolute"),
    "inception_score": Kind(_QUALITY, "Inception Score", "higher"),
    "recall": Kind(_COVERAGE, "recall", "higher", "absolute"),
    "coverage": Kind(_COVERAGE, "coverage", "higher", "absolute"),
    "ms_ssim": Kind(_COVERAGE, "MS-SSIM of samples", None, "absolute"),
    "ms_ssim_real": Kind(_COVERAGE, "MS-SSIM of real images", None, "absolute"),
    "path_length": Kind(_LATENT, "perceptual path length", "lower"),
    "code_accuracy": Kind(_DISENTANGLED, "accuracy of the code, samples", "higher", "absolute"),
    "code_purity": Kind(_DISENTANGLED, "purity of the code, samples", "higher", "absolute"),
    "code_accuracy_real": Kind(
        _DISENTANGLED, "accuracy of the code, real images", "higher", "absolute"
    ),
    "information": Kind(_DISENTANGLED, "information bound, nats", "higher"),
    "code_correlation": Kind(_DISENTANGLED, "rank correlation", None, "absolute"),
    "class_accuracy": Kind(_DISENTANGLED, "class accuracy", "higher", "absolute"),
    "intra_fid": Kind(_DISENTANGLED, "intra-class Fréchet distance", "lower"),
    "parzen": Kind(_LIKELIHOOD, "Parzen log-likelihood, nats", "higher"),
    "nearest_train": Kind(_MEMORY, "distance to the nearest training image"),
    "nearest_train_test": Kind(_MEMORY, "the same of held-out images"),
    "nearest_train_ratio": Kind(_MEMORY, "ratio of the two"),
}


@dataclasses.dataclass
class Score:
    """One number.

    Attributes:
        name: Key in `KINDS`.
        value: The number.
        by: What saw the images: an extractor or a classifier.
        of: What it is the score of, where a model has several such.
        deviation: Standard deviation over subsets or splits, or standard error.
    """

    name: str
    value: float
    by: str | None = None
    of: str | None = None
    deviation: float | None = None

    @property
    def kind(self):
        """Its entry in `KINDS`."""
        return KINDS[self.name]

    @property
    def title(self):
        """What to call it."""
        return f"{self.kind.label} ({self.of})" if self.of else self.kind.label

    def to_dict(self):
        """For JSON."""
        return {key: value for key, value in vars(self).items() if value is not None}

    def __str__(self):
        value = f"{self.value:.4g}"
        return value if self.deviation is None else f"{value} ± {self.deviation:.2g}"


class Unmeasured(Exception):
    """A score that this model or these data cannot have.

    The message tells readers why; there is none where nobody would expect the score.
    """


def scores_of(results):
    """The scores in results, in the order of `KINDS`."""
    scores = [Score(**score) for score in results["scores"]]
    return sorted(scores, key=lambda score: list(KINDS).index(score.name))
