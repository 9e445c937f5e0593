"""Metric objects: the same numbers as the functions, in batches of any size, real side cached."""

import keras
import numpy as np
import pytest

import kgan
from kgan import metrics

R = np.random.RandomState(0)
REAL = R.randint(0, 256, (60, 6, 6, 1), "uint8")
FAKE = R.randint(30, 200, (50, 6, 6, 1), "uint8")


def pixels(images):
    """A plain callable as extractor: 6 features of an image."""
    assert images.dtype == np.uint8
    return images.reshape(len(images), 6, -1).mean(axis=2) / 255


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6, 6, 1))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Flatten()(x)
    return keras.Model(inputs, keras.layers.Dense(5, activation="softmax")(x))


def feed(metric, cuts, keep=False):
    metric.reset_state(keep_real=keep)
    if not keep:
        for part in np.split(REAL, [7, 8, 40]):
            metric.update_state(part, real=True)
    for part in np.split(FAKE, cuts):
        metric.update_state(part)
    return metric.result()


EXPECTED = [
    (metrics.FrechetInceptionDistance(pixels), metrics.frechet_distance),
    (
        metrics.KernelInceptionDistance(pixels, subsets=3, subset_size=20),
        lambda x, y: dict(
            zip(("mean", "std"), metrics.kernel_distance_subsets(x, y, 3, 20), strict=True)
        ),
    ),
    (
        metrics.KernelInceptionDistance(pixels, subsets=None, name="full"),
        lambda x, y: {"mean": metrics.kernel_distance(x, y), "std": 0},
    ),
    (metrics.PrecisionRecall(pixels, k=3), lambda x, y: metrics.prdc(x, y, k=3)),
    (metrics.SlicedWassersteinDistance(pixels), metrics.sliced_wasserstein),
]


@pytest.mark.parametrize("metric, function", EXPECTED, ids=lambda x: getattr(x, "name", ""))
def test_equals_the_function_whatever_the_batches(metric, function):
    expected = pytest.approx(function(pixels(REAL), pixels(FAKE)), rel=1e-4, abs=1e-6)
    assert feed(metric, [1, 20]) == expected
    assert feed(metric, [49], keep=True) == expected
    metric.reset_state()
    with pytest.raises(ValueError, match="has seen no real images"):
        metric.result()


def test_keras_model_as_extractor_is_given_pixels(model):
    fid = metrics.FrechetInceptionDistance(model, batch_size=16)
    with np.errstate(all="ignore"):
        real, fake = (keras.ops.convert_to_numpy(model(x.astype("float32"))) for x in (REAL, FAKE))
    assert feed(fid, [3]) == pytest.approx(metrics.frechet_distance(real, fake), rel=1e-3)


def test_grey_images_are_repeated_for_a_model_of_colour_images():
    inputs = keras.Input((6, 6, 3))
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(inputs))
    expected = np.repeat(REAL.mean(axis=(1, 2)), 3, axis=1)
    np.testing.assert_allclose(metrics.Extractor(model)(REAL), expected, rtol=1e-5)


def test_functions_take_tensors_of_the_backend():
    x, y = pixels(REAL).astype("float32"), pixels(FAKE).astype("float32")
    tensors = [keras.ops.convert_to_tensor(z) for z in (x, y)]
    for function in (metrics.frechet_distance, metrics.kernel_distance, metrics.prdc):
        assert function(*tensors) == function(x, y)


def test_extractor_must_return_rows(model):
    flat = metrics.FrechetInceptionDistance(lambda x: x)
    with pytest.raises(ValueError, match=r"features \(n, d\)"):
        flat.update_state(REAL)
    maps = keras.Model(model.input, model.layers[1].output)
    with pytest.raises(ValueError, match=r"features \(n, d\)"):
        metrics.FrechetInceptionDistance(maps).update_state(REAL)
    with pytest.raises(TypeError, match="got str"):
        metrics.FrechetInceptionDistance("inception")


class Counted:
    """An extractor that counts the images it was given."""

    digest = "counted-1"

    def __init__(self):
        self.seen = 0

    def __call__(self, images):
        self.seen += len(images)
        return pixels(images)


def test_real_features_are_cached_by_data_and_extractor(tmp_path):
    extractor = Counted()
    first = metrics.FrechetInceptionDistance(extractor)
    first.adapt(REAL, cache=tmp_path)
    assert extractor.seen == 60
    again = metrics.PrecisionRecall(extractor)
    again.adapt([REAL[:11], (REAL[11:], np.zeros(49))], cache=tmp_path)
    assert extractor.seen == 60
    np.testing.assert_allclose(again.features(True), pixels(REAL), rtol=1e-6)
    other = REAL.copy()
    other[0, 0, 0, 0] ^= 1
    first.adapt(other, cache=tmp_path)
    assert extractor.seen == 120
    extractor.digest = "counted-2"
    first.adapt(REAL, cache=tmp_path)
    assert extractor.seen == 180
    first.update_state(FAKE)
    expected = metrics.frechet_distance(pixels(REAL), pixels(FAKE))
    assert first.result() == pytest.approx(expected, rel=1e-4)


