"""Ctrl-C while a model learns."""

import signal

import keras


class StopOnInterrupt(keras.callbacks.Callback):
    """Lets Ctrl-C end `fit` after the round at hand.

    As a context, it takes over Ctrl-C: the first one is noted, and raises KeyboardInterrupt unless
    `wait_for_round` was called; any further one is Python's own business again and raises at once.
    As a callback, it ends `fit`.

    Attributes:
        interrupted: Whether there was one.
    """

    def __init__(self):
        super().__init__()
        self.interrupted = False
        self.waits = False

    def __enter__(self):
        self.before = signal.signal(signal.SIGINT, self.note)
        return self

    def __exit__(self, *error):
        signal.signal(signal.SIGINT, self.before)

    def note(self, signum, frame):
        """Handles the first interrupt."""
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.interrupted = True
        if not self.waits:
            raise KeyboardInterrupt

    def wait_for_round(self):
        """From now on an interrupt waits for a round to end.

        Raises:
            KeyboardInterrupt: If there was one before. Raised in a finalizer, or by a library that
                catches everything, it would be lost.
        """
        self.waits = True
        if self.interrupted:
            raise KeyboardInterrupt

    def on_train_batch_end(self, batch, logs=None):
        """Ends `fit`, which forgets what was asked for before it began."""
        if self.interrupted:
            self.model.stop_training = True
