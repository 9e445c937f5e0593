"""Schedules by their formulas, and what follows them by rounds that are worked out by hand."""

import json
import math

import checks
import keras
import numpy as np
import pytest
import tiny
from keras import ops

import kgan
from kgan import schedules
from kgan.optimizers import ScheduledAdam, SwitchOptimizer

Steps = keras.optimizers.schedules.PiecewiseConstantDecay
Line = keras.optimizers.schedules.PolynomialDecay


def at(schedule, step):
    return float(ops.convert_to_numpy(schedule(ops.convert_to_tensor(step, "int32"))))


def test_cosine():
    down = schedules.Cosine(0.05, 0.005, rounds=90)
    assert [at(down, t) for t in (0, 45, 90, 1000)] == pytest.approx([0.05, 0.0275, 0.005, 0.005])
    assert at(down, 30) == pytest.approx(0.005 + 0.045 * 0.75)  # cos 60 degrees is 1/2.
    up = schedules.Cosine(0.0, 0.3, rounds=90)
    assert [at(up, t) for t in (0, 60, 90)] == pytest.approx([0.0, 0.3 * 0.75, 0.3], abs=1e-6)
    with pytest.raises(ValueError, match="rounds must be positive, got 0"):
        schedules.Cosine(1.0, 0.0, rounds=0)


def test_half_life():
    """StyleGAN2-ADA's training loop: beta = 0.5 ** (batch / min(ema_nimg, cur_nimg * rampup))."""
    plain = schedules.HalfLife(640, batch_size=64, ramp_up=None)
    assert at(plain, 0) == pytest.approx(0.5**0.1)
    assert at(plain, 7) ** 10 == pytest.approx(0.5, rel=1e-5)
    ramped = schedules.HalfLife(640, batch_size=64, ramp_up=0.05)
    assert at(ramped, 0) == 0.0
    assert at(ramped, 100) == pytest.approx(0.5 ** (64 / (0.05 * 6400)), rel=1e-6)
    assert at(ramped, 10_000) == pytest.approx(0.5**0.1)
    growing = schedules.HalfLife(Line(0.0, 10, 640.0), batch_size=64, ramp_up=None)
    assert [at(growing, t) for t in (0, 5, 10)] == pytest.approx([0.0, 0.5**0.2, 0.5**0.1])
    with pytest.raises(ValueError, match="batch_size must be positive, got 0"):
        schedules.HalfLife(640, batch_size=0)


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.Cosine(1.0, 2.0, rounds=3),
        schedules.HalfLife(100, batch_size=4, ramp_up=None),
        schedules.HalfLife(schedules.Cosine(0, 100, rounds=9), batch_size=4),
    ],
)
def test_a_schedule_survives_its_config(schedule):
    config = json.loads(json.dumps(schedules.serialize(schedule)))
    copy = schedules.get("it", config)
    assert copy.get_config() == schedule.get_config()
    assert at(copy, 2) == at(schedule, 2)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: kgan.penalties.R1("much"), "a penalty's weight must be a number or a schedule"),
        (lambda: kgan.augment.InstanceNoise(lambda t: t), "sigma must be a number or a schedule"),
        (
            lambda: kgan.augment.InstanceNoise(Line(1.0, 9, 0.0), rounds=9),
            "a schedule of its own: leave rounds, got 9",
        ),
        (lambda: kgan.GAN(*tiny.line(), ema_decay="0.9"), "ema_decay must be a number or a sched"),
        (lambda: kgan.GAN(*tiny.line(), discriminator_steps=1.5), "must be an integer of at least"),
        (
            lambda: kgan.GAN(*tiny.line(), discriminator_steps=Line(0.2, 9, 1.0)),
            "discriminator_steps must be an integer of at least 1, got 0",
        ),
    ],
)
def test_what_is_no_schedule_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def line(**kwargs):
    """D(x) = 2 x and G(z) = z: their gradients are known, and they learn by SGD."""
    return kgan.GAN(*tiny.line(weight=2.0), loss="wasserstein", **kwargs)


def play(gan, rounds, **kwargs):
    data = tiny.column(0.0, 0.0)
    return gan.fit(data, batch_size=2, epochs=rounds, verbose=0, **kwargs).history


@pytest.mark.parametrize("interval", [1, 2])
def test_the_weight_of_a_penalty(interval):
    """R1 of D(x) = w x is w^2 / 2: with SGD, w goes down by rate * weight * w a round."""
    gan = line(penalties=kgan.penalties.R1(Steps([1], [1.0, 3.0]), interval=interval))
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.125))
    # Real and generated images of mean 0 leave the adversarial loss without a gradient.
    tiny.ListedNoise(gan, [tiny.column(1.0, -1.0)] * 2)
    history = play(gan, 4)
    w, expected = 2.0, []
    for t, weight in enumerate([1.0, 1.0, 3.0, 3.0]):
        expected.append(w * w / 2)
        w -= 0.125 * (0 if t % interval else interval) * weight * w
    np.testing.assert_allclose(gan.discriminator.get_weights()[0], [[w]], rtol=1e-5)
    due = history["r1"][::interval]
    np.testing.assert_allclose(due, expected[::interval], rtol=1e-5)


