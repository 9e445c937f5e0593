"""Rounds whose order is known beforehand: a function of the seed and of the rounds played.

So a model that was saved after any round, loaded and trained on sees what it would have seen.
"""

import keras
import numpy as np

from kgan.models.batches import Plan, as_arrays, check_enough, gather, refuse, size
from kgan.models.checks import check_images


class SeededRounds(keras.utils.PyDataset):
    """Rounds that depend on how many were played before, and on nothing else.

    Pass after pass goes over the data, each in an order of its own; an epoch is a stretch of
    `rounds` of that sequence. So a model that was saved after any round, loaded and trained on sees
    what it would have seen.

    Args:
        rounds_in_pass: Rounds that the data fills once.

    Attributes:
        error: Why TensorFlow was not served, or None.
    """

    def __init__(self, rounds_in_pass):
        super().__init__()
        self.rounds_in_pass = rounds_in_pass
        self.rounds = rounds_in_pass
        self.start = 0
        self.error = None

    def __len__(self):
        return self.rounds

    def __getitem__(self, index):
        return self.round(*divmod(self.start + index, self.rounds_in_pass))

    def round(self, number, index):
        """The `index`-th round of pass `number`."""
        raise NotImplementedError

    def images(self, number, first, stop):
        """The images from `first` to `stop` of pass `number`, and their conditions, if any."""
        raise NotImplementedError

    def dataset(self):
        """The same as a `tf.data.Dataset`, whose rounds may differ in size.

        Keras would make one by `from_generator`. Fed by that, on a CPU, TensorFlow gives a step's
        memory back to the system and gets it anew in every round (`benchmarks/NOTES.md`).
        """
        import tensorflow as tf

        first = self[0]

        def one(index):
            types = [x.dtype for x in first]
            arrays = tf.numpy_function(self.served, [index], types)
            for array, like in zip(arrays, first, strict=True):
                array.set_shape((None, *like.shape[1:]))
            return tuple(arrays)

        options = tf.data.Options()
        # There is nothing to tune, and the end of an epoch would wait for the tuner.
        options.autotune.enabled = False
        return tf.data.Dataset.range(len(self)).map(one).prefetch(2).with_options(options)

    def served(self, index):
        """A round for TensorFlow, which makes an error of its own of any: it is kept for `fit`."""
        try:
            return list(self[int(index)])
        except Exception as error:
            self.error = error
            raise


class FollowRounds(keras.callbacks.Callback):
    """Tells the data, as each epoch begins, how many rounds the model has played."""

    def __init__(self, data):
        super().__init__()
        self.data = data

    def on_epoch_begin(self, epoch, logs=None):
        """Sets where in the sequence the epoch starts."""
        self.data.start = int(keras.ops.convert_to_numpy(self.model.rounds))


