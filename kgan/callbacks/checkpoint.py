"""Saving whole models, each file replaced only by a complete one."""

import os
import pathlib

import keras

from kgan.callbacks.terminate import ended_by_nan


class Checkpoint(keras.callbacks.Callback):
    """Saves the whole model after every epoch, so that training can go on exactly.

    A file that is there is replaced only by a complete one.

    Args:
        path: A file name that ends in `.keras`.

    Example:
        >>> gan.fit(dataset, epochs=50, callbacks=[kgan.callbacks.Checkpoint("gan.keras")])
    """

    def __init__(self, path):
        super().__init__()
        self.path = pathlib.Path(path)

    def on_epoch_end(self, epoch, logs=None):
        """Saves, unless there is nothing left to go on with."""
        if not ended_by_nan(self.model, logs):
            save(self.model, self.path)


def save(model, path):
    """Saves a model to a `.keras` file, which is replaced only by a complete one."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished.keras")
    model.save(unfinished)
    os.replace(unfinished, path)
