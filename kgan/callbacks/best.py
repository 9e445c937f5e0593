"""Keeping the best model of a run beside the last one."""

import json
import math
import operator
import pathlib

import keras

from kgan.callbacks.checkpoint import save
from kgan.callbacks.rounds import rounds_played
from kgan.callbacks.terminate import ended_by_nan
from kgan.files import write_text
from kgan.metrics import Metric

BETTER = {"min": operator.lt, "max": operator.gt}


class BestCheckpoint(keras.callbacks.Callback):
    """Saves the model whenever a logged value is better than ever, and the last model apart.

    A GAN's losses do not tell when its images are best, and training on may spoil them: monitor a
    metric on held-out images, which `Evaluate`, standing before this callback, writes into the
    logs. Epochs in which the value is NaN are passed over.

    The best value is kept beside the model, in a `.json` file of the same name, so that a resumed
    run goes on comparing with it. What was recorded after more rounds than the model has played is
    of another run, and is forgotten.

    Args:
        path: Where the best model goes; must end in `.keras`.
        monitor: The `kgan.metrics.Metric` that `Evaluate` computes, or the name of an entry in the
            logs.
        mode: `"min"` if lower is better, `"max"` if higher; that of the metric by default.
        final: Where the model goes as it is when training ends: `final.keras` beside `path` by
            default; False where another callback keeps it.

    Raises:
        ValueError: If a path does not end in `.keras`, both are the same, the mode is not known,
            or the logs have no such entry.

    Example:
        >>> fid = kgan.metrics.FrechetInceptionDistance()
        >>> gan.fit(dataset, epochs=50, callbacks=[
        ...     kgan.callbacks.Evaluate(fid, x_test),
        ...     kgan.callbacks.BestCheckpoint("run/best.keras", monitor=fid),
        ... ])
        >>> best = keras.models.load_model("run/best.keras")
    """

    def __init__(self, path, monitor, mode=None, final=None):
        super().__init__()
        if isinstance(monitor, Metric):
            mode = mode or monitor.mode
            monitor = monitor.monitor
        if mode not in BETTER:
            raise ValueError(f'mode must be "min" or "max" for the entry {monitor!r}, got {mode!r}')
        self.path = pathlib.Path(path)
        final = self.path.with_name("final.keras") if final is None else final
        self.final = False if final is False else pathlib.Path(final)
        for file in (self.path, self.final):
            if file is not False and file.suffix != ".keras":
                raise ValueError(f"a model's file must end in .keras, got {str(file)!r}")
        if self.path == self.final:
            raise ValueError(f"the best and the last model cannot both be {str(self.path)!r}")
        self.monitor = monitor
        self.mode = mode
        self.best = None

    @property
    def record(self):
        """The file that remembers the best value."""
        return self.path.with_suffix(".json")

    def on_train_begin(self, logs=None):
        """Looks up the best value of the run that is resumed, if one is."""
        self.best = None
        if not (self.path.is_file() and self.record.is_file()):
            return
        found = json.loads(self.record.read_text())
        same = (found["monitor"], found["mode"]) == (self.monitor, self.mode)
        if same and found["rounds"] <= rounds_played(self.model):
            self.best = found["value"]

    def on_epoch_end(self, epoch, logs=None):
        """Saves, if this is the best epoch so far."""
        if ended_by_nan(self.model, logs):
            return
        if self.monitor not in (logs or {}):
            raise ValueError(
                f"BestCheckpoint monitors {self.monitor!r}, but the logs have only "
                f"{', '.join(sorted(logs or {}))}: put kgan.callbacks.Evaluate before it in the "
                "list"
            )
        value = float(logs[self.monitor])
        if math.isnan(value) or (self.best is not None and not self.beats(value)):
            return
        self.best = value
        save(self.model, self.path)
        found = {
            "monitor": self.monitor,
            "mode": self.mode,
            "value": value,
            "epoch": epoch,
            "rounds": rounds_played(self.model),
        }
        write_text(self.record, json.dumps(found, indent=2) + "\n")

    def beats(self, value):
        """Whether a value is better than the best one."""
        return BETTER[self.mode](value, self.best)

    def on_train_end(self, logs=None):
        """Saves the last model."""
        if self.final is not False:
            save(self.model, self.final)
