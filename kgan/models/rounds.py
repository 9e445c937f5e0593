"""From whatever `fit` is given to rounds: batches of shape `(n, steps, ...)`.

A round takes `steps` batches of `n` images, all fresh (arXiv:1701.07875, Algorithm 1). They are
stacked on the second axis, so that the first is what data-parallel engines split, and step i
is `batch[:, i]`. What does not fill a round is left for the next or dropped at the end.
"""

import typing

import keras
import numpy as np

from kgan.models.checks import check_images

DEFAULT_BATCH_SIZE = 32


class Plan(typing.NamedTuple):
    """What `fit` hands to Keras."""

    data: object
    batch_size: int
    set_epoch: object = None
    steps_per_epoch: int = None
    validation_data: tuple = None


def plan(
    x, y, *, batch_size, steps, shuffle, seed, replicas, validation_split, steps_per_epoch,
    epochs, image_shape,
):  # fmt: skip
    """Chooses how to make rounds of `x` by what it is. See `GAN.fit` for the arguments."""
    if is_array(x):
        batch_size = batch_size or DEFAULT_BATCH_SIZE
        made = from_arrays(
            x, y, batch_size, steps, shuffle, seed, validation_split, steps_per_epoch, image_shape
        )
    else:
        refuse(y is not None, "y goes with arrays: this data brings its own conditions")
        refuse(batch_size is not None, "batch_size goes with arrays: this data has its own")
        refuse(validation_split, "validation_split goes with arrays: pass validation_data")
        if isinstance(x, keras.utils.PyDataset):
            made = from_py_dataset(x, steps)
        elif hasattr(x, "element_spec"):
            made = from_tf_dataset(x, steps)
        elif hasattr(x, "__next__"):
            refuse(
                epochs > 1 and steps_per_epoch is None,
                f"a generator does not say where an epoch ends: pass steps_per_epoch (epochs="
                f"{epochs})",
            )
            made = from_generator(x, steps)
        elif hasattr(x, "__iter__") and hasattr(x, "__len__") and not isinstance(x, (list, tuple)):
            made = from_loader(x, steps)
        else:
            raise ValueError(
                "fit takes an array, a tf.data.Dataset, a keras.utils.PyDataset, a torch "
                f"DataLoader or a generator of batches; got {type(x).__name__}"
            )
        made = made._replace(steps_per_epoch=steps_per_epoch)
    refuse(
        made.batch_size % replicas,
        f"batch_size={made.batch_size} must be a multiple of the {replicas} replicas",
    )
    return made


def refuse(condition, message):
    """Raises a ValueError if `condition` holds."""
    if condition:
        raise ValueError(message)


def is_array(x):
    """Whether `x` is a NumPy array or a tensor."""
    return hasattr(x, "shape") and hasattr(x, "__array__")


def with_epoch_hook(callbacks, set_epoch):
    """`callbacks` and one that tells the data which epoch begins."""
    if set_epoch is None:
        return callbacks
    hook = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: set_epoch(epoch))
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks.append(hook)
        return callbacks
    if isinstance(callbacks, keras.callbacks.Callback):
        callbacks = [callbacks]
    return [*(callbacks or ()), hook]


def as_tuple(batch):
    """A batch as `(images,)` or `(images, condition)`."""
    return tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)


def size(batch):
    """How many examples a batch has."""
    return int(keras.tree.flatten(batch)[0].shape[0])


def stack(batches, steps):
    """Joins batches, whose images together fill a round, into one of shape `(n, steps, ...)`."""

    def join(*arrays):
        flat = np.concatenate([keras.ops.convert_to_numpy(a) for a in arrays])
        return np.moveaxis(flat.reshape(steps, -1, *flat.shape[1:]), 0, 1)

    return keras.tree.map_structure(join, *batches)


def check_enough(images, batch_size, steps):
    """Refuses data that does not fill one round."""
    refuse(
        images < batch_size * steps,
        f"{images} images do not fill one round: pass at least {batch_size * steps} "
        f"(batch_size={batch_size} for each of discriminator_steps={steps}), or fewer of either",
    )


# -- arrays --------------------------------------------------------------------------------------


class ArrayRounds(keras.utils.PyDataset):
    """Rounds of arrays, in an order that is a function of seed and epoch alone."""

    def __init__(self, arrays, batch_size, steps, shuffle, seed, rounds=None):
        super().__init__()
        self.arrays = arrays
        self.shape = (steps, batch_size)
        self.shuffle = shuffle
        self.seed = seed
        self.examples = size(arrays)
        self.rounds_in_pass = self.examples // (batch_size * steps)
        self.rounds = rounds or self.rounds_in_pass
        self.epoch = 0
        self.order = (None, None)

    def __len__(self):
        return self.rounds

    def set_epoch(self, epoch):
        """Chooses the order of an epoch."""
        self.epoch = epoch

    def permutation(self, number):
        """The order of the `number`-th pass over the data."""
        if not self.shuffle:
            return np.arange(self.examples)
        if self.order[0] != number:
            order = np.random.default_rng((self.seed, number)).permutation(self.examples)
            self.order = (number, order)
        return self.order[1]

    def __getitem__(self, index):
        number, index = divmod(self.epoch * self.rounds + index, self.rounds_in_pass)
        images = self.shape[0] * self.shape[1]
        chosen = self.permutation(number)[index * images : (index + 1) * images]
        chosen = chosen.reshape(self.shape).T
        return tuple(array[chosen] for array in self.arrays)


