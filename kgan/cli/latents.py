"""What can be done in a model's latent space, as pictures."""

import pathlib
import sys

import numpy as np

from kgan.cli import opening
from kgan.latents.codes import codes_of


def run_interpolate(args):
    """`kgan interpolate`."""
    default = "walk.gif" if args.walk else "interpolation.png"
    out = opening.picture_file(args, f"{opening.short_name(args.name)}-{default}")
    if out.suffix.lower() == ".gif" and not args.walk:
        raise ValueError(f"{out} is for moving pictures: pass --walk, or a .png file")
    gan = opening.load_model(args.name)
    condition, n = opening.read_conditions(gan, args, 9 if args.walk else 8)
    options = {"method": args.method, "condition": condition}
    if args.walk:
        options |= {"seed": args.seed, "truncation": args.truncation, "n": n}
        frames = gan.walk(out, keyframes=args.keyframes, frames=args.steps or 12, **options)
        print(f"wrote {n} walks of {len(frames)} frames to {out}")
    else:
        a, b = gan.random_latents(2 * n, args.seed, args.truncation).reshape(2, n, -1)
        images, columns = gan.interpolate(a, b, steps=args.steps or 8, **options)
        opening.save_picture(out, images, columns)
        print(f"wrote {n} paths of {columns} images to {out}")


def run_directions(args):
    """`kgan directions`."""
    out = opening.picture_file(args, f"{opening.short_name(args.name)}-directions.png")
    gan = opening.load_model(args.name)
    condition, k = opening.read_conditions(gan, args, 10)
    if gan.conditional and condition is None:
        # Rows would go through the classes, but are of one image.
        condition = gan.default_conditions()[0]
    options = {"condition": condition, "seed": args.seed} if args.method == "pca" else {}
    found = gan.directions(args.method, k=k, **options)
    start = gan.random_latents(1, args.seed, args.truncation)
    opening.save_picture(out, *gan.move(start, found.vectors, args.amounts, condition))
    for i, share in enumerate(found.shares):
        print(f"direction {i}: {share:.1%}")
    print(f"wrote {k} directions, a row each, to {out}")


def run_invert(args):
    """`kgan invert`."""
    out = opening.picture_file(args, f"{opening.short_name(args.name)}-inversion.png")
    gan = opening.load_model(args.name)
    height, _, channels = gan.image_shape
    names, images = opening.read_images(pathlib.Path(args.image), height, channels)
    condition, n = opening.read_conditions(gan, args, 8)
    images = images[:n]
    print(f"... inverting {len(images)} of {len(names)} images", file=sys.stderr, flush=True)
    found = gan.invert(
        images, steps=args.steps, seed=args.seed, condition=condition, starts=args.starts
    )
    opening.save_picture(
        out, np.stack([images, found.images], axis=1).reshape(-1, *gan.image_shape), 2
    )
    of_class = found.condition is not None and found.condition.ndim == 1
    for i, (name, decibels) in enumerate(zip(names, found.psnr)):
        print(f"{name}: {decibels:.1f} dB" + (f", class {found.condition[i]}" if of_class else ""))
    print(f"wrote {len(images)} images, each beside its reconstruction, to {out}")


def run_sweep(args):
    """`kgan sweep`."""
    out = opening.picture_file(args, f"{opening.short_name(args.name)}-sweep.png")
    gan = opening.load_model(args.name)
    codes = [code.name for code in codes_of(gan)]
    if not codes:
        instead = "kgan directions finds what changes its images"
        if gan.conditional:
            instead = f"kgan sample shows its conditions, and {instead} under one"
        raise ValueError(
            f"{args.name} is a {type(gan).__name__}, which has no codes to sweep: {instead}"
        )
    condition, n = opening.read_conditions(gan, args, 8)
    name = args.code or codes[0]
    images, columns = gan.sweep(
        name, args.values, args.entry, n, args.seed, args.truncation, condition
    )
    opening.save_picture(out, images, columns)
    print(f"wrote {n} rows of {columns} values of {name!r} to {out}; codes: {', '.join(codes)}")
