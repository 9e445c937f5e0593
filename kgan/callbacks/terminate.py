"""Ending a training that diverged."""

import math

import keras


class TerminateOnNaN(keras.callbacks.TerminateOnNaN):
    """Ends `fit` after the round in which anything logged became NaN or infinite.

    Keras's own callback of this name looks at the entry `loss`, which a model with two losses does
    not have: `fit` refuses it. When training ends so, the other callbacks of `kgan.callbacks` draw,
    judge and save nothing more, so that what was good stays.

    Args:
        raise_error: Whether to raise instead of ending `fit` as usual.

    Raises:
        RuntimeError: With `raise_error`, when a value is NaN or infinite.

    Example:
        >>> gan.fit(dataset, epochs=50, callbacks=[
        ...     kgan.callbacks.TerminateOnNaN(),
        ...     kgan.callbacks.Checkpoint("gan.keras"),
        ... ])
    """

    def on_batch_end(self, batch, logs=None):
        """Hands the first value that is not finite to Keras as the loss."""
        wrong = (value for value in (logs or {}).values() if not math.isfinite(value))
        super().on_batch_end(batch, {"loss": next(wrong, 0.0)})


def ended_by_nan(model, logs):
    """Whether `fit` is about to end since it diverged.

    Then there is nothing to show, judge or keep. Where nobody asked for an end, a model that
    diverged raises an error when it is sampled.
    """
    terms = ((logs or {}).get(name, 0.0) for name in model.term_names())
    return model.stop_training and not all(map(math.isfinite, terms))
