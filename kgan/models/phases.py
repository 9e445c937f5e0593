"""When a growing model grows: Karras et al. 2018, Progressive Growing (arXiv:1710.10196), Sec. 2.

Training starts at the first resolution. Then each next one, a level, is faded in during so many
images and stabilised during so many more (App. A.1). Images are real ones, as the discriminator is
shown them.
"""

import numbers

from keras import ops


class Phases:
    """The level and the fades as functions of how many images were seen.

    Args:
        sizes: The resolutions, in pixels.
        fade_images: Images during which each level but the first fades in; see `by_level`.
        stable_images: Images for which each level then stays as it is; see `by_level`. The last
            one stays for good.

    Attributes:
        starts: For each level, how many images were seen when it starts to fade in.
        fades: For each level, the images that this takes.
    """

    def __init__(self, sizes, fade_images, stable_images):
        self.sizes = sizes
        self.fades = [0, *by_level("fade_images", fade_images, sizes, whole=True)[1:]]
        stable = by_level("stable_images", stable_images, sizes, whole=True)
        self.starts = [0]
        for fade, stay in zip(self.fades, stable[:-1]):
            self.starts.append(self.starts[-1] + fade + stay)

    def level(self, seen):
        """The level of training after `seen` images, an integer."""
        return max(level for level, start in enumerate(self.starts) if start <= seen)

    def alpha(self, level, seen):
        """How far a level has faded in after `seen` images: a float32 tensor, from 0 to 1.

        Args:
            level: From 0.
            seen: An int32 tensor or an integer.
        """
        start, fade = self.starts[level], self.fades[level]
        seen = ops.convert_to_tensor(seen, "int32")
        if not fade:
            return ops.cast(seen >= start, "float32")
        # Subtracted as integers: float32 cannot count beyond 2**24.
        return ops.clip(ops.cast(seen - start, "float32") / fade, 0.0, 1.0)

    def resolution(self, seen):
        """The size that is learned after `seen` images: between two in a fade, in pixels."""
        size = float(self.sizes[0])
        for level in range(1, len(self.sizes)):
            size = size + (self.sizes[level] - self.sizes[level - 1]) * self.alpha(level, seen)
        return ops.convert_to_tensor(size, "float32")

    def seen_at(self, level, alpha):
        """The least number of images after which a level has faded in so far."""
        return self.starts[level] + round(alpha * self.fades[level])

    def round_after(self, seen, rounds, images):
        """Where in training a round is.

        Args:
            seen: Images seen before.
            rounds: Rounds from there to the one asked for.
            images: How many images a round of each level takes.

        Returns:
            Images seen before that round, and its level.
        """
        level = self.level(seen)
        while (left := self.rounds_left(seen, images)) is not None and rounds >= left:
            seen, rounds = seen + left * images[level], rounds - left
            level = self.level(seen)
        return seen + rounds * images[level], level

    def rounds_left(self, seen, images):
        """Rounds until another level begins, None at the last."""
        level = self.level(seen)
        if level == len(self.sizes) - 1:
            return None
        return -(-(self.starts[level + 1] - seen) // images[level])


def by_level(name, given, sizes, *, whole=False):
    """One value for each resolution.

    Args:
        name: What it is, for errors.
        given: A number for all of them; or a mapping from resolutions, in pixels, to numbers, each
            of which counts from there up to the next; or None.
        sizes: The resolutions.
        whole: Whether there must be a value for each, an integer from 0.

    Returns:
        A list, with None for the resolutions below the first of the mapping.

    Raises:
        ValueError: If it is none of these, or a resolution is not one of `sizes`.
    """
    values = given if isinstance(given, dict) else {sizes[0]: given}
    values = {int(size): value for size, value in values.items()}  # JSON makes strings of them.
    unknown = sorted(set(values) - set(sizes))
    if unknown:
        raise ValueError(
            f"{name} is given for {', '.join(map(str, unknown))} px, but the networks grow through "
            f"{', '.join(map(str, sizes))} px"
        )
    found, current = [], None
    for size in sizes:
        current = values.get(size, current)
        found.append(current)
    if whole and not all(isinstance(v, numbers.Integral) and v >= 0 for v in found):
        raise ValueError(
            f"{name} must be an integer from 0, or a mapping {{resolution: images}} that starts "
            f"at {sizes[0]}; got {given!r}"
        )
    return found
