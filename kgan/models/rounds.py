"""From whatever `fit` is given to rounds: batches of shape `(n, steps, ...)`.

A round takes `steps` batches of `n` images, all fresh (arXiv:1701.07875, Algorithm 1). They are
stacked on the second axis, so that the first is what data-parallel engines split, and step i
is `batch[:, i]`. What does not fill a round is left for the next or dropped at the end.
"""

import atexit
import contextlib
import functools
import gc
import itertools
import sys
import warnings

import keras
import numpy as np

from kgan.models.batches import (
    Plan,
    as_arrays,
    check_enough,
    check_following,
    first_batch,
    gather,
    is_array,
    refuse,
    size,
    stack,
    whole_rounds,
)
from kgan.models.checks import check_integer
from kgan.models.seeded import EpochRounds, FollowRounds, SeededRounds, from_arrays, from_stream

DEFAULT_BATCH_SIZE = 32
ENDLESS = "the data has no end: pass steps_per_epoch"
NOT_A_LOADER = (list, tuple, dict, str)


def plan(
    x, y, *, batch_size, steps, shuffle, seed, replicas, validation_split, steps_per_epoch,
    epochs, image_shape, check_conditions,
):  # fmt: skip
    """Chooses how to make rounds of `x` by what it is.

    `check_conditions(conditions, n)`, None without conditions, is asked about every batch of a
    loader or a generator; see `GAN.fit` for the other arguments.
    """
    if keras.backend.backend() == "tensorflow":
        free_pipelines_at_exit()
    if is_array(x):
        batch_size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
        batch_size = check_integer("batch_size", batch_size, 1)
        made = from_arrays(x, y, batch_size, steps, shuffle, seed, validation_split, image_shape)
    else:
        if isinstance(x, NOT_A_LOADER):
            raise unsupported(x)
        refuse(y is not None, "y goes with arrays: this data brings its own conditions")
        refuse(batch_size is not None, "batch_size goes with arrays: this data has its own")
        refuse(validation_split, "validation_split goes with arrays: pass validation_data")
        if isinstance(x, keras.utils.PyDataset):
            refuse(x.num_batches is None and steps_per_epoch is None, ENDLESS)
            made = from_py_dataset(x, steps, image_shape)
        elif hasattr(x, "stream"):
            made = from_stream(x.stream, steps, image_shape)
        elif hasattr(x, "element_spec"):
            # -1 is TensorFlow's INFINITE_CARDINALITY.
            refuse(int(x.cardinality()) == -1 and steps_per_epoch is None, ENDLESS)
            made = from_tf_dataset(x, steps, image_shape)
        elif hasattr(x, "__next__"):
            refuse(
                epochs > 1 and steps_per_epoch is None,
                f"a generator does not say where an epoch ends: pass steps_per_epoch (epochs="
                f"{epochs})",
            )
            made = from_generator(x, steps, image_shape, check_conditions)
        elif is_loader(x):
            if steps_per_epoch is None:
                refuse(not has_length(x), ENDLESS)
                made = from_loader(x, steps, image_shape, check_conditions)
            else:
                # An epoch goes on where the one before ended, whatever the loader's length.
                made = from_generator(again_and_again(x), steps, image_shape, check_conditions)
        else:
            raise unsupported(x)
    if steps_per_epoch is not None:
        if isinstance(made.data, SeededRounds):
            made.data.rounds = steps_per_epoch
        else:
            made = made._replace(steps_per_epoch=steps_per_epoch)
    refuse(
        made.batch_size % replicas,
        f"batch_size={made.batch_size} must be a multiple of the {replicas} replicas",
    )
    return made


def is_loader(x):
    """Whether `x` can be iterated again and again, such as a torch `DataLoader`."""
    known = isinstance(x, (*NOT_A_LOADER, keras.utils.PyDataset)) or hasattr(x, "element_spec")
    return hasattr(x, "__iter__") and hasattr(x, "__len__") and not known and not is_array(x)


def has_length(loader):
    """Whether a loader knows how many batches it has; one of an `IterableDataset` does not."""
    try:
        len(loader)
    except TypeError:
        return False
    return True


def again_and_again(loader):
    """A loader's batches without end."""
    while True:
        empty = True
        for batch in loader:
            empty = False
            yield batch
        if empty:
            return


