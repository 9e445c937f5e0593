"""Metrics of generated images while a model learns."""

import math

import keras
import numpy as np

from kgan.callbacks.rounds import rounds_played
from kgan.callbacks.terminate import ended_by_nan
from kgan.metrics import Metric, MetricCollection

UNITS = ("epochs", "rounds")


class Evaluate(keras.callbacks.Callback):
    """Computes metrics of samples against held-out images, and writes them into the epoch's logs.

    The logs of every epoch get the entries of `metric.logs()`, NaN where an epoch was not
    evaluated; the first epoch of each `fit` always is, so that `CSVLogger` knows its columns. What
    reads the logs (`BestCheckpoint`, `CSVLogger`, `EarlyStopping`) must stand behind this callback
    in the list. Callbacks of Keras need `mode="min"` or `"max"` there, and a `patience`, which
    counts epochs, of at least `every`: one that was not evaluated is none that improved. The
    samples are of the same latents each time, and drawing them leaves training's own random numbers
    alone.

    Args:
        metric: A `kgan.metrics.Metric`, or a sequence of them.
        data: Held-out images: what `FeatureMetric.adapt` takes, such as
            `kgan.zoo.dataset(name, "test")` or a uint8 array. None for metrics of generated images
            alone.
        n: Samples to draw.
        every: Epochs, or rounds, between evaluations.
        unit: `"epochs"`, or `"rounds"` for the end of the first epoch by which another `every`
            rounds are played.
        condition: What conditional models are asked for: one for all samples or one for each. By
            default the labels of `data`, where it has any, cycled, or evenly chosen if `n` is
            smaller; and else the classes in turn.
        seed: Of the latents.
        cache: Where features of `data` are kept, so that a second run need not compute them; see
            `FeatureMetric.adapt`.

    Raises:
        ValueError: If an argument is out of range, or a metric needs real images or labels and
            there are none.

    Example:
        >>> fid = kgan.metrics.FrechetInceptionDistance(kgan.metrics.classifier_features("mnist"))
        >>> test = kgan.zoo.dataset("wgan_gp_mnist", "test")
        >>> gan.fit(dataset, epochs=50, callbacks=[
        ...     kgan.callbacks.Evaluate(fid, test, n=5000),
        ...     kgan.callbacks.BestCheckpoint("best.keras", fid),
        ... ])
    """

    def __init__(
        self, metric, data=None, n=1000, every=1, unit="epochs", condition=None, seed=0, cache=True
    ):
        super().__init__()
        if not isinstance(metric, Metric):
            metric = MetricCollection(metric)
        if unit not in UNITS:
            raise ValueError(f"unit must be one of {', '.join(UNITS)}, got {unit!r}")
        if n < 1 or every < 1:
            raise ValueError(f"n and every must be at least 1, got n={n} and every={every}")
        if data is None and metric.needs_real:
            raise ValueError("the metric compares with real images: pass held-out ones as `data`")
        self.metric = metric
        self.data = data
        self.n = n
        self.every = every
        self.unit = unit
        self.condition = condition
        self.seed = seed
        self.cache = cache

    def on_train_begin(self, logs=None):
        """Takes in the real images, from the cache where they are in it."""
        self.absent = None
        if self.metric.needs_real:
            self.metric.adapt(self.data, cache=self.cache)

    def on_epoch_begin(self, epoch, logs=None):
        """Notes how many rounds were played."""
        self.before = rounds_played(self.model)

    def on_epoch_end(self, epoch, logs=None):
        """Writes the metric's entries into the logs."""
        ended = ended_by_nan(self.model, logs)
        if ended or (self.absent is not None and not self.due(epoch)):
            logs.update(self.absent or {})
            return
        values = self.evaluate()
        self.absent = dict.fromkeys(values, math.nan)
        logs.update(values)

    def due(self, epoch):
        """Whether to evaluate at the end of this epoch."""
        if self.unit == "epochs":
            return (epoch + 1) % self.every == 0
        return rounds_played(self.model) // self.every > self.before // self.every

    def evaluate(self):
        """The metric of the model as it is: `metric.logs()`."""
        gan = self.model
        condition = self.conditions() if gan.conditional else None
        images = gan.sample(self.n, condition=condition, seed=self.seed)
        self.metric.reset_state(keep_real=True)
        self.metric.update_state(images, labels=condition if self.metric.needs_labels else None)
        return self.metric.logs()

    def conditions(self):
        """What each sample should show."""
        condition = self.condition
        if condition is None:
            condition = getattr(self.data, "labels", None)
            if condition is not None:
                # Fewer than there are come from all over them: they may be sorted by class.
                known, n = len(condition), self.n
                chosen = np.arange(n) * known // n if n < known else np.arange(n) % known
                condition = np.asarray(condition)[chosen]
        condition = self.model.condition_for(condition, self.n)
        # Metrics may look at neighbours, or at a part.
        return condition[np.random.default_rng(0).permutation(self.n)]
