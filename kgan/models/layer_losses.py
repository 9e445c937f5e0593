"""What the layers of a network add to the loss of the player that they belong to."""

import contextlib
import threading


class LayerLosses(threading.local):
    """Collects what a network's layers add in every call, of which Keras keeps the last only.

    That is what activity regularizers compute, and `add_loss`. Weight regularizers count once for
    an update, whatever is called: see `weight_losses`. TensorFlow traces each replica in a thread
    of its own, and they take turns within a round.
    """

    def __init__(self):
        self.player = None
        self.values = []

    @contextlib.contextmanager
    def of(self, player):
        """Collects a player's, or nobody's if None, in a list that fills while the context lasts.

        Nothing may be collected where a gradient is taken, or where a condition decides whether
        anything is computed: it could not be used outside.
        """
        before = self.player, self.values
        self.player, self.values = player, []
        try:
            yield self.values
        finally:
            self.player, self.values = before

    def called(self, player, network):
        """Takes in what a player's network added in the call that has just ended."""
        if player == self.player:
            self.values += split(network)[0]


def weight_losses(network):
    """What a network's weight regularizers add, a list of scalars."""
    return split(network)[1]


def split(network):
    """A network's losses: those of its last call, and those of its weights."""
    # Keras lists one for each regularized weight behind all others.
    count = sum(v.regularizer is not None for v in network.trainable_variables)
    losses = network.losses
    return losses[: len(losses) - count], losses[len(losses) - count :]
