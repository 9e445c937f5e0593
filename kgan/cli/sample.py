"""Images from a model, and codes from images."""

import json
import pathlib

import keras

from kgan import models
from kgan.cli import opening


def run_sample(args):
    """`kgan sample`."""
    out = opening.picture_file(args, f"{opening.short_name(args.name)}.png")
    gan = opening.load_model(args.name)
    condition, n = opening.read_conditions(gan, args, 64)
    options = {"seed": args.seed, "truncation": args.truncation}
    if args.n is None and condition is None:
        images, columns = gan.sample_grid(**options)
    else:
        images, columns = gan.sample(n, condition=condition, **options), None
    opening.save_picture(out, images, columns)
    print(f"wrote {len(images)} images to {out}")


def run_codes(args):
    """`kgan codes`."""
    gan = opening.load_model(args.name)
    if not isinstance(gan, models.InfoGAN):
        raise ValueError(f"{args.name} is a {type(gan).__name__}; only an InfoGAN reads codes")
    height, _, channels = keras.tree.flatten(gan.discriminator.inputs)[0].shape[1:]
    names, images = opening.read_images(pathlib.Path(args.images), height, channels)
    for start in range(0, len(names), 256):
        codes = gan.predict_codes(images[start : start + 256])
        for i, name in enumerate(names[start : start + 256]):
            read = {key: value[i].astype(float).round(4).tolist() for key, value in codes.items()}
            print(json.dumps({"image": str(name), **read}))
