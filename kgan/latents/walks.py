"""Walks through latent space, as moving pictures."""

import pathlib

import numpy as np

from kgan import data
from kgan.latents import rendering
from kgan.latents.codes import codes_of
from kgan.latents.interpolation import between


def walk(
    gan,
    path,
    keyframes=6,
    frames=12,
    n=1,
    method="spherical",
    condition=None,
    seed=0,
    truncation=1.0,
    loop=True,
    duration=80,
):
    """Writes a walk through random latents as an animated GIF or PNG.

    Args:
        gan: Any kgan model.
        path: A file that ends in `.gif` (256 colours a frame, so colour images lose some) or `.png`
            (animated PNG, exact). Missing folders are made.
        keyframes: Random latents on the way, at least 2.
        frames: From one of them to the next, at least 1.
        n: Walks that are shown side by side in a grid.
        method: Of interpolation: `"spherical"` or `"linear"`; codes go as in `interpolate`.
        condition: For conditional models, one condition for all walks or one for each.
        seed: An integer for the same walk again, on every backend.
        truncation: See `GAN.sample`.
        loop: Whether the walk returns to where it began and is shown for ever; if not, it ends at
            the last latents and is shown once.
        duration: Of a frame, in milliseconds; a GIF counts in steps of ten.

    Returns:
        The frames, uint8 `(keyframes * frames, height, width, channels)` of a loop and otherwise
        `((keyframes - 1) * frames + 1, height, width, channels)`.

    Raises:
        ValueError: If the suffix is another one or an argument is out of range.

    Example:
        >>> kgan.latents.walk(gan, "walk.gif", keyframes=8, n=16)
    """
    path = pathlib.Path(path)
    if path.suffix.lower() not in (".gif", ".png"):
        raise ValueError(f"a walk is written as .gif or .png (animated), got {path.name!r}")
    for name, value, least in (("keyframes", keyframes, 2), ("frames", frames, 1), ("n", n, 1)):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    if duration < 10:
        raise ValueError(f"duration is of a frame, in milliseconds, at least 10; got {duration}")
    stops = gan.random_latents(n * keyframes, seed, truncation).reshape(n, keyframes, -1)
    ends = np.roll(stops, -1, axis=1) if loop else stops[:, 1:]
    amounts = np.arange(frames) / frames
    parts = [
        between(stops[:, i], ends[:, i], amounts, method, codes_of(gan))
        for i in range(ends.shape[1])
    ]
    if not loop:
        parts.append(stops[:, -1:])
    images, _ = rendering.rows(gan, np.concatenate(parts, axis=1), condition)
    images = images.reshape(n, -1, *images.shape[1:])
    pictures = (
        images[0] if n == 1 else np.stack([data.grid(frame) for frame in images.swapaxes(0, 1)])
    )
    write_animation(path, pictures, loop, duration)
    return pictures


def write_animation(path, frames, loop, duration):
    """Writes uint8 frames `(n, height, width, 1 or 3)` as a GIF or an animated PNG."""
    from PIL import Image

    pictures = [Image.fromarray(f[..., 0] if f.shape[-1] == 1 else f) for f in frames]
    # A GIF without a count is shown once; a PNG has a count of showings. Zero is for ever.
    once = {} if path.suffix.lower() == ".gif" else {"loop": 1}
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures[0].save(
        path,
        save_all=True,
        append_images=pictures[1:],
        duration=duration,
        **({"loop": 0} if loop else once),
    )