def test_real_set_may_be_a_kgan_dataset(tmp_path):
    labels = np.arange(60) % 3
    dataset = kgan.data.ImageDataset(REAL, labels, batch_size=7, augment="horizontal_flip")
    extractor = Counted()
    metric = metrics.IntraClassFrechetDistance(extractor)
    metric.adapt(dataset, cache=tmp_path)
    metric.adapt([(REAL, labels)], cache=tmp_path)
    assert extractor.seen == 60
    np.testing.assert_allclose(metric.features(True), pixels(REAL), rtol=1e-6)
    metric.update_state(REAL, labels=labels)
    assert metric.result() == pytest.approx(0, abs=1e-9)


def test_cache_refuses_what_it_cannot_name(tmp_path):
    with pytest.raises(ValueError, match="attribute `digest`"):
        metrics.FrechetInceptionDistance(pixels).adapt(REAL, cache=tmp_path)
    once = (part for part in np.split(REAL, 4))
    with pytest.raises(ValueError, match="second time"):
        metrics.FrechetInceptionDistance(Counted()).adapt(once, cache=tmp_path)
    assert not list(tmp_path.glob("*.npy"))


def test_cache_lives_in_kgan_home(tmp_path, monkeypatch, model):
    monkeypatch.setenv("KGAN_HOME", str(tmp_path))
    metrics.FrechetInceptionDistance(model).adapt(REAL, cache=True)
    assert len(list((tmp_path / "features").glob("*.npy"))) == 1
    before = metrics.Extractor(model).digest
    model.set_weights([w + 1 for w in model.get_weights()])
    assert metrics.Extractor(model).digest != before


def test_intra_class_distance_needs_labels():
    metric = metrics.IntraClassFrechetDistance(pixels)
    y, z = np.arange(60) % 2, np.arange(50) % 2
    metric.adapt([(REAL[:30], y[:30]), (REAL[30:], y[30:])])
    metric.update_state(FAKE[:9], labels=z[:9])
    metric.update_state(FAKE[9:], labels=z[9:])
    found = metrics.intra_class_frechet(pixels(REAL), y, pixels(FAKE), z)
    assert metric.result() == pytest.approx(np.mean(list(found.values())), rel=1e-4)
    with pytest.raises(ValueError, match="needs labels"):
        metric.update_state(FAKE)


def test_metrics_of_a_classifier(model):
    probabilities = model.predict(FAKE.astype("float32"), verbose=0)
    score = metrics.InceptionScore(model, splits=4)
    accuracy = metrics.ClassAccuracy(model)
    labels = np.arange(50) % 5
    for part in (slice(0, 13), slice(13, 50)):
        score.update_state(FAKE[part])
        accuracy.update_state(FAKE[part], labels=labels[part])
    expected = dict(zip(("mean", "std"), metrics.inception_score(probabilities, 4), strict=True))
    assert score.result() == pytest.approx(expected, rel=1e-4)
    assert score.logs().keys() == {"inception_score_mean", "inception_score_std"}
    assert score.monitor == "inception_score_mean"
    assert accuracy.result() == metrics.class_accuracy(probabilities, labels)
    with pytest.raises(ValueError, match="generated images only"):
        score.update_state(REAL, real=True)


@pytest.mark.parametrize("cuts", [[], [1, 4, 5], [7]])
def test_similarity_pairs_consecutive_images_across_batches(cuts):
    images = R.randint(0, 256, (9, 16, 16, 1), "uint8")
    metric = metrics.MultiScaleSimilarity(scales=1)
    with pytest.raises(ValueError, match="no generated images"):
        metric.result()
    for part in np.split(images, cuts):
        metric.update_state(part)
    expected = metrics.ms_ssim(images[:8:2], images[1:8:2], scales=1).mean()
    assert metric.result() == pytest.approx(expected)


def test_collection_runs_a_shared_extractor_once(model):
    extractor = Counted()
    collection = metrics.MetricCollection(
        [
            metrics.FrechetInceptionDistance(extractor),
            metrics.PrecisionRecall(extractor),
            metrics.InceptionScore(model),
        ]
    )
    collection.update_state(REAL, real=True)
    collection.update_state(FAKE)
    assert extractor.seen == 110
    result = collection.result()
    assert result["fid"] == pytest.approx(
        metrics.frechet_distance(pixels(REAL), pixels(FAKE)), rel=1e-6
    )
    assert {"prdc_precision", "prdc_recall", "inception_score_mean"} < result.keys()
    assert (collection.monitor, collection.mode) == ("fid", "min")
    collection.reset_state(keep_real=True)
    collection.update_state(FAKE)
    assert collection.result() == result
    with pytest.raises(ValueError, match="different names"):
        metrics.MetricCollection([metrics.PrecisionRecall(pixels)] * 2)


def test_the_digest_does_not_depend_on_what_was_built_before():
    def built():
        keras.utils.set_random_seed(0)
        pixels = keras.Input((4, 4, 1))
        return keras.Model(pixels, keras.layers.Flatten()(keras.layers.Conv2D(2, 3)(pixels)))

    first, second = built(), built()
    assert [layer.name for layer in first.layers] != [layer.name for layer in second.layers]
    assert metrics.Extractor(first).digest == metrics.Extractor(second).digest
