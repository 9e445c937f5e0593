"""The clock as a Keras callback."""

import keras


class Rounds(keras.callbacks.Callback):
    """Lets the clock know of every round."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def on_train_batch_end(self, batch, logs=None):
        """A round has been handed to the device."""
        self.clock.round_ended(lambda: keras.ops.convert_to_numpy(logs["g_loss"]))