def from_arrays(
    x, y, batch_size, steps, shuffle, seed, validation_split, steps_per_epoch, image_shape
):
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
    data = ArrayRounds(arrays, batch_size, steps, shuffle, seed, steps_per_epoch)
    return Plan(data, batch_size, data.set_epoch, None, validation)


# -- data sets that make batches themselves --------------------------------------------------------


class PyDatasetRounds(keras.utils.PyDataset):
    """Rounds of another `PyDataset`'s batches."""

    def __init__(self, inner, steps, batches):
        super().__init__(
            workers=inner.workers,
            use_multiprocessing=inner.use_multiprocessing,
            max_queue_size=inner.max_queue_size,
        )
        self.inner = inner
        self.steps = steps
        self.batches = batches

    @property
    def num_batches(self):
        """How many rounds there are, None if without end."""
        return None if self.batches is None else self.batches // self.steps

    def __getitem__(self, index):
        first = index * self.steps
        return stack([as_tuple(self.inner[first + i]) for i in range(self.steps)], self.steps)

    def on_epoch_begin(self):
        """Tells the inner data set."""
        self.inner.on_epoch_begin()

    def on_epoch_end(self):
        """Tells the inner data set."""
        self.inner.on_epoch_end()


def from_py_dataset(dataset, steps):
    """Rounds of a `PyDataset`, whose last batch is dropped if it is smaller."""
    batch_size = size(dataset[0])
    batches = dataset.num_batches
    if batches is not None:
        batches -= size(dataset[batches - 1]) < batch_size
        check_enough(batches * batch_size, batch_size, steps)
    data = PyDatasetRounds(dataset, steps, batches)
    return Plan(data, batch_size, getattr(dataset, "set_epoch", None))


def from_tf_dataset(dataset, steps):
    """Rounds of a `tf.data.Dataset` of batches."""
    import tensorflow as tf

    batch_size = keras.tree.flatten(dataset.element_spec)[0].shape[0]
    ragged = batch_size is None
    if ragged:
        batch_size = size(next(iter(dataset.take(1))))
    images = batch_size * steps

    def stacked(*batch):
        def split(t):
            t = tf.reshape(t, tf.concat([[steps, batch_size], tf.shape(t)[1:]], 0))
            return tf.experimental.numpy.moveaxis(t, 0, 1)

        shapes = tf.nest.map_structure(lambda t: t.shape[1:], batch)
        batch = tf.nest.map_structure(split, batch)
        return tf.nest.map_structure(
            lambda t, s: tf.ensure_shape(t, [batch_size, steps, *s]), batch, shapes
        )

    data = dataset.rebatch(images, drop_remainder=True).map(stacked)
    batches = int(dataset.cardinality())
    if batches >= 0:
        # The last batch may hold a single image, where the batch size is not static.
        rounds = (batches - 1 if ragged else batches) // steps
        check_enough(rounds * images, batch_size, steps)
        data = data.take(rounds).apply(tf.data.experimental.assert_cardinality(rounds))
    return Plan(data.prefetch(2), batch_size)


def joined(batches, images, steps):
    """Rounds of a stream of batches of any sizes; what is too much is kept for the next."""
    held, count = [], 0
    for batch in batches:
        held.append(keras.tree.map_structure(keras.ops.convert_to_numpy, as_tuple(batch)))
        count += size(batch)
        while count >= images:
            flat = keras.tree.map_structure(lambda *a: np.concatenate(a), *held)
            yield stack([keras.tree.map_structure(lambda a: a[:images], flat)], steps)
            count -= images
            held = [keras.tree.map_structure(lambda a: a[images:], flat)]


def from_generator(generator, steps):
    """Rounds of a generator of batches; the first one says how many images a step takes."""
    first = next(generator, None)
    refuse(first is None, "the generator gave no batch")

    def batches():
        yield first
        yield from generator

    return Plan(joined(batches(), size(first) * steps, steps), size(first))


class LoaderRounds(keras.utils.PyDataset):
    """Rounds of something that can be iterated again and again, such as a torch `DataLoader`."""

    def __init__(self, loader, batch_size, steps):
        super().__init__()
        self.loader = loader
        self.images = batch_size * steps
        self.steps = steps
        self.stream = None

    def __len__(self):
        # All batches but the last are known to be full.
        return max(1, (len(self.loader) - 1) // self.steps)

    def __getitem__(self, index):
        if index == 0:
            self.stream = joined(iter(self.loader), self.images, self.steps)
        return next(self.stream)


def from_loader(loader, steps):
    """Rounds of a loader of batches; the first one says how many images a step takes."""
    batch_size = size(next(iter(loader)))
    check_enough(len(loader) * batch_size, batch_size, steps)
    return Plan(LoaderRounds(loader, batch_size, steps), batch_size)
