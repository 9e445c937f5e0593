"""Images that are read from disk while training goes on, pass after pass."""

import itertools

import keras
import numpy as np

from kgan.data import augment as augmentation


class ImageStream:
    """Passes over images that do not fit in memory, each a function of the seed and its number.

    Where a pass begins in the middle, what comes before is read, but neither decoded nor resized.

    Args:
        examples: function from a seed (an int64 tensor `()`, or `None` for the stored order) to a
            `tf.data.Dataset` of examples that are not decoded.
        decode: function from an example to `(image,)` or `(image, label)`, the image uint8 of
            `image_shape`.
        num_images: how many examples there are.
        image_shape: `(height, width, channels)`.
        buffer: examples that are shuffled with each other.
        batch_size: images in a batch.
        shuffle: whether every pass has an order of its own.
        seed: integer from 0, seed of the order and of the named flips.
        drop_remainder: whether to leave out a last, smaller batch.
        augment: see `kgan.data.augment.steps`.
    """

    def __init__(
        self, examples, decode, *, num_images, image_shape, buffer, batch_size, shuffle, seed,
        drop_remainder, augment,
    ):  # fmt: skip
        self.num_images = num_images
        self.image_shape = tuple(image_shape)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.drop_remainder = drop_remainder
        self.augment = augment
        self._examples = examples
        self._decode = decode
        self._buffer = max(buffer, batch_size)
        # Of any integer, the two of 32 bits that tf.random takes.
        self._root = np.random.SeedSequence(seed).generate_state(2).astype("int64")

    def dataset(self):
        """A `tf.data.Dataset` of one pass: pass 0 where it is iterated first, then pass 1, ...

        Its attribute `stream` is this object; kgan's `fit` goes on from there by the rounds that
        the model has played, whatever was iterated before.
        """
        dataset = self._whole(_asked(itertools.count().__next__))
        dataset.stream = self
        return dataset

    def one_pass(self, number):
        """Pass `number`, counted from 0, the same in every iteration: a `tf.data.Dataset`."""
        import tensorflow as tf

        return self._whole(tf.data.Dataset.from_tensors(np.int64(number)))

    def passes(self, start, batches):
        """Pass after pass without end: a `tf.data.Dataset` of whole batches.

        Args:
            start: function that says, as an iteration begins, how many batches were seen before.
            batches: how many batches of a pass to use.
        """
        import tensorflow as tf

        images = np.int64(batches * self.batch_size)

        def spans(seen):
            number, skipped = seen // batches, seen % batches * self.batch_size
            later = tf.data.Dataset.range(number + 1, np.iinfo("int64").max)
            later = later.map(lambda n: (n, np.int64(0), images))
            return tf.data.Dataset.from_tensors((number, skipped, images)).concatenate(later)

        return self._batches(_asked(start).flat_map(spans))

    def _whole(self, numbers):
        """All batches of the one pass that `numbers` holds."""
        import tensorflow as tf

        whole, rest = divmod(self.num_images, self.batch_size)
        images = np.int64(whole * self.batch_size if self.drop_remainder else self.num_images)
        dataset = self._batches(numbers.map(lambda number: (number, np.int64(0), images)))
        batches = whole + bool(rest and not self.drop_remainder)
        return dataset.apply(tf.data.experimental.assert_cardinality(batches))

    def _batches(self, spans):
        """Batches of the examples from `first` to `stop` of passes: `spans` of all three."""
        import tensorflow as tf

        # Passes are joined before anything is decoded, so that decoding does not halt between them.
        examples = spans.flat_map(tf.autograph.experimental.do_not_convert(self._span))
        parallel = dict(num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        images = examples.map(lambda place, example: (place, self._decode(example)), **parallel)
        dataset = images.batch(self.batch_size, drop_remainder=self.drop_remainder)
        augmented = augmentation.on_tensors(self.augment)

        def finish(places, batch):
            images = tf.cast(batch[0], tf.float32) / 127.5 - 1.0
            number, index = places[0][0], places[1][0] // self.batch_size
            seed = tf.random.fold_in(tf.random.fold_in(self._root, number), index)
            return augmented(images, seed), *batch[1:]

        try:
            dataset = dataset.map(finish, **parallel)
        # What keras.ops says to a TensorFlow tensor on another backend.
        except NotImplementedError as error:
            raise ValueError(
                f"augment={self.augment!r} cannot run inside tf.data on the "
                f"{keras.backend.backend()} backend: pass cache=True, or a preprocessing layer "
                "such as keras.layers.RandomFlip."
            ) from error
        # TFDS gives up a repeatable order when it shuffles files, unless it is told not to.
        options = tf.data.Options()
        options.deterministic = True
        return dataset.with_options(options).prefetch(tf.data.AUTOTUNE)

    def _span(self, number, first, stop):
        """The examples from `first` to `stop` of a pass, each with its `(pass, place)`."""
        import tensorflow as tf

        if self.shuffle:
            # tf.data mixes its seeds with the global one, keras.utils.set_random_seed's, unless
            # the graph in hand, this function's, has one.
            tf.compat.v1.set_random_seed(1)
            seeds = tf.random.fold_in(self._root, number)
            seeds = tf.random.stateless_uniform((2,), seeds, 0, 2**31 - 1, tf.int64)
            examples = self._examples(seeds[0])
            examples = examples.shuffle(self._buffer, seeds[1], reshuffle_each_iteration=False)
        else:
            examples = self._examples(None)
        places = tf.data.Dataset.range(first, stop).map(lambda place: (number, place))
        return tf.data.Dataset.zip((places, examples.take(stop).skip(first)))


def _asked(function):
    """A `tf.data.Dataset` of one number, which `function` is asked for in every iteration."""
    import tensorflow as tf

    def ask(_):
        number = tf.numpy_function(lambda: np.int64(function()), [], tf.int64)
        return tf.ensure_shape(number, ())

    return tf.data.Dataset.range(1).map(ask)