def test_the_decay_of_the_average_is_the_schedules_alone():
    gan = line(ema_decay=Steps([1], [0.0, 0.75]))
    gan.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(0.0))
    tiny.ListedNoise(gan, [tiny.column(1.0, -1.0)] * 2)
    found = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: found.append(gan.ema_generator.get_weights()[1][0])
    )
    play(gan, 4, callbacks=[note])
    # The generator's offset goes up by 2 a round: rounds 0 and 1 copy it, then a quarter.
    assert found == pytest.approx([2.0, 4.0, 4.0 + (6 - 4) / 4, 4.5 + (8 - 4.5) / 4])


def test_instance_noise():
    noise = kgan.augment.InstanceNoise(schedules.Cosine(0.2, 0.0, rounds=100))
    draw = kgan.noise.Noise(keras.random.SeedGenerator(0))
    for rounds, sigma in ((0, 0.2), (50, 0.1), (200, 0.0)):
        images = noise(ops.zeros((2000, 8)), draw, ops.convert_to_tensor(rounds))
        assert ops.convert_to_numpy(images).std() == pytest.approx(sigma, rel=0.03, abs=1e-7)


def scheduled():
    """Everything that may follow a schedule does, and changes in the first six rounds."""
    return kgan.GAN(
        *tiny.networks(norm=False),
        penalties=[kgan.penalties.R1(schedules.Cosine(1.0, 0.1, rounds=6), interval=2)],
        ema_decay=schedules.HalfLife(16, batch_size=4),
        discriminator_steps=Steps([1, 3], [3, 1, 2]),
        augment=kgan.augment.InstanceNoise(Line(0.1, 4, 0.0)),
    )


@pytest.mark.parametrize("check", [checks.check_shapes, checks.check_config])
def test_a_gan_of_schedules(check):
    check(scheduled)


def of_points():
    """The same of a few numbers, whose optimizers change too."""
    like = scheduled()
    gan = line(
        penalties=like.penalties,
        ema_decay=like.ema_decay,
        discriminator_steps=like.steps_schedule,
        augment=like.augment,
    )
    adam, sgd = keras.optimizers.Adam(1e-3), keras.optimizers.SGD(1e-2, momentum=0.5)
    beta_2 = schedules.Cosine(0.9, 0.99, rounds=6)
    gan.compile(SwitchOptimizer(adam, sgd, at=3), ScheduledAdam(1e-3, 0.0, beta_2))
    return gan


POINTS = tiny.column(*np.linspace(-1, 1, 24))
ONE_ROUND = dict(batch_size=4, steps_per_epoch=1, verbose=0)


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """A model of six rounds, and where it was saved after each."""
    folder = tmp_path_factory.mktemp("rounds")
    save = keras.callbacks.ModelCheckpoint(folder / "{epoch}.keras")
    gan = of_points()
    gan.fit(POINTS, epochs=6, callbacks=[save], **ONE_ROUND)
    return gan, folder


@pytest.mark.parametrize("before", [1, 3, 5])
def test_it_goes_on_exactly_wherever_it_was_saved(before, straight):
    """Before and after changes of steps and of the optimizer."""
    gan, folder = straight
    loaded = keras.models.load_model(folder / f"{before}.keras")
    assert loaded.discriminator_steps == [3, 3, 1, 1, 2, 2][before]
    loaded.fit(POINTS, initial_epoch=before, epochs=6, **ONE_ROUND)
    checks.assert_same(loaded.variables, checks.values(gan.variables))
    checks.assert_same(loaded.optimizer.variables, checks.values(gan.optimizer.variables))


