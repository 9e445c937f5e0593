"""How near are two sets of real images? The distances that a perfect generator would have.

A metric of few samples does not reach its best value even for the data itself: FID is biased
upward by about 1 / n. So a generator's FID is read beside that of held-out real images:

    python examples/real_against_real.py cifar10 --n 10000 --out real_cifar10.json

compares the first `n` images of the training set with the first `n` of the test set, by features of
the FID Inception network, which are kept in kgan's cache folder (see README).
"""

import argparse
import json
import pathlib

import numpy as np

import kgan
from kgan.metrics.real_features import real_features


def features(source, split, n, data_dir, extractor):
    """Features `(n, 2048)` of a split's first images."""
    images = kgan.data.load(
        source, split, batch_size=1, shuffle=False, limit=n, data_dir=data_dir, cache=True
    ).images
    if len(images) < n:
        raise ValueError(
            f"{source} has {len(images)} images in {split!r}: pass --n of at most that"
        )
    return np.concatenate([part for part, _ in real_features(images[:], extractor, cache=True)])


def main():
    """Compares, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="what kgan.data.load takes")
    parser.add_argument("--splits", nargs=2, default=("train", "test"))
    parser.add_argument("--n", type=int, default=10_000, help="images of each")
    parser.add_argument("--data_dir", help="where TFDS keeps its data sets")
    parser.add_argument("--out", help="JSON file (default: real_SOURCE.json)")
    args = parser.parse_args()
    extractor = kgan.metrics.Extractor()
    first, second = (
        features(args.source, split, args.n, args.data_dir, extractor) for split in args.splits
    )
    mean, std = kgan.metrics.kernel_distance_subsets(first, second)
    results = {
        "source": args.source,
        "splits": list(args.splits),
        "n": args.n,
        "extractor": extractor.digest,
        "fid": kgan.metrics.frechet_distance(first, second),
        "kid": mean,
        "kid_std": std,
        **kgan.metrics.prdc(first, second),
    }
    out = pathlib.Path(args.out or f"real_{pathlib.Path(args.source).stem}.json")
    out.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