def unsupported(x):
    """The error of what `fit` cannot take."""
    if hasattr(x, "__getitem__") and hasattr(x, "__len__") and not isinstance(x, NOT_A_LOADER):
        return ValueError(
            f"fit takes batches, and a {type(x).__name__} gives single images: pass a "
            "torch.utils.data.DataLoader of it, or an array"
        )
    return ValueError(
        "fit takes an array, a tf.data.Dataset, a keras.utils.PyDataset, a torch DataLoader or a "
        f"generator of batches; got {type(x).__name__} (np.stack makes an array of a list of "
        "images, kgan.data.load a data set from a name, a folder or an .npz file)"
    )


def length(plan):
    """How many rounds an epoch has, None where that is not known beforehand."""
    if plan.steps_per_epoch is not None:
        return plan.steps_per_epoch
    if isinstance(plan.data, keras.utils.PyDataset):
        return plan.data.num_batches
    if hasattr(plan.data, "cardinality") and int(plan.data.cardinality()) >= 0:
        return int(plan.data.cardinality())
    return None


def for_evaluation(x):
    """What Keras is given of data to measure on: it takes a batch of images for several arrays."""
    if hasattr(x, "__next__"):
        return (as_arrays(batch) for batch in x)
    if is_loader(x) and has_length(x):
        return Again(lambda: map(as_arrays, x), len(x))
    return x


def for_keras(data):
    """What Keras is given of a plan's data, whose epoch it makes ready when it begins."""
    if isinstance(data, SeededRounds) and keras.backend.backend() == "tensorflow":
        return data.dataset()
    return data


@functools.cache
def free_pipelines_at_exit():
    """Has what feeds TensorFlow from Python freed while Python's threads still run.

    Where an epoch is left early, Keras's iterator is part of a reference cycle or of an error's
    traceback. Freed later, by the interpreter's end, it waits for its thread that reads ahead; that
    thread calls the data set's Python code and waits for the interpreter: the process hangs.
    """
    atexit.register(free_pipelines)


def free_pipelines():
    """Frees iterators that nothing uses, among them those of an error that ended the program."""
    # Python does the same with these names, but only after its threads have been halted.
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        vars(sys).pop(name, None)
    gc.collect()


def check_callbacks(callbacks):
    """Refuses a callback of Keras that watches what no GAN logs, and would do nothing.

    Raises:
        ValueError: If there is one.
    """
    listed = getattr(callbacks, "callbacks", callbacks)
    for callback in listed if isinstance(listed, list | tuple) else [listed]:
        if type(callback) is keras.callbacks.TerminateOnNaN:
            raise ValueError(
                "keras.callbacks.TerminateOnNaN watches one `loss`, and a GAN has two: use "
                "kgan.callbacks.TerminateOnNaN"
            )


@contextlib.contextmanager
def with_callbacks(callbacks, more):
    """Yields `callbacks`, whatever `fit` was given, with `more` of them before.

    A `CallbackList` is given back as it was.
    """
    if not isinstance(callbacks, keras.callbacks.CallbackList):
        yield [*more, *keras.tree.flatten(callbacks or [])]
        return
    given = callbacks.callbacks
    for callback in more:
        callback.set_model(callbacks.model)
        callback.set_params(callbacks.params)
    callbacks.callbacks = [*more, *given]
    try:
        yield callbacks
    finally:
        callbacks.callbacks = given


class PyDatasetRounds(keras.utils.PyDataset):
    """Rounds of a `PyDataset` that keeps its order to itself."""

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
        return gather(self.inner, index, self.steps)

    def on_epoch_begin(self):
        """Tells the inner data set."""
        self.inner.on_epoch_begin()

    def on_epoch_end(self):
        """Tells the inner data set."""
        self.inner.on_epoch_end()


def from_py_dataset(dataset, steps, image_shape):
    """Rounds of a `PyDataset`, whose last batch is dropped if it is smaller."""
    batch_size = size(first_batch(iter([dataset[0]]), image_shape))
    batches = dataset.num_batches
    if batches is not None:
        batches -= size(dataset[batches - 1]) < batch_size
        check_enough(batches * batch_size, batch_size, steps)
        if hasattr(dataset, "set_epoch"):
            data = EpochRounds(dataset, steps, batches, batch_size)
            return Plan(data, batch_size, (FollowRounds(data),))
    return Plan(PyDatasetRounds(dataset, steps, batches), batch_size)


