"""Pictures of what a model makes while it learns."""

import pathlib

import keras

from kgan import data
from kgan.callbacks.rounds import rounds_played
from kgan.callbacks.terminate import ended_by_nan


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
        if (epoch + 1) % self.every == 0 and not ended_by_nan(self.model, logs):
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
