"""Which augmentations are done, and how often: a given chance, or one that adapts."""

import difflib

import keras
from keras import ops

from kgan import schedules
from kgan.augment.ada import ADA
from kgan.augment.base import Augmentation
from kgan.augment.diffaugment import Color, Cutout, Translation
from kgan.augment.instance_noise import InstanceNoise


@keras.saving.register_keras_serializable("kgan")
class Sometimes(Augmentation):
    """Each image is changed with a chance, by each augmentation for itself.

    So all augmentations have one number as their strength, the p of Karras et al. 2020
    (arXiv:2006.06676), Sec. 2.2.

    Args:
        augment: What `get` takes: `"diffaugment"`, an `Augmentation`, a list of them. Here `"ada"`
            is the pipeline, `ADA()`: the chance is this one's.
        chance: From 0 to 1; a number, or a schedule of the rounds played (`kgan.schedules`).

    Raises:
        ValueError: If there is nothing to do, the chance is out of range, or an `Adaptive`, which
            keeps a chance of its own, is among the augmentations.

    Example:
        >>> chance = kgan.schedules.Cosine(0.0, 0.3, rounds=39_000)
        >>> augment = kgan.augment.Sometimes(kgan.augment.ADA(), chance)
        >>> gan = kgan.GAN(generator, discriminator, augment=augment)
    """

    def __init__(self, augment, chance):
        self.augment = get(ADA() if augment == "ada" else augment)
        if any(isinstance(each, Adaptive) for each in self.augment):
            raise ValueError(
                f"{type(self).__name__} sets a chance, and Adaptive has one of its own: pass what "
                "it adapts, such as kgan.augment.ADA()"
            )
        if not self.augment:
            raise ValueError("there is no augmentation to do: pass one, or a name such as 'ada'")
        self.chance = schedules.get("chance", chance)
        if not isinstance(self.chance, schedules.Schedule) and not 0 <= self.chance <= 1:
            raise ValueError(f"chance must be from 0 to 1, got {chance}")

    def __call__(self, images, noise, rounds):
        """Images of which some are changed."""
        chance = self.chance_now(rounds)
        for augmentation in self.augment:
            images = augmentation.sometimes(images, noise, rounds, chance)
        return images

    def chance_now(self, rounds):
        """The chance in the round after `rounds` others."""
        return schedules.at(self.chance, rounds)

    def build(self, gan):
        """Lets each look at the model."""
        for augmentation in self.augment:
            augmentation.build(gan)

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {
            "augment": [keras.saving.serialize_keras_object(a) for a in self.augment],
            "chance": schedules.serialize(self.chance),
        }


