"""How many rounds a model plays."""

import math

import keras


class StopAtRounds(keras.callbacks.Callback):
    """Stops training when the model has played a number of rounds, exactly.

    Args:
        rounds: In all, those of earlier calls of `fit` included.

    Raises:
        ValueError: When training starts, if the model has played them already, or if the number is
            reached in the middle of an execution: Keras can stop only between executions of
            `steps_per_execution` rounds, of which an epoch's last may have fewer.

    Example:
        >>> gan.fit(dataset, epochs=1000, callbacks=[kgan.callbacks.StopAtRounds(50_000)])
    """

    def __init__(self, rounds):
        super().__init__()
        self.rounds = rounds

    def on_epoch_begin(self, epoch, logs=None):
        """Notes how many rounds were played, and refuses what it could not keep."""
        self.before = rounds_played(self.model)
        left, steps = self.rounds - self.before, self.params.get("steps")
        if left < 1:
            raise ValueError(
                f"StopAtRounds({self.rounds}): the model has played {self.before} rounds already"
            )
        self.asked = False
        self.together = together = self.model.steps_per_execution
        if (left % steps if steps else left) % together:
            length = f"epochs of {steps} rounds" if steps else "an epoch"
            raise ValueError(
                f"StopAtRounds({self.rounds}) cannot stop exactly: {left} rounds are left, and "
                f"steps_per_execution={together} cuts {length} elsewhere. Choose another number of "
                "rounds, or compile with steps_per_execution=1"
            )

    def on_train_batch_begin(self, batch, logs=None):
        """Has Keras stop after what begins, if that is enough.

        A callback that acts when a batch has ended would have JAX wait for the device in every
        round: Keras reads its logs for it.
        """
        last = min(batch + self.together, self.params.get("steps") or math.inf)
        if self.before + last >= self.rounds:
            self.asked = not self.model.stop_training
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        """Goes on if the data, of unknown length, ended before what was begun."""
        if self.asked and rounds_played(self.model) < self.rounds:
            self.model.stop_training = False


def rounds_played(gan):
    """How many rounds a model has played."""
    return int(keras.ops.convert_to_numpy(gan.rounds))