class Fail(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 4:
            raise KeyboardInterrupt


def test_backup_and_restore_goes_on_with_the_steps_of_then(straight, tmp_path):
    crashed, restarted = of_points(), of_points()
    backup = lambda: keras.callbacks.BackupAndRestore(tmp_path / "backup")  # noqa: E731
    with pytest.raises(KeyboardInterrupt):
        crashed.fit(POINTS, epochs=6, callbacks=[backup(), Fail()], **ONE_ROUND)
    history = restarted.fit(POINTS, epochs=6, callbacks=[backup()], **ONE_ROUND)
    assert history.epoch == [4, 5]
    checks.assert_same(restarted.variables, checks.values(straight[0].variables))


class Note(keras.callbacks.Callback):
    """Every call of the hooks of training, and the steps then."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append("begin")

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append((epoch, self.model.discriminator_steps, self.params["steps"]))

    def on_train_end(self, logs=None):
        self.calls.append("end")


def test_the_steps_of_a_round_follow_a_schedule_in_one_training(tmp_path):
    gan, note = line(discriminator_steps=Steps([1, 7], [4, 1, 2])), Note()
    watch = tiny.Watch(gan)
    history = gan.fit(
        tiny.column(*range(12)), batch_size=2, epochs=5, verbose=0,
        callbacks=[note, keras.callbacks.CSVLogger(tmp_path / "log.csv")],
    )  # fmt: skip
    # A pass of 12 images has 1 round of 4 steps, 6 of 1 step, 3 of 2: 0, 1; 2 to 7; 8 to 13.
    assert note.calls == [
        "begin", (0, 4, 1), (1, 4, 1), (2, 1, 6), (3, 2, 3), (4, 2, 3), "end",
    ]  # fmt: skip
    assert history.epoch == [0, 1, 2, 3, 4]
    assert len(history.history["d_loss"]) == 5
    assert int(gan.rounds) == 14
    assert len(watch.real) == 2 * 4 + 6 * 1 + 6 * 2
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 1 + 5


def test_a_callback_that_stops_training_stops_all_of_it():
    gan = line(discriminator_steps=Steps([0], [2, 1]))
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    data = dict(batch_size=1, steps_per_epoch=1, verbose=0)
    stop = [kgan.callbacks.StopAtRounds(3)]
    gan.fit(tiny.column(0.0, 1.0), epochs=9, callbacks=stop, **data)
    assert int(gan.rounds) == 3


# -- optimizers ------------------------------------------------------------------------------------


def climb(optimizer, rounds):
    """Lets the generator's offset climb with gradient -2, and gives it after each round."""
    gan = line()
    gan.compile(optimizer, keras.optimizers.SGD(0.0))
    tiny.ListedNoise(gan, [tiny.column(1.0, -1.0)] * 2)
    found = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: found.append(float(gan.generator.get_weights()[1][0]))
    )
    play(gan, rounds, callbacks=[note])
    return found, gan


def test_sgd_after_adam():
    """Adam moves by its rate where the gradient is constant; SGD by rate * 2, momentum from 0."""
    sgd = keras.optimizers.SGD(0.25, momentum=0.5)
    found, gan = climb(SwitchOptimizer(keras.optimizers.Adam(0.5), sgd, at=2), 4)
    assert found == pytest.approx([0.5, 1.0, 1.5, 1.5 + 0.5 + 0.25], rel=1e-5)
    switch = gan.optimizer.generator
    assert [int(o.iterations) for o in (switch, switch.first, switch.then)] == [4, 2, 2]
    assert float(switch.learning_rate) == 0.25
    switch.learning_rate = 0.125
    assert [float(o.learning_rate) for o in (switch.first, switch.then)] == [0.5, 0.125]


def test_the_second_optimizer_counts_for_itself():
    decay = Steps([0], [1.0, 0.25])
    found, _ = climb(SwitchOptimizer("adam", keras.optimizers.SGD(decay), at=1), 3)
    assert found == pytest.approx([0.001, 2.001, 2.501], rel=1e-4)


def test_adam_with_a_scheduled_beta_2():
    """Kingma and Ba, Algorithm 1, with beta_1 = 0 and g = -2 in all updates but the scale of v."""
    beta_2 = Steps([0], [0.5, 0.75])
    found, _ = climb(ScheduledAdam(0.1, 0.0, beta_2, epsilon=1e-12), 2)
    v = 0.5 * 0 + 0.5 * 4
    one = 0.1 * 2 / math.sqrt(v / (1 - 0.5))
    v = 0.75 * v + 0.25 * 4
    two = one + 0.1 * 2 / math.sqrt(v / (1 - 0.75**2))
    assert found == pytest.approx([one, two], rel=1e-5)


def test_optimizers_survive_their_configs():
    made = SwitchOptimizer(
        ScheduledAdam(beta_2=schedules.Cosine(0.9, 0.99, rounds=5)), keras.optimizers.SGD(0.1), at=7
    )
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(made)))
    copy = keras.saving.deserialize_keras_object(config)
    assert copy.get_config() == made.get_config()
    assert copy.first.beta_2_schedule.end == 0.99


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("adam", "sgd", 0), "at must be a positive integer, a number of updates, got 0"),
        (("adam", "sgd", 1.5), "at must be a positive integer"),
    ],
)
def test_a_switch_that_cannot_be_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        SwitchOptimizer(*arguments)
    adam = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="both optimizers are the same object"):
        SwitchOptimizer(adam, adam, at=1)


def test_float16_scales_the_loss_of_a_switch():
    gan = line()
    inner = keras.optimizers.SGD(0.25)
    switch = SwitchOptimizer(keras.optimizers.Adam(0.5), inner, at=1)
    gan.compile(keras.optimizers.LossScaleOptimizer(switch), keras.optimizers.SGD(0.0))
    tiny.ListedNoise(gan, [tiny.column(1.0, -1.0)] * 2)
    play(gan, 3)
    assert gan.generator.get_weights()[1][0] == pytest.approx(0.5 + 2 * 0.5, rel=1e-4)


def test_with_no_epoch_left_fit_returns_an_empty_history(straight):
    _, folder = straight
    loaded = keras.models.load_model(folder / "5.keras")
    for epochs in ({"initial_epoch": 6, "epochs": 6}, {"epochs": 0}):
        assert loaded.fit(POINTS, **epochs, **ONE_ROUND).history == {}