def from_tf_dataset(dataset, steps, image_shape):
    """Rounds of a `tf.data.Dataset` of batches."""
    import tensorflow as tf

    shape = keras.tree.flatten(dataset.element_spec)[0].shape
    refuse(
        shape.rank is not None and shape.rank != len(image_shape) + 1,
        f"the discriminator takes images of shape {tuple(image_shape)}, and the data set's "
        f"elements have shape {tuple(shape)}: batch it (dataset.batch(...))",
    )
    batch_size = shape[0] if shape.rank else None
    ragged = batch_size is None
    if ragged:
        batch_size = size(first_batch(iter(dataset.take(1)), image_shape))
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
        rounds = whole_rounds(dataset, batches, ragged, batch_size, steps)
        data = data.take(rounds).apply(tf.data.experimental.assert_cardinality(rounds))
    return Plan(data.prefetch(2), batch_size)


def joined(batches, images, steps, check_conditions):
    """Rounds of a stream of batches of any sizes; what is too much is kept for the next."""
    held, count, first = [], 0, None
    for batch in batches:
        batch = as_arrays(batch)
        first = batch if first is None else first
        check_following(batch, first)
        if check_conditions is not None:
            check_conditions(batch[1], size(batch))
        held.append(batch)
        count += size(batch)
        while count >= images:
            flat = keras.tree.map_structure(lambda *a: np.concatenate(a), *held)
            yield stack([keras.tree.map_structure(lambda a: a[:images], flat)], steps)
            count -= images
            held = [keras.tree.map_structure(lambda a: a[images:], flat)]


def from_generator(generator, steps, image_shape, check_conditions):
    """Rounds of a generator of batches; the first one says how many images a step takes."""
    first = first_batch(generator, image_shape)
    batches = itertools.chain([first], generator)
    end = StopAtEnd()
    rounds = joined(batches, size(first) * steps, steps, check_conditions)
    return Plan(end.count(rounds), size(first), (end,))


class StopAtEnd(keras.callbacks.Callback):
    """Ends `fit` with the epoch in which a generator ends.

    Keras keeps a generator's first batches, and would play every further epoch with them alone.
    """

    def __init__(self):
        super().__init__()
        self.given, self.ended, self.before = 0, False, None

    def count(self, rounds):
        """The same rounds, counted; each is held back until it is known whether it is the last."""
        held = next(rounds, None)
        for following in rounds:
            self.given += 1
            yield held
            held = following
        self.ended = True
        if held is not None:
            self.given += 1
            yield held

    def on_epoch_begin(self, epoch, logs=None):
        """Notes how many rounds were played before the first one."""
        if self.before is None:
            self.before = int(keras.ops.convert_to_numpy(self.model.rounds))

    def on_epoch_end(self, epoch, logs=None):
        """Stops when all rounds were played."""
        played = int(keras.ops.convert_to_numpy(self.model.rounds)) - self.before
        if self.ended and played >= self.given:
            self.model.stop_training = True
            if epoch + 1 < self.params["epochs"]:
                warnings.warn(
                    f"the generator ended after {played} rounds, so training ends after epoch "
                    f"{epoch + 1} of {self.params['epochs']}: fit takes one that yields on and on",
                    stacklevel=2,
                )


class Again(keras.utils.PyDataset):
    """What can be iterated again and again, begun anew in every epoch.

    Args:
        begin: A function without arguments that returns an iterator of batches.
        length: How many of them there are.
    """

    def __init__(self, begin, length):
        super().__init__()
        self.begin = begin
        self.length = length
        self.iterator = None

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        if index == 0:
            self.iterator = self.begin()
        return next(self.iterator)


def from_loader(loader, steps, image_shape, check_conditions):
    """Rounds of a loader of batches; the first one says how many images a step takes."""
    batch_size = size(first_batch(iter(loader), image_shape))
    ragged = not getattr(loader, "drop_last", False)
    if ragged and getattr(loader, "batch_size", None) and hasattr(loader, "sampler"):
        # PyTorch makes the batches itself, and it is known whether they divide what it draws.
        ragged = len(loader.sampler) % loader.batch_size > 0
    rounds = whole_rounds(loader, len(loader), ragged, batch_size, steps)

    def begin():
        return joined(iter(loader), batch_size * steps, steps, check_conditions)

    return Plan(Again(begin, rounds), batch_size)
