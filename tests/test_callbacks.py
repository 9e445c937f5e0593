import csv
import json

import keras
import numpy as np
import PIL.Image
import pytest
import tiny

import kgan
from kgan import callbacks


def model():
    gan = kgan.GAN(*tiny.networks())
    gan.compile()
    return gan


def fit(gan, epochs, *listed, **kwargs):
    return gan.fit(
        tiny.images(12), batch_size=4, epochs=epochs, verbose=0, callbacks=[*listed], **kwargs
    )


def light_model(**kwargs):
    """Four weights, for what does not depend on images."""
    gan = kgan.GAN(*tiny.line())
    gan.compile(**kwargs)
    return gan


def fit_light(gan, epochs, *listed, **kwargs):
    """Epochs of three rounds."""
    numbers = tiny.column(*range(-6, 6)) / 6
    return gan.fit(numbers, batch_size=4, epochs=epochs, verbose=0, callbacks=[*listed], **kwargs)


def test_sample_grid_shows_the_same_latents_over_time(tmp_path):
    gan = model()
    before = gan.sample(9, seed=4)
    fit(gan, 4, callbacks.SampleGrid(tmp_path / "samples", rows=3, seed=4, every=2))
    files = sorted(path.name for path in (tmp_path / "samples").iterdir())
    # Named by the rounds played; there are three in an epoch.
    assert files == ["000000.png", "000006.png", "000012.png"]
    for name, images in (("000000.png", before), ("000012.png", gan.sample(9, seed=4))):
        picture = np.asarray(PIL.Image.open(tmp_path / "samples" / name))
        np.testing.assert_array_equal(picture, kgan.data.grid(images, columns=3)[:, :, 0])


def test_drawing_a_grid_does_not_change_training(tmp_path):
    trained = []
    for listed in ([], [callbacks.SampleGrid(tmp_path, rows=2)]):
        gan = model()
        fit(gan, 2, *listed)
        trained.append(gan.get_weights())
    for without, drawn in zip(*trained):
        np.testing.assert_array_equal(without, drawn)


def test_stop_at_rounds_counts_all_that_were_played():
    gan = light_model()
    fit_light(gan, 10, callbacks.StopAtRounds(4))
    assert int(gan.rounds) == 4
    fit_light(gan, 10, callbacks.StopAtRounds(9))
    assert int(gan.rounds) == 9


def test_checkpoint_replaces_a_file_only_by_a_complete_one(tmp_path, monkeypatch):
    gan = model()
    path = tmp_path / "folder" / "gan.keras"
    fit(gan, 1, callbacks.Checkpoint(path))
    assert int(keras.models.load_model(path).rounds) == 3

    def fail(self, filepath, **kwargs):
        filepath.write_bytes(b"half a file")
        raise OSError("disk full")

    monkeypatch.setattr(type(gan), "save", fail)
    with pytest.raises(OSError, match="disk full"):
        fit(gan, 1, callbacks.Checkpoint(path))
    assert int(keras.models.load_model(path).rounds) == 3


class Pixels:
    """Features that need no network: the mean pixel of each quarter of an image."""

    digest = "mean of each quarter"

    def __init__(self):
        self.images = 0

    def __call__(self, images):
        self.images += len(images)
        return images.reshape(len(images), 2, 4, 2, 4).mean(axis=(2, 4)).reshape(len(images), 4)


def frechet(extractor=None):
    return kgan.metrics.FrechetInceptionDistance(extractor or Pixels())


def test_stop_at_rounds_refuses_what_was_played_already():
    gan = light_model()
    fit_light(gan, 1)
    with pytest.raises(ValueError, match="has played 3 rounds already"):
        fit_light(gan, 1, callbacks.StopAtRounds(3))
    assert int(gan.rounds) == 3


@pytest.mark.parametrize("rounds", [2, 3, 4, 7])
def test_stop_at_rounds_is_exact_with_data_that_end_unforeseen(rounds):
    """Keras begins a round before it knows that there are no data for it."""
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices(tiny.column(*range(6))).batch(2)
    gan = kgan.GAN(*tiny.line())
    gan.compile()
    stop = callbacks.StopAtRounds(rounds)
    gan.fit(data.filter(lambda x: True), epochs=5, verbose=0, callbacks=[stop])
    assert int(gan.rounds) == rounds


