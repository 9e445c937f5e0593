"""Ctrl-C while a model learns."""

import contextlib
import signal
import threading

import keras


class StopOnInterrupt(keras.callbacks.Callback):
    """Lets Ctrl-C end `fit` between rounds.

    As a context, it takes over Ctrl-C: the first one is noted, and raises KeyboardInterrupt unless
    `wait_for_round` was called; any further one is Python's own business again and raises at once.
    As a callback, it ends `fit`.

    Args:
        terminate: Whether SIGTERM, by which schedulers and containers stop a process, is an
            interrupt too.

    Attributes:
        interrupted: Whether there was one.
    """

    def __init__(self, terminate=False):
        super().__init__()
        self.handlers = {signal.SIGINT: signal.default_int_handler}
        if terminate:
            self.handlers[signal.SIGTERM] = signal.SIG_DFL
        self.interrupted = False
        self.waits = False

    def __enter__(self):
        self.before = {number: signal.signal(number, self.note) for number in self.handlers}
        return self

    def __exit__(self, *error):
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def note(self, signum, frame):
        """Handles the first interrupt."""
        signal.signal(signum, self.handlers[signum])
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

    def on_train_batch_begin(self, batch, logs=None):
        """Has Keras stop after the round that begins.

        It is one more than the round that was interrupted; a callback that acts when a batch has
        ended would have JAX wait for the device in every round.
        """
        self.end()

    def on_epoch_end(self, epoch, logs=None):
        """Begins no other epoch."""
        self.end()

    def end(self):
        """Ends `fit`, which forgets what was asked for before it began."""
        if self.interrupted:
            self.model.stop_training = True


@contextlib.contextmanager
def between_rounds():
    """Lets Ctrl-C wait for a round to end where a round must not be cut short: on JAX.

    There a round is given the memory of all variables, and the model gets new ones when `fit` lets
    go of them: interrupted in between, it would be left without. A handler that a program set
    itself is left alone.

    Yields:
        Callbacks for `fit`.

    Raises:
        KeyboardInterrupt: When `fit` has ended for one.
    """
    default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    main = threading.current_thread() is threading.main_thread()
    if keras.backend.backend() != "jax" or not (default and main):
        yield ()
        return
    with StopOnInterrupt() as interrupt:
        interrupt.wait_for_round()
        yield (interrupt,)
    if interrupt.interrupted:
        raise KeyboardInterrupt
