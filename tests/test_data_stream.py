"""Passes that are read from disk: functions of the seed and their number, begun anywhere."""

import keras
import numpy as np
import pytest
import tiny

from kgan import data
from kgan.data.stream import ImageStream

tf = pytest.importorskip("tensorflow")

N = 11


def stream(n=N, *, decode=lambda image: (image,), **kwargs):
    """A stream of `tiny.images`, of which the first pixel says which they are."""
    images = tiny.images(n)

    def examples(seed):
        # Two files, of which the seed decides which comes first.
        order = tf.range(n, dtype=tf.int64)
        if seed is not None:
            order = tf.roll(order, tf.where(seed % 2 == 0, n // 2, 0), 0)
        return tf.data.Dataset.from_tensor_slices(order).map(lambda i: tf.constant(images)[i])

    settings = dict(batch_size=2, shuffle=True, seed=3, drop_remainder=True, augment="flip")
    return ImageStream(
        examples, decode, num_images=n, image_shape=tiny.SHAPE, buffer=4, **settings | kwargs
    )


def pixels(dataset):
    return [batch[0].numpy() for batch in dataset]


def which(images):
    """The numbers of images, be they flipped or not."""
    known = tiny.images(N)
    sides = (known, known[:, :, ::-1])
    known = {image.tobytes(): i for side in sides for i, image in enumerate(side)}
    return [known[image.tobytes()] for image in data.to_uint8(images)]


def test_a_pass_holds_each_image_once():
    dataset = stream(drop_remainder=False).dataset()
    passes = [which(np.concatenate(pixels(dataset))) for _ in range(4)]
    for order in passes:
        assert sorted(order) == list(range(N))
    assert len({tuple(order) for order in passes}) == 4
    # What does not fill a batch is not always the same image.
    dataset = stream().dataset()
    left_out = [set(range(N)).difference(which(np.concatenate(pixels(dataset)))) for _ in range(8)]
    assert all(len(images) == 1 for images in left_out)
    assert len(set.union(*left_out)) > 1


def test_iterations_are_passes_whatever_the_global_seed():
    wanted = [pixels(stream().one_pass(p)) for p in range(3)]
    for seed in (0, 1):
        keras.utils.set_random_seed(seed)
        dataset = stream().dataset()
        for one_pass in wanted:
            np.testing.assert_array_equal(pixels(dataset), one_pass)
    assert (wanted[0][0] != wanted[1][0]).any()
    assert (pixels(stream(seed=4).one_pass(0))[0] != wanted[0][0]).any()
    # Of any size, as everywhere in kgan.
    assert len(pixels(stream(seed=2**70).one_pass(0))) == N // 2


def test_it_is_an_ordinary_dataset():
    dataset = stream(drop_remainder=False).dataset()
    assert isinstance(dataset, tf.data.Dataset)
    assert int(dataset.cardinality()) == 6
    assert dataset.element_spec[0].shape.as_list() == [None, *tiny.SHAPE]
    assert [len(batch) for batch in pixels(dataset.take(9))] == [2, 2, 2, 2, 2, 1]
    assert len(pixels(dataset.map(lambda x: (x,)).repeat(2))) == 12
    assert stream().dataset().element_spec[0].shape.as_list() == [2, *tiny.SHAPE]


def test_named_flips_are_drawn_anew_in_every_pass():
    plain = stream(shuffle=False, augment=None, drop_remainder=False)
    flipped = stream(shuffle=False, drop_remainder=False).dataset()
    stored = np.concatenate(pixels(plain.one_pass(0)))
    assert which(stored) == list(range(N))
    np.testing.assert_array_equal(stored, np.concatenate(pixels(plain.one_pass(1))))
    turned = [(np.concatenate(pixels(flipped)) != stored).any(axis=(1, 2, 3)) for _ in range(10)]
    # 110 fair coins lie within four standard deviations.
    assert abs(np.mean(turned) - 0.5) < 4 * 0.5 / np.sqrt(np.size(turned))
    assert len({tuple(t) for t in turned}) == 10


def test_passes_begin_anywhere():
    passes = stream().dataset()
    straight = np.concatenate([pixels(passes.take(4)) for _ in range(5)])
    starts = [0, 1, 4, 5, 13]
    left = iter(starts)
    dataset = stream().passes(lambda: next(left), batches=4).take(6)
    for start in starts:
        np.testing.assert_array_equal(pixels(dataset), straight[start : start + 6])


def test_what_is_skipped_is_not_decoded():
    decoded = []

    def decode(image):
        noted = tf.numpy_function(lambda x: decoded.append(x) or x, [image], image.dtype)
        return (tf.ensure_shape(noted, tiny.SHAPE),)

    late = next(iter(stream(decode=decode, augment=None).passes(lambda: 3, 5)))
    np.testing.assert_array_equal(data.to_uint8(late[0])[0], decoded[0])
