"""Keras's callbacks, which know neither rounds nor two players."""

import csv
import os
import signal

import checks
import keras
import numpy as np
import pytest
import tiny

import kgan


def model(**kwargs):
    gan = kgan.GAN(*tiny.networks(), discriminator_steps=2, ema_decay=0.9, **kwargs)
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(4e-3))
    return gan


def line(generator=0.5, discriminator=0.125):
    """A model of four weights, with learning rates that halve without rounding."""
    gan = kgan.GAN(*tiny.line(), loss="wasserstein")
    gan.compile(keras.optimizers.SGD(generator), keras.optimizers.SGD(discriminator))
    return gan


def fit_line(gan, epochs, *callbacks):
    return gan.fit(
        tiny.column(1.0, 2.0), batch_size=2, epochs=epochs, verbose=0, callbacks=[*callbacks]
    ).history


def rates(gan):
    return [float(optimizer.learning_rate) for optimizer in gan.optimizer.optimizers]


def test_learning_rate_scheduler_acts_on_each_player():
    gan = line()
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
    history = fit_line(gan, 3, halve)
    assert history["learning_rate_generator"] == [0.5, 0.25, 0.125]
    assert history["learning_rate_discriminator"] == [0.125, 0.0625, 0.03125]
    assert rates(gan) == [0.125, 0.03125]


def test_a_scheduled_rate_is_the_one_that_is_used():
    gan = line()
    before = checks.values(gan.trainable_variables)
    fit_line(gan, 2, keras.callbacks.LearningRateScheduler(lambda epoch: 0.0))
    checks.assert_same(gan.trainable_variables, before)


def test_reduce_on_plateau_acts_on_each_player():
    gan = line(0.0, 0.125)
    gan.optimizer.discriminator.learning_rate = 0.0
    gan.optimizer.generator.learning_rate = 0.5
    # With the discriminator at rest nothing about the real images changes: always a plateau.
    gan.optimizer.discriminator.learning_rate = 0.0
    plateau = keras.callbacks.ReduceLROnPlateau(
        monitor="real_score", mode="min", factor=0.5, patience=1
    )
    history = fit_line(gan, 4, plateau)
    assert history["learning_rate_generator"] == [0.5, 0.5, 0.25, 0.125]
    assert rates(gan) == [0.0625, 0.0]


def test_a_player_with_a_schedule_of_its_own_refuses_a_scheduler():
    gan = line(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5))
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate)
    with pytest.raises(TypeError, match="LearningRateSchedule"):
        fit_line(gan, 1, scheduler)


def test_model_checkpoint_saves_what_goes_on_exactly(tmp_path):
    gan = model()
    path = str(tmp_path / "{epoch}.keras")
    images = tiny.images(24)
    gan.fit(
        images, batch_size=4, epochs=2, verbose=0, callbacks=keras.callbacks.ModelCheckpoint(path)
    )
    loaded = keras.models.load_model(tmp_path / "1.keras")
    assert int(loaded.rounds) == 3
    loaded.fit(images, batch_size=4, verbose=0)
    checks.assert_same(loaded.variables, checks.values(gan.variables))


def test_model_checkpoint_within_an_epoch(tmp_path):
    gan = line()
    path = str(tmp_path / "{batch}.keras")
    callback = keras.callbacks.ModelCheckpoint(path, save_freq=2)
    gan.fit(tiny.column(*range(10)), batch_size=2, verbose=0, callbacks=callback)
    counts = {p.name: int(keras.models.load_model(p).rounds) for p in tmp_path.iterdir()}
    assert counts == {"2.keras": 2, "4.keras": 4}


def test_model_checkpoint_keeps_the_best(tmp_path):
    gan = line()
    path = str(tmp_path / "best.keras")
    best = keras.callbacks.ModelCheckpoint(path, monitor="d_loss", mode="max", save_best_only=True)
    history = fit_line(gan, 4, best)
    best_epoch = int(np.argmax(history["d_loss"]))
    assert int(keras.models.load_model(path).rounds) == best_epoch + 1


class Fail(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


def test_backup_and_restore_goes_on_after_a_crash(tmp_path):
    images = tiny.images(24)
    straight = model()
    straight.fit(images, batch_size=4, epochs=4, verbose=0)

    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "backup")

    crashed = model()
    with pytest.raises(KeyboardInterrupt):
        crashed.fit(images, batch_size=4, epochs=4, verbose=0, callbacks=[backup(), Fail()])
    assert int(crashed.rounds) == 6

    restarted = model()
    history = restarted.fit(images, batch_size=4, epochs=4, verbose=0, callbacks=[backup()])
    assert history.epoch == [2, 3]
    checks.assert_same(restarted.variables, checks.values(straight.variables))
    checks.assert_same(restarted.optimizer.variables, checks.values(straight.optimizer.variables))


def test_csv_logger_has_a_column_for_everything(tmp_path):
    gan = line()
    history = fit_line(gan, 3, keras.callbacks.CSVLogger(tmp_path / "log.csv"))
    with open(tmp_path / "log.csv") as file:
        rows = list(csv.DictReader(file))
    assert {"epoch", *gan.term_names()} <= set(rows[0])
    np.testing.assert_allclose([float(r["d_loss"]) for r in rows], history["d_loss"], rtol=1e-5)


def test_early_stopping_restores_the_best_weights():
    gan = line(generator=0.0)
    # With generated images of mean 0 and real ones of mean 1.5 the loss goes down from the first.
    tiny.ListedNoise(gan, [tiny.column(0.0, 0.0)] * 2)
    stop = keras.callbacks.EarlyStopping(
        monitor="d_loss", mode="max", patience=1, restore_best_weights=True
    )
    history = fit_line(gan, 20, stop)
    assert len(history["d_loss"]) == 2
    assert int(gan.rounds) == 1


def test_callbacks_in_every_form():
    seen = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: seen.append(1))
    for form in (note, [note], (note,)):
        line().fit(tiny.column(1.0, 2.0), batch_size=2, verbose=0, callbacks=form)
    assert seen == [1, 1, 1]
    gan = line()
    listed = keras.callbacks.CallbackList(add_history=True, model=gan, epochs=1, verbose=0, steps=1)
    history = gan.fit(tiny.column(1.0, 2.0), batch_size=2, verbose=0, callbacks=listed)
    assert len(history.history["d_loss"]) == 1


@pytest.mark.parametrize("steps", [1, kgan.schedules.Cosine(1.0, 2.0, 4)])
def test_a_model_is_whole_after_an_interrupt(steps):
    """On JAX a round takes the memory of all variables, and gives it back as it ends."""
    handler = signal.getsignal(signal.SIGINT)
    gan = kgan.GAN(*tiny.line(), discriminator_steps=steps)
    gan.compile()
    make, played = gan.make_train_function, []

    def interrupted(force=False):
        make(force)
        play = gan.train_function

        def train_function(*arguments):
            results = play(*arguments)
            played.append(results)
            if len(played) == 3:
                os.kill(os.getpid(), signal.SIGINT)
            return results

        gan.train_function = train_function

    gan.make_train_function = interrupted
    images = tiny.column(*range(24))
    with pytest.raises(KeyboardInterrupt):
        gan.fit(images, batch_size=2, epochs=3, verbose=0)
    assert signal.getsignal(signal.SIGINT) is handler
    assert len(played) <= 4
    assert all(np.isfinite(value).all() for value in checks.values(gan.variables))
    before = int(gan.rounds)
    gan.fit(images, batch_size=2, verbose=0)
    assert int(gan.rounds) > before