@keras.saving.register_keras_serializable("kgan")
class Adaptive(Sometimes):
    """A chance that rises while the discriminator overfits, and falls where it does not.

    Karras et al. 2020, Training Generative Adversarial Networks with Limited Data
    (arXiv:2006.06676), Sec. 3: r_t = E[sign(D(x))] over real training images, augmented as D sees
    them, is 0 for a discriminator that cannot tell and 1 for one that knows all of them. Every few
    rounds the chance p is moved by a fixed amount, up where r_t is above the target and down where
    it is below, within 0 and 1. It is a weight of the model, named `augment_chance`, that is saved
    and resumed, and is logged under that name with `real_sign`, the r_t of the round.

    Args:
        augment: See `Sometimes`; by default the paper's pipeline, `ADA`.
        target: What r_t is kept at.
        images: Real images shown in which p can go from 0 to 1, the paper's speed; it counts the
            images of all updates of the discriminator.
        interval: Rounds from one adjustment to the next, over which r_t is averaged.
        chance: Where p starts.

    Raises:
        ValueError: If an argument is out of range; or, in a model, if the sign of its loss's logits
            does not say what is real.

    Example:
        >>> augment = kgan.augment.Adaptive(images=100_000)  # or "ada"
        >>> gan = kgan.GAN(generator, discriminator, penalties=R1(1.0), augment=augment)
    """

    terms = ("augment_chance", "real_sign")

    def __init__(self, augment=None, target=0.6, images=500_000, interval=4, chance=0.0):
        super().__init__(ADA() if augment is None else augment, chance)
        if isinstance(self.chance, schedules.Schedule):
            raise ValueError("an adaptive chance follows no schedule: use Sometimes for that")
        if not -1 < target < 1:
            raise ValueError(f"target must be between -1 and 1, got {target}")
        for name, value in (("images", images), ("interval", interval)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.target = target
        self.images = images
        self.interval = interval
        self.observed = False

    def build(self, gan):
        """Adds to the model what has to be remembered."""
        super().build(gan)
        if not gan.loss_function.signed:
            raise ValueError(
                f"Adaptive goes by the sign of the real images' logits, which says nothing with "
                f"the {type(gan.loss_function).__name__} loss: use Sometimes(augment, chance)"
            )
        # Replicas see different images, and have to agree on the chance.
        self.current, self.signs, self.updates = (
            gan.add_weight(
                name=name, shape=(), trainable=False, aggregation="mean",
                initializer=keras.initializers.Constant(value),
            )
            for name, value in (
                ("augment_chance", self.chance), ("real_signs", 0.0), ("sign_updates", 0.0)
            )
        )  # fmt: skip

    def chance_now(self, rounds):
        """The chance as it is."""
        return ops.convert_to_tensor(self.current)

    def observe(self, real_logits):
        """Adds to the mean sign."""
        self.observed = True
        self.signs.assign(self.signs + ops.mean(ops.sign(ops.stop_gradient(real_logits))))
        self.updates.assign(self.updates + 1.0)

    def end_round(self, rounds, images):
        """Moves the chance in every `interval`-th round.

        Raises:
            ValueError: If the round showed it no logits of real images.
        """
        if not self.observed:
            raise ValueError(
                "Adaptive was shown no logits of real images: a discriminator_loss of your own "
                "must get its loss from adversarial_loss, or call observe(real_logits) of each of "
                "self.augment"
            )
        due = ops.equal(ops.mod(rounds + 1, self.interval), 0)
        sign = self.signs / self.updates
        shown = ops.cast(images * self.interval, "float32")
        moved = self.current + ops.sign(sign - self.target) * shown / self.images
        self.current.assign(ops.where(due, ops.clip(moved, 0.0, 1.0), self.current + 0.0))
        for total in (self.signs, self.updates):
            total.assign(ops.where(due, 0.0, total + 0.0))
        return {"augment_chance": self.current + 0.0, "real_sign": sign}

    def get_config(self):
        """The arguments of `__init__`, serialised."""
        return {
            **super().get_config(),
            "target": self.target,
            "images": self.images,
            "interval": self.interval,
        }


_BY_NAME = {
    "color": (Color,),
    "translation": (Translation,),
    "cutout": (Cutout,),
    "instance_noise": (InstanceNoise,),
    "diffaugment": (Color, Translation, Cutout),
    "ada": (Adaptive,),
}


def get(augment):
    """Augmentations, in the order in which they are done, as a list.

    Args:
        augment: An `Augmentation`, its config or a name, a list of these, or None. `"diffaugment"`
            stands for `"color"`, `"translation"` and `"cutout"`, as the authors use most, `"ada"`
            for `Adaptive(ADA())`.

    Returns:
        A list of `Augmentation`s.

    Raises:
        ValueError: If there is none of that name, or something else was given.

    Example:
        >>> kgan.augment.get("diffaugment")  # [Color(), Translation(), Cutout()]
    """
    if augment is None:
        return []
    if isinstance(augment, (list, tuple)):
        return [one for each in augment for one in get(each)]
    if isinstance(augment, dict):
        return get(keras.saving.deserialize_keras_object(augment))
    if isinstance(augment, Augmentation):
        return [augment]
    if isinstance(augment, str) and augment in _BY_NAME:
        return [augmentation() for augmentation in _BY_NAME[augment]]
    near = difflib.get_close_matches(str(augment).replace("_", ""), _BY_NAME, n=1, cutoff=0.4)
    hint = f": did you mean {near[0]!r}?" if near else "."
    raise ValueError(
        f"unknown augmentation {augment!r}{hint} Known are {', '.join(_BY_NAME)}, and any "
        "kgan.augment.Augmentation"
    )
