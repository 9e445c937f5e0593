"""Keras callbacks for GANs."""

import os
import pathlib

import keras

from kgan import data


class SampleGrid(keras.callbacks.Callback):
    """Writes a grid of samples after every few epochs, always of the same latents.

    Args:
        folder: Where the PNG files go; `000000.png` is of the untrained model, and the number is
            that of rounds played.
        rows: Of the grid; its columns are the classes of a conditional model, the categories of
            an InfoGAN, and otherwise as many as rows.
        condition: For models that cannot know their conditions: one for all images or one for
            each of `rows` times `rows`; see `GAN.sample`.
        seed: Of the latents.
        every: Epochs between grids.

    Example:
        >>> gan.fit(dataset, epochs=50, callbacks=[kgan.callbacks.SampleGrid("samples/")])
    """

    def __init__(self, folder, rows=8, condition=None, seed=0, every=1):
        super().__init__()
        self.folder = pathlib.Path(folder)
        self.rows = rows
        self.condition = condition
        self.seed = seed
        self.every = every

    def on_train_begin(self, logs=None):
        """Shows where training starts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write()

    def on_epoch_end(self, epoch, logs=None):
        """Shows how far it got."""
        if (epoch + 1) % self.every == 0:
            self.write()

    def write(self):
        """Writes one grid."""
        gan = self.model
        if self.condition is None:
            images, columns = gan.sample_grid(self.rows, seed=self.seed)
        else:
            columns = self.rows
            images = gan.sample(columns**2, condition=self.condition, seed=self.seed)
        path = self.folder / f"{rounds_played(gan):06d}.png"
        data.save_image(path, data.grid(images, columns=columns))


class StopAtRounds(keras.callbacks.Callback):
    """Stops training when the model has played a number of rounds.

    Args:
        rounds: In all, those of earlier calls of `fit` included.
    """

    def __init__(self, rounds):
        super().__init__()
        self.rounds = rounds

    def on_epoch_begin(self, epoch, logs=None):
        """Notes how many rounds were played."""
        self.before = rounds_played(self.model)

    def on_train_batch_end(self, batch, logs=None):
        """Stops when it is enough."""
        if self.before + batch + 1 >= self.rounds:
            self.model.stop_training = True


class Checkpoint(keras.callbacks.Callback):
    """Saves the whole model after every epoch, so that training can go on exactly.

    A file that is there is replaced only by a complete one.

    Args:
        path: A file name that ends in `.keras`.
    """

    def __init__(self, path):
        super().__init__()
        self.path = pathlib.Path(path)

    def on_epoch_end(self, epoch, logs=None):
        """Saves."""
        save(self.model, self.path)


def save(model, path):
    """Saves a model to a `.keras` file, which is replaced only by a complete one."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished.keras")
    model.save(unfinished)
    os.replace(unfinished, path)


def rounds_played(gan):
    """How many rounds a model has played."""
    return int(keras.ops.convert_to_numpy(gan.rounds))
