"""All that the numbers of an evaluation depend on."""

import datetime
import pathlib

from kgan import environment
from kgan.evaluation import measures, opening

INCEPTION_RESIZE = (
    "299 px, bilinear, half-pixel centres, no antialiasing, no rounding; grey repeated to 3 "
    "channels"
)


def describe(subject, extractors, names, choice):
    """The protocol, for JSON.

    Args:
        subject: A `Subject`.
        extractors: By name.
        names: The metrics' names.
        choice: What `evaluate` was given as `extractor`.
    """
    gan, data = subject.gan, subject.data
    surroundings = environment.describe(data.real)
    height, width, channels = subject.real.shape[1:]
    told = "vectors" if subject.labels is None else "labels"
    return {
        "algorithm": type(gan).__name__,
        "weights_sha256": subject.model.weights,
        "date": datetime.date.today().isoformat(),
        "n_real": len(subject.real),
        "n_fake": subject.n,
        "seed": subject.seed,
        "truncation": 1.0,
        "condition": f"the {told} of the real images, in turn" if gan.conditional else None,
        "data": {
            "source": data.source,
            "split": data.split,
            "held_out": data.held_out,
            "chosen": _chosen(len(subject.real), data.real.num_images),
            "image_shape": [height, width, channels],
            "resize": (subject.model.preset or {}).get("data", {}).get("image_size"),
            "digest": surroundings.pop("data_digest"),
            "train_split": data.train_split,
            "train_limit": opening.TRAIN_LIMIT,
        },
        "metrics": names,
        "extractor": str(choice) if isinstance(choice, str | pathlib.Path) else None,
        "extractors": {by: _extractor(by, extractor) for by, extractor in extractors.items()},
        "classifier": None if subject.classifier is None else subject.classifier.name,
        "settings": {
            "kid": {
                "subsets": measures.SUBSETS,
                "subset_size": measures.subset_size(len(subject.real), subject.n),
                "estimator": "unbiased",
            },
            "prdc": {"k": measures.NEIGHBOURS},
            "inception_score": {"splits": measures.SPLITS},
            "ms_ssim": {
                "pairs": min(measures.SIMILAR_PAIRS, subject.n),
                "scales": "as many as fit",
            },
            "path_length": {
                "paths": min(measures.PATHS, subject.n),
                "epsilon": 1e-4,
                "interpolation": "spherical, of the noise",
            },
            "memorisation": {"images": min(measures.REMEMBERED, subject.n), "distance": "pixels"},
        },
        "versions": surroundings,
    }


def _chosen(n, total):
    """Which of the real images were taken, as a card says it: "against ... of mnist"."""
    return f"all {n}" if n == total else f"{n}, drawn by a fixed permutation from the {total}"


def _extractor(by, extractor):
    inception = extractor.source is None
    return {
        "digest": extractor.digest,
        "resize": INCEPTION_RESIZE if inception else "as the extractor takes them",
        "pixels": "0..255",
    }