def test_stop_at_rounds_leaves_the_stop_of_others():
    gan = light_model(steps_per_execution=10)
    early = keras.callbacks.EarlyStopping("d_loss", mode="min", patience=0, min_delta=1e9)
    # An epoch has three rounds, of which an execution takes as many as there are.
    fit_light(gan, 10, early, callbacks.StopAtRounds(9))
    assert int(gan.rounds) == 6


def test_what_kgan_train_calls_lets_jax_run_ahead():
    """Keras reads the logs of every round for a callback that acts as one ends."""
    plain = keras.callbacks.Callback
    for kind in (
        callbacks.StopAtRounds,
        callbacks.SampleGrid,
        callbacks.Checkpoint,
        callbacks.BestCheckpoint,
        callbacks.Evaluate,
        callbacks.files.HistoryFile,
        callbacks.files.Seconds,
        kgan.models.interrupt.StopOnInterrupt,
        kgan.models.growth.Grow,
    ):
        for hook in ("on_batch_end", "on_train_batch_end"):
            assert getattr(kind, hook) is getattr(plain, hook), (kind, hook)


@pytest.mark.parametrize("rounds", [2, 3, 5, 6])
def test_stop_at_rounds_is_exact_with_several_steps_an_execution(rounds):
    gan = light_model(steps_per_execution=2)
    # An epoch has three rounds: an execution of two and one of one.
    fit_light(gan, 10, callbacks.StopAtRounds(rounds))
    assert int(gan.rounds) == rounds


def test_stop_at_rounds_says_where_it_cannot_stop():
    gan = light_model(steps_per_execution=2)
    with pytest.raises(ValueError, match="4 rounds are left, and steps_per_execution=2"):
        fit_light(gan, 10, callbacks.StopAtRounds(4))
    assert int(gan.rounds) == 0


def test_evaluate_logs_what_the_metric_says_of_the_samples(tmp_path):
    gan, test = model(), tiny.images(40, seed=1)
    evaluate = callbacks.Evaluate(frechet(), test, n=20, seed=3, cache=tmp_path / "cache")
    logger = keras.callbacks.CSVLogger(tmp_path / "history.csv")
    history = fit(gan, 2, evaluate, logger).history
    expected = kgan.metrics.frechet_distance(Pixels()(test), Pixels()(gan.sample(20, seed=3)))
    assert history["fid"][1] == pytest.approx(expected, rel=1e-6)
    rows = list(csv.DictReader((tmp_path / "history.csv").open()))
    assert [float(row["fid"]) for row in rows] == history["fid"]


def test_evaluate_finds_the_real_features_in_its_cache(tmp_path):
    seen = []
    for _ in range(2):
        extractor = Pixels()
        fit(model(), 1, callbacks.Evaluate(frechet(extractor), tiny.images(40), 20, cache=tmp_path))
        seen.append(extractor.images)
    assert seen == [60, 20]


@pytest.mark.parametrize(("unit", "every"), [("epochs", 2), ("rounds", 5)])
def test_between_evaluations_the_entry_is_nan(unit, every, tmp_path):
    evaluate = callbacks.Evaluate(
        frechet(), tiny.images(40), n=20, every=every, unit=unit, cache=False
    )
    values = fit(model(), 5, evaluate).history["fid"]
    # Rounds played after each epoch: 3, 6, 9, 12, 15. The first epoch is always evaluated.
    expected = {"epochs": [0, 1, 3], "rounds": [0, 1, 3, 4]}[unit]
    assert [i for i, value in enumerate(values) if not np.isnan(value)] == expected


def test_evaluating_does_not_change_training():
    trained = []
    for listed in ([], [callbacks.Evaluate(frechet(), tiny.images(40), n=20, cache=False)]):
        gan = model()
        fit(gan, 2, *listed)
        trained.append(gan.get_weights())
    for without, evaluated in zip(*trained):
        np.testing.assert_array_equal(without, evaluated)


