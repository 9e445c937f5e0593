"""One `fit` over several shapes of a round.

Keras fixes the shape of its data when `fit` begins, and `discriminator_steps` is part of it. So a
`fit` whose number of steps follows a schedule is several calls of Keras's, which its callbacks see
as one: each plays the epochs up to the next that has another number.
"""

import keras

from kgan.models.batches import EmptyData


class StretchCallbacks(keras.callbacks.CallbackList):
    """Callbacks for which training begins and ends once."""

    logs = None

    def on_train_begin(self, logs=None):
        """Keras's, at the begin of a stretch: not passed on."""

    def on_train_end(self, logs=None):
        """Keras's, at the end of a stretch: its logs are kept for `end`."""
        self.logs = logs

    def begin(self):
        """Tells all that training begins."""
        super().on_train_begin()

    def end(self):
        """Tells all that training has ended."""
        super().on_train_end(self.logs)


class EndStretch(keras.callbacks.Callback):
    """Stops Keras after an epoch where the next one has another number of steps.

    Attributes:
        epoch: The one to go on with, None where training is to end.
    """

    def on_epoch_begin(self, epoch, logs=None):
        """Nothing is to follow, as far as is known."""
        self.epoch = None

    def on_epoch_end(self, epoch, logs=None):
        """Stops, unless another callback has done so."""
        gan = self.model
        if not gan.stop_training and gan.steps_due() != gan.discriminator_steps:
            self.epoch = epoch + 1
            gan.stop_training = True


def fit_in_stretches(gan, fit, callbacks, initial_epoch, epochs, verbose):
    """Trains a model whose `steps_schedule` is a schedule.

    Args:
        gan: The model.
        fit: `fit(callbacks, initial_epoch)` plans and plays the epochs with the steps that the
            model has then, until a callback stops it.
        callbacks: What the user gave to `GAN.fit`.
        initial_epoch: See `GAN.fit`.
        epochs: The same.
        verbose: The same.

    Returns:
        The `keras.callbacks.History` of all stretches.
    """
    end = EndStretch()
    given = getattr(callbacks, "callbacks", callbacks)  # Of a `CallbackList`.
    listed = StretchCallbacks(
        [*keras.tree.flatten(given or []), end],
        add_history=True,
        add_progbar=verbose != 0,
        model=gan,
        verbose=verbose,
        epochs=epochs,
        steps=None,
    )
    listed.begin()
    # `BackupAndRestore` has loaded what it had, and left the epoch to go on with there.
    end.epoch = gan._initial_epoch or initial_epoch
    gan._initial_epoch = None
    played = False
    while end.epoch is not None and end.epoch < epochs:
        gan.set_steps(gan.steps_due())
        try:
            fit(listed, end.epoch)
        except EmptyData:
            # A generator may end where the number of steps changes.
            if not played:
                raise
            break
        played = True
    listed.end()
    return gan.history
