"""Metrics by nearest neighbours: precision, recall, density, coverage, and memorisation."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from kgan.metrics._arrays import to_numpy, two_sets
from kgan.metrics._distances import blocks, round_off, rows_of, squared_distances


def prdc(real, fake, k=5):
    """Precision and recall, density and coverage of generated features.

    A set's manifold is the union of balls about its points, each with the distance to its k-th
    neighbour as radius. Precision: the fraction of fakes in the real manifold. Recall: of reals in
    the fake manifold. Density: how many real balls a fake is in, over k. Coverage: the fraction of
    reals whose own ball holds a fake.

    Kynkäänniemi et al. 2019, arXiv:1904.06991, Eq. 1 and 2; Naeem et al. 2020, arXiv:2002.09797,
    Eq. 4 and 5.

    Distances are float64 and computed a block at a time, so that memory does not grow with n m. A
    point is inside a ball where it is strictly nearer than the radius, by more than round-off: a
    tie is outside.

    Args:
        real: Features `(n, d)` of real images.
        fake: Features `(m, d)` of generated images.
        k: Neighbours, the point itself not counted.

    Returns:
        Dict of `precision`, `recall`, `coverage` in 0..1 and `density`, at least 0.

    Raises:
        ValueError: If a set has k or fewer images, or the widths differ.

    Example:
        >>> kgan.metrics.prdc(real, fake)["coverage"]
    """
    real, fake = two_sets(real, fake)
    if k < 1 or min(len(real), len(fake)) <= k:
        raise ValueError(
            f"k={k} neighbours need at least 1 and more than k images a set: got {len(real)} real "
            f"and {len(fake)} fake"
        )
    centre = real.mean(axis=0, dtype=np.float64)
    real_radii, fake_radii = _radii(real, k, centre), _radii(fake, k, centre)
    balls = np.zeros(len(fake), np.int64)
    recalled = np.zeros(len(real), bool)
    covered = np.zeros(len(real), bool)
    slack = round_off(real.shape[1])

    def count_real_balls(i, j, distances):
        inside = distances < real_radii[i, None]
        balls[j] += np.count_nonzero(inside, axis=0)
        covered[i] |= inside.any(axis=1)

    def count_fake_balls(i, j, distances):
        recalled[i] |= (distances < fake_radii[j]).any(axis=1)

    with ThreadPoolExecutor(1) as pool:
        for i in blocks(len(real)):
            x = rows_of(real, i) - centre
            for j in blocks(len(fake)):
                distances = squared_distances(x, rows_of(fake, j) - centre, slack)
                done = pool.submit(count_real_balls, i, j, distances)
                count_fake_balls(i, j, distances)
                done.result()
    return {
        "precision": float((balls > 0).mean()),
        "recall": float(recalled.mean()),
        "density": float(balls.mean() / k),
        "coverage": float(covered.mean()),
    }


def nearest_neighbours(samples, train, k=1):
    """The training images nearest to each sample: does the generator remember them?

    Args:
        samples: Images or features `(n, ...)`.
        train: Images or features `(m, ...)` of the same kind.
        k: Neighbours of each sample.

    Returns:
        `(indices, distances)`, both `(n, k)`, nearest first: positions in `train`, and Euclidean
        distances in the units of the input; a copy has distance 0 exactly.

    Raises:
        ValueError: If the shapes differ, or `train` has fewer than k rows.

    Example:
        >>> indices, distances = kgan.metrics.nearest_neighbours(gan.sample(16), x_train)
        >>> nearest = x_train[indices[:, 0]]
    """
    samples, train = to_numpy(samples), to_numpy(train)
    if samples.shape[1:] != train.shape[1:] or samples.ndim < 2:
        raise ValueError(
            f"`samples` and `train` must be sets of the same kind: got {samples.shape} and "
            f"{train.shape}"
        )
    if not 1 <= k <= len(train):
        raise ValueError(f"k={k} neighbours need 1 <= k <= {len(train)} training images")
    indices = np.empty((len(samples), k), np.int64)
    distances = np.empty((len(samples), k))
    for i in blocks(len(samples)):
        x = rows_of(samples, i)
        candidates = _candidates(x, train, k)
        exact = np.stack([((x - rows_of(train, c)) ** 2).sum(axis=1) for c in candidates.T], axis=1)
        order = np.argsort(exact, axis=1, kind="stable")
        indices[i] = np.take_along_axis(candidates, order, axis=1)
        distances[i] = np.sqrt(np.take_along_axis(exact, order, axis=1))
    return indices, distances


def _radii(features, k, centre):
    """Squared distance `(n,)` of each point to its k-th neighbour; each pair is computed once."""
    nearest = np.full((len(features), k), np.inf)

    def narrow(block, distances):
        nearest[block] = _smallest(nearest[block], np.ascontiguousarray(distances), k)

    # NumPy multiplies on all cores, but sorts on one.
    with ThreadPoolExecutor(1) as pool:
        for i in blocks(len(features)):
            x = rows_of(features, i) - centre
            within = squared_distances(x, x)
            np.fill_diagonal(within, np.inf)
            narrow(i, within)
            for j in blocks(len(features), start=i.stop):
                across = squared_distances(x, rows_of(features, j) - centre)
                done = pool.submit(narrow, i, across)
                narrow(j, across.T)
                done.result()
    return np.maximum(nearest.max(axis=1), 0)


def _smallest(known, values, k):
    """The k smallest of each row of both arrays, in no order."""
    if values.shape[1] > k:
        values = np.partition(values, k - 1, axis=1)[:, :k]
    return np.partition(np.concatenate([known, values], axis=1), k - 1, axis=1)[:, :k]


def _candidates(x, train, k):
    """Positions `(len(x), k)` in `train` of the k nearest rows."""
    best = np.full((len(x), k), np.inf)
    indices = np.zeros((len(x), k), np.int64)
    for j in blocks(len(train)):
        distances = np.concatenate([best, squared_distances(x, rows_of(train, j))], axis=1)
        positions = np.broadcast_to(np.arange(j.start, j.stop), (len(x), j.stop - j.start))
        positions = np.concatenate([indices, positions], axis=1)
        chosen = np.argpartition(distances, k - 1, axis=1)[:, :k]
        best = np.take_along_axis(distances, chosen, axis=1)
        indices = np.take_along_axis(positions, chosen, axis=1)
    return indices