def test_evaluate_asks_a_conditional_model_for_the_labels_of_the_data():
    gan = kgan.ConditionalGAN(*tiny.networks(classes=tiny.CLASSES), classes=tiny.CLASSES)
    gan.compile()
    asked = []
    sample = gan.sample
    gan.sample = lambda n, condition, seed: asked.append(condition) or sample(n, condition, seed)
    test = kgan.data.ImageDataset(tiny.images(40), np.full(40, 2), batch_size=8)
    metric = [kgan.metrics.IntraClassFrechetDistance(Pixels()), frechet()]
    history = gan.fit(
        *tiny.data(gan), batch_size=8, verbose=0,
        callbacks=[callbacks.Evaluate(metric, test, n=50, cache=False)],
    ).history  # fmt: skip
    np.testing.assert_array_equal(asked, [np.full(50, 2)])
    # With one class only, both are the same.
    assert history["intra_fid"] == pytest.approx(history["fid"], rel=1e-4)


def test_evaluate_needs_real_images_for_what_compares_with_them():
    with pytest.raises(ValueError, match="pass held-out ones as `data`"):
        callbacks.Evaluate(frechet())
    with pytest.raises(ValueError, match="unit must be one of epochs, rounds"):
        callbacks.Evaluate(frechet(), tiny.images(4), unit="images")