class ArrayRounds(SeededRounds):
    """Rounds of arrays, shuffled anew in every pass by `seed` and the number of the pass."""

    def __init__(self, arrays, batch_size, steps, shuffle, seed):
        super().__init__(size(arrays) // (batch_size * steps))
        self.images_in_pass = size(arrays)
        self.arrays = arrays
        self.shape = (steps, batch_size)
        self.shuffle = shuffle
        self.seed = seed
        self.order = (None, None)

    def permutation(self, number):
        """The order of pass `number`."""
        if not self.shuffle:
            return np.arange(size(self.arrays))
        if self.order[0] != number:
            rng = np.random.default_rng((self.seed, number))
            self.order = (number, rng.permutation(size(self.arrays)))
        return self.order[1]

    def round(self, number, index):
        """The `index`-th round of pass `number`."""
        images = self.shape[0] * self.shape[1]
        chosen = self.permutation(number)[index * images : (index + 1) * images]
        chosen = chosen.reshape(self.shape).T
        return tuple(array[chosen] for array in self.arrays)

    def images(self, number, first, stop):
        """The images from `first` to `stop` of pass `number`, and their conditions, if any."""
        chosen = self.permutation(number)[first:stop]
        return tuple(array[chosen] for array in self.arrays)


def from_arrays(x, y, batch_size, steps, shuffle, seed, validation_split, image_shape):
    """Rounds of arrays and, split off their end, the arrays to validate on."""
    arrays = tuple(keras.ops.convert_to_numpy(a) for a in (x, y) if a is not None)
    check_images(arrays[0], image_shape)
    if len(arrays) > 1 and len(arrays[0]) != len(arrays[1]):
        raise ValueError(f"got {len(arrays[0])} images but {len(arrays[1])} conditions")
    validation = None
    if validation_split:
        refuse(not 0 < validation_split < 1, f"validation_split={validation_split} not in (0, 1)")
        kept = int(len(arrays[0]) * (1 - validation_split))
        validation = tuple(a[kept:] for a in arrays)
        arrays = tuple(a[:kept] for a in arrays)
    check_enough(len(arrays[0]), batch_size, steps)
    data = ArrayRounds(arrays, batch_size, steps, shuffle, seed)
    return Plan(data, batch_size, (FollowRounds(data),), None, validation)


class EpochRounds(SeededRounds):
    """Rounds of a `PyDataset` whose order is a function of what it is told by `set_epoch`."""

    def __init__(self, inner, steps, batches, batch_size):
        super().__init__(batches // steps)
        self.images_in_pass = batches * batch_size
        self.inner = inner
        self.steps = steps
        self.batch_size = batch_size
        self.number = None
        self.last = (None, None)

    def round(self, number, index):
        """The `index`-th round of pass `number`."""
        self.go_to(number)
        return gather(self.inner, index, self.steps)

    def go_to(self, number):
        """Has the data set serve pass `number`.

        It may be validated on, too, and count passes of that in its `epoch`.
        """
        if number != self.number or number != getattr(self.inner, "epoch", number):
            self.inner.set_epoch(number)
            self.number = number

    def images(self, number, first, stop):
        """The images from `first` to `stop` of pass `number`, and their conditions, if any."""
        self.go_to(number)
        start = first // self.batch_size
        batches = [self.batch(i) for i in range(start, -(-stop // self.batch_size))]
        part = slice(first - start * self.batch_size, stop - start * self.batch_size)
        return tuple(np.concatenate(arrays)[part] for arrays in zip(*batches, strict=True))

    def batch(self, index):
        """A batch of the pass that is served; the last one is kept, which two rounds may share."""
        if self.last[0] != (self.number, index):
            self.last = (self.number, index), as_arrays(self.inner[index])
        return self.last[1]


class StreamedImages(SeededRounds):
    """The images of what `kgan.data.load` streams from disk, asked for one after the other.

    Args:
        stream: A `kgan.data.stream.ImageStream`.
        rounds: Rounds in an epoch.
    """

    def __init__(self, stream, rounds):
        super().__init__(rounds)
        self.batches_in_pass = stream.num_images // stream.batch_size
        self.images_in_pass = self.batches_in_pass * stream.batch_size
        self.stream = stream
        self.last = (None, None)
        self.position = None

    def images(self, number, first, stop):
        """The images from `first` to `stop` of pass `number`, and their conditions, if any."""
        if self.last[0] != (number, first, stop):
            self.last = (number, first, stop), self.read(number, first, stop)
        return self.last[1]

    def read(self, number, first, stop):
        """`images` from the stream, which goes on where it is or, if need be, begins elsewhere."""
        position = number * self.images_in_pass + first
        if position != self.position:
            seen, skipped = divmod(position, self.stream.batch_size)
            self.batches = iter(self.stream.passes(lambda: seen, self.batches_in_pass))
            self.held = tuple(x[skipped:] for x in self.next_batch())
        while len(self.held[0]) < stop - first:
            more = self.next_batch()
            self.held = tuple(np.concatenate(pair) for pair in zip(self.held, more, strict=True))
        taken = tuple(x[: stop - first] for x in self.held)
        self.held = tuple(x[stop - first :] for x in self.held)
        self.position = position + stop - first
        return taken

    def next_batch(self):
        """The stream's next batch, as arrays."""
        return tuple(x.numpy() for x in next(self.batches))


class Position:
    """Where in a sequence of rounds an iteration starts."""

    start = 0


def from_stream(stream, steps, image_shape):
    """Rounds of what `kgan.data.load` streams from disk, pass after pass without end.

    Keras keeps one iteration for all epochs of a `fit`: a pass, which may be long, is never begun
    anew only to skip what was seen.
    """
    import tensorflow as tf

    check_images(np.zeros((1, *stream.image_shape), "float32"), image_shape)
    batch_size = stream.batch_size
    check_enough(stream.num_images, batch_size, steps)
    rounds_in_pass = stream.num_images // (batch_size * steps)
    position = Position()
    batches = stream.passes(lambda: position.start * steps, rounds_in_pass * steps)

    def stacked(*batch):
        return tf.nest.map_structure(lambda t: tf.experimental.numpy.moveaxis(t, 0, 1), batch)

    data = batches.batch(steps, drop_remainder=True).map(stacked).prefetch(2)
    return Plan(data, batch_size, (FollowRounds(position),), rounds_in_pass)
