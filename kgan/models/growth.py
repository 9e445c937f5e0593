"""What makes a growing model grow within one `fit`: its data, and a callback."""

import keras
import numpy as np

from kgan.models.seeded import SeededRounds


class GrowingRounds(SeededRounds):
    """Rounds of as many images as each level takes, pass after pass over the data.

    Which images a round has is a function of how many were seen before: a round may begin in one
    pass and end in the next.

    Args:
        source: `SeededRounds`, for its images and the number of rounds in an epoch.
        phases: The `Phases` of training.
        images: How many images a round of each level takes.
        steps: Updates of the discriminator in a round.
    """

    def __init__(self, source, phases, images, steps):
        super().__init__(source.rounds)
        self.source = source
        self.phases = phases
        self.images = images
        self.steps = steps

    def __getitem__(self, index):
        seen, level = self.phases.round_after(self.start, index, self.images)
        parts, wanted = [], self.images[level]
        while wanted:
            number, first = divmod(seen, self.source.images_in_pass)
            taken = min(wanted, self.source.images_in_pass - first)
            parts.append(self.source.images(number, first, first + taken))
            seen, wanted = seen + taken, wanted - taken
        return tuple(self.stacked(arrays) for arrays in zip(*parts, strict=True))

    def stacked(self, arrays):
        """Images `(n * steps, ...)`, in parts, as `(n, steps, ...)`."""
        flat = np.concatenate(arrays)
        return np.moveaxis(flat.reshape(self.steps, -1, *flat.shape[1:]), 0, 1)


class Grow(keras.callbacks.Callback):
    """Has the model grow after the very round with which a phase's images are complete.

    Args:
        phases: The model's `Phases`.
        images: How many images a round of each level takes.
        rounds: `GrowingRounds` to tell, as each epoch begins, how many images were seen; or None.
    """

    def __init__(self, phases, images, rounds=None):
        super().__init__()
        self.phases = phases
        self.images = images
        self.rounds = rounds

    def on_epoch_begin(self, epoch, logs=None):
        """Counts the rounds to go from where the model is, which a callback may have restored."""
        self.model.grow()
        seen = self.model.count_images()
        if self.rounds is not None:
            self.rounds.start = seen
        self.next = self.phases.rounds_left(seen, self.images)

    def on_train_batch_begin(self, batch, logs=None):
        """Grows, if the round before was the last one of a level.

        At the end of a batch, Keras would read its logs for this callback, for which JAX waits. To
        ask for the model stops what is running ahead, too.
        """
        if self.next is None or batch < self.next:
            return
        self.model.grow()
        left = self.phases.rounds_left(self.model.count_images(), self.images)
        self.next = None if left is None else batch + left