class Scores(keras.callbacks.Callback):
    """Logs a given value an epoch, as `Evaluate` does what it measures."""

    def __init__(self, *values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["score"] = self.values[epoch]


def rounds_in(path):
    return int(keras.models.load_model(path).rounds)


@pytest.mark.parametrize(("mode", "best"), [("min", 2), ("max", 4)])
def test_the_best_and_the_last_model_are_kept(mode, best, tmp_path):
    gan, path = light_model(), tmp_path / "run" / "best.keras"
    checkpoint = callbacks.BestCheckpoint(path, "score", mode)
    fit_light(gan, 5, Scores(3.0, 1.0, float("nan"), 4.0, 2.0), checkpoint)
    assert rounds_in(path) == 3 * best
    assert rounds_in(tmp_path / "run" / "final.keras") == 15
    record = json.loads((tmp_path / "run" / "best.json").read_text())
    value = {"min": 1.0, "max": 4.0}[mode]
    assert record == {
        "monitor": "score", "mode": mode, "value": value, "epoch": best - 1, "rounds": 3 * best
    }  # fmt: skip


def test_a_resumed_run_remembers_its_best(tmp_path):
    path = tmp_path / "best.keras"
    fit_light(light_model(), 2, Scores(1.0, 3.0), callbacks.BestCheckpoint(path, "score", "min"))
    resumed = keras.models.load_model(tmp_path / "final.keras")
    scores = Scores(None, None, 2.0, 0.5)
    checkpoint = callbacks.BestCheckpoint(path, "score", "min")
    fit_light(resumed, 3, scores, checkpoint, initial_epoch=2)
    assert rounds_in(path) == 3
    fit_light(resumed, 4, scores, checkpoint, initial_epoch=3)
    assert rounds_in(path) == 12


def test_a_new_run_forgets_the_best_of_another(tmp_path):
    path = tmp_path / "best.keras"
    for score in (1.0, 2.0):
        checkpoint = callbacks.BestCheckpoint(path, "score", "min", final=False)
        fit_light(light_model(), 1, Scores(score), checkpoint)
        assert checkpoint.best == score
    assert not (tmp_path / "final.keras").exists()


def test_a_metric_says_by_what_and_which_way_the_best_is_chosen(tmp_path):
    metric = kgan.metrics.PrecisionRecall(Pixels(), k=2)
    checkpoint = callbacks.BestCheckpoint(tmp_path / "best.keras", metric)
    evaluate = callbacks.Evaluate(metric, tiny.images(40), n=20, cache=False)
    history = fit(model(), 3, evaluate, checkpoint).history
    assert checkpoint.best == max(history["prdc_coverage"])


def test_best_checkpoint_says_what_is_wrong(tmp_path):
    with pytest.raises(ValueError, match=r"put kgan\.callbacks\.Evaluate before it"):
        fit_light(light_model(), 1, callbacks.BestCheckpoint(tmp_path / "best.keras", "fid", "min"))
    with pytest.raises(ValueError, match='mode must be "min" or "max"'):
        callbacks.BestCheckpoint(tmp_path / "best.keras", "fid")
    with pytest.raises(ValueError, match=r"must end in .keras"):
        callbacks.BestCheckpoint(tmp_path / "best.h5", "fid", "min")
    with pytest.raises(ValueError, match="cannot both be"):
        callbacks.BestCheckpoint(tmp_path / "final.keras", "fid", "min")
    with pytest.raises(ValueError, match="cannot both be"):
        callbacks.BestCheckpoint("run/a.keras", "fid", "min", final="run/a.keras")


def test_evaluate_asks_a_model_of_vectors_for_those_of_the_data():
    gan = kgan.TextGAN(*tiny.networks(condition_dim=5))
    gan.compile()
    images = tiny.images(12)
    vectors = np.random.default_rng(0).normal(size=(12, 5)).astype("float32")
    data = kgan.data.ImageDataset(images, vectors, batch_size=4)

    def corner(images):
        return images[:, :3, :3].reshape(len(images), -1).astype("float32")

    fid = kgan.metrics.FrechetInceptionDistance(corner)
    evaluate = callbacks.Evaluate(fid, data, n=30, cache=False)
    logged = gan.fit(images, vectors, batch_size=4, verbose=0, callbacks=[evaluate]).history["fid"]
    asked = np.random.default_rng(0).permutation(np.arange(30) % 12)
    fake = gan.sample(30, condition=vectors[asked], seed=0)
    expected = kgan.metrics.frechet_distance(corner(images), corner(fake))
    np.testing.assert_allclose(logged, [expected], rtol=1e-4)


def test_training_that_ends_in_nan_ends_without_an_error(tmp_path):
    gan = model()
    names = ("samples", "gan.keras", "best.keras")
    grids, last, best = (tmp_path / name for name in names)
    fid = frechet()
    listed = (
        callbacks.TerminateOnNaN(),
        callbacks.SampleGrid(grids, rows=2),
        callbacks.Evaluate(fid, tiny.images(12), n=12),
        callbacks.BestCheckpoint(best, fid, final=False),
        callbacks.Checkpoint(last),
    )
    fit(gan, 1, *listed)
    kept = [path.read_bytes() for path in (last, best)]
    drawn = sorted(grids.iterdir())
    gan.generator.layers[-1].bias.assign([np.nan])
    gan.compile()
    history = fit(gan, 3, *listed[:1], *listed[2:])
    assert len(history.epoch) == 1 and np.isnan(history.history["d_loss"]).all()
    # What was good stays.
    assert [path.read_bytes() for path in (last, best)] == kept
    assert sorted(grids.iterdir()) == drawn


def test_training_that_diverges_on_its_way_draws_nothing_more(tmp_path):
    gan = model()

    class Spoil(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                gan.generator.layers[-1].bias.assign([np.nan])

    grid = callbacks.SampleGrid(tmp_path, rows=2)
    history = fit(gan, 3, Spoil(), callbacks.TerminateOnNaN(), grid)
    assert len(history.epoch) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000000.png", "000003.png"]
    # Where nobody asked fit to end, it must not go on for hours.
    gan = model()
    with pytest.raises(ValueError, match="makes NaN or infinity"):
        fit(gan, 3, Spoil(), grid)


def test_a_callback_that_would_watch_nothing_is_refused():
    gan = light_model()
    for given in (keras.callbacks.TerminateOnNaN(), [keras.callbacks.TerminateOnNaN()]):
        with pytest.raises(ValueError, match=r"use kgan\.callbacks\.TerminateOnNaN"):
            gan.fit(tiny.column(1, 2), batch_size=2, callbacks=given)
    gan.generator.layers[-1].kernel.assign([[np.nan]])
    with pytest.raises(RuntimeError, match="NaN or Inf"):
        fit_light(gan, 1, callbacks.TerminateOnNaN(raise_error=True))


def test_evaluate_asks_for_all_classes_of_sorted_data():
    gan = kgan.ConditionalGAN(*tiny.networks(classes=3), classes=3)
    images, labels = tiny.images(12), np.repeat(np.arange(3, dtype="int32"), 4)
    data = kgan.data.ImageDataset(images, labels, batch_size=4)
    for n, expected in ((3, [0, 1, 2]), (12, labels), (15, [*labels, 0, 0, 0])):
        evaluate = callbacks.Evaluate(frechet(), data, n=n, cache=False)
        evaluate.set_model(gan)
        found = evaluate.conditions()
        np.testing.assert_array_equal(np.sort(found), np.sort(expected))
        assert n < 12 or len(set(found[:6])) == 3
