import math

import keras
import pytest
import tiny

from kgan import losses

LN3, LN7 = math.log(3), math.log(7)
# sigmoid(ln 3) = 3/4, sigmoid(-ln 3) = 1/4, sigmoid(ln 7) = 7/8, sigmoid(0) = 1/2.
REAL, FAKE = [0.0, LN3], [-LN3, LN7]

# name: real logits, fake logits, the discriminator's loss, the generator's.
BY_HAND = {
    # -(ln 1/2 + ln 3/4) / 2 - (ln 3/4 + ln 1/8) / 2 = 0.490415 + 1.183562
    # (ln 3/4 + ln 1/8) / 2 = (-0.287682 - 2.079442) / 2
    "minimax": (REAL, FAKE, 1.673977, -1.183562),
    # -(ln 1/4 + ln 7/8) / 2 = (1.386294 + 0.133531) / 2
    "non_saturating": (REAL, FAKE, 1.673977, 0.759913),
    # (0.5^2 + 1^2) / 4 + (1^2 + 3^2) / 4 = 0.3125 + 2.5
    # (2^2 + 2^2) / 4
    "least_squares": ([0.5, 2.0], [-1.0, 3.0], 2.8125, 2.0),
    # (0.5 + 0) / 2 + (0 + 4) / 2
    # -(-1.5 + 3) / 2
    "hinge": ([0.5, 2.0], [-1.5, 3.0], 2.25, -0.75),
    # 0.75 - 1.25
    "wasserstein": ([0.5, 2.0], [-1.5, 3.0], -0.5, -0.75),
    # -(ln sigmoid(-ln 3) + ln sigmoid(0)) / 2 = (1.386294 + 0.693147) / 2
    # -(ln sigmoid(ln 3) + ln sigmoid(0)) / 2 = (0.287682 + 0.693147) / 2
    "relativistic": ([0.0, LN3], [LN3, LN3], 1.039721, 0.490415),
}


def tensors(*columns):
    return [keras.ops.convert_to_tensor(tiny.column(*numbers)) for numbers in columns]


@pytest.mark.parametrize("name", BY_HAND)
def test_both_losses_against_numbers_worked_out_by_hand(name):
    real, fake, discriminator, generator = BY_HAND[name]
    loss = losses.get(name)
    real, fake = tensors(real, fake)
    assert float(loss.discriminator(real, fake)) == pytest.approx(discriminator, abs=2e-6)
    assert float(loss.generator(fake, real)) == pytest.approx(generator, abs=2e-6)
    assert tuple(loss.discriminator(real, fake).shape) == ()


@pytest.mark.parametrize("name", BY_HAND)
def test_losses_are_finite_for_the_most_extreme_logits(name):
    loss = losses.get(name)
    real, fake = tensors([-1e4, 1e4, 0.0], [1e4, -1e4, 0.0])
    assert math.isfinite(float(loss.discriminator(real, fake)))
    assert math.isfinite(float(loss.generator(fake, real)))


@pytest.mark.parametrize("name", BY_HAND)
def test_only_the_relativistic_generator_needs_real_images(name):
    _, fake, _, generator = BY_HAND[name]
    loss = losses.get(name)
    assert loss.uses_real == (name == "relativistic")
    if not loss.uses_real:
        (fake,) = tensors(fake)
        assert float(loss.generator(fake)) == pytest.approx(generator, abs=2e-6)


def test_relativistic_compares_in_pairs():
    real, fake = tensors([0.0, LN3], [LN3, 0.0])
    # -(ln sigmoid(-ln 3) + ln sigmoid(ln 3)) / 2 = (1.386294 + 0.287682) / 2
    assert float(losses.get("relativistic").discriminator(real, fake)) == pytest.approx(0.836988)


@pytest.mark.parametrize("loss", [losses.Minimax, losses.NonSaturating])
def test_label_smoothing_moves_the_target_of_real_images_alone(loss):
    real, fake = tensors([LN3], [LN7])
    # -(0.75 ln 3/4 + 0.25 ln 1/4) = 0.215762 + 0.346574, and -ln 1/8 = 2.079442 as before.
    smoothed = loss(label_smoothing=0.25).discriminator(real, fake)
    assert float(smoothed) == pytest.approx(0.562336 + 2.079442, abs=2e-6)


def test_the_saturating_generator_has_no_gradient_where_the_discriminator_wins():
    """arXiv:1406.2661, Sec. 3. At a logit of -10, sigmoid(-10) = 4.5e-5 against 1."""
    slopes = {}
    for name in ("minimax", "non_saturating"):
        ends = [float(losses.get(name).generator(*tensors([y]))) for y in (-10.5, -9.5)]
        slopes[name] = ends[1] - ends[0]
    assert slopes["minimax"] == pytest.approx(0.0, abs=1e-4)
    assert slopes["non_saturating"] == pytest.approx(-1.0, abs=1e-4)


@pytest.mark.parametrize("name", BY_HAND)
def test_a_loss_survives_serialisation(name):
    loss = losses.get(name)
    config = keras.saving.serialize_keras_object(loss)
    assert type(losses.get(config)) is type(loss)
    smoothed = losses.Minimax(label_smoothing=0.1)
    assert losses.get(keras.saving.serialize_keras_object(smoothed)).label_smoothing == 0.1
    assert losses.get(loss) is loss


def test_unknown_losses_are_refused_with_the_nearest():
    with pytest.raises(ValueError, match=r"unknown loss 'wasserstien': did you mean 'wasserstein'"):
        losses.get("wasserstien")
    with pytest.raises(ValueError, match=r"did you mean 'non_saturating'"):
        losses.get("non-saturating")
    with pytest.raises(ValueError, match=r"a subclass of kgan\.losses\.Loss, got <function"):
        losses.get(lambda real, fake: 0)
    with pytest.raises(ValueError, match=r"unknown loss 'zzz'.*Known losses: minimax, non_sat"):
        losses.get("zzz")
    with pytest.raises(ValueError, match=r"label_smoothing must be in \[0, 1\), got 1.5"):
        losses.Minimax(label_smoothing=1.5)
