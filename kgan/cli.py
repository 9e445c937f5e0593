"""The commands of `kgan` that need Keras. The grammar is in `kgan_cli`."""

import json
import pathlib
import sys
import textwrap
import time
import zipfile

import keras
import numpy as np

from kgan import callbacks, data, evaluation, models, networks, publish, training, zoo
from kgan.data.files import ImageFiles


def run(args):
    """Runs the command in `args.command`."""
    COMMANDS[args.command](args)


def run_train(args):
    """`kgan train`."""
    out = pathlib.Path(args.out or f"runs/{args.name}")
    given = {
        key: getattr(args, key)
        for key in ("data", "batch_size", "seed", "precision")
        if getattr(args, key) is not None
    }
    if args.resume and (out / "config.json").is_file():
        preset = json.loads((out / "config.json").read_text())
        name = preset.get("name")
        if given or name != args.name:
            wrong = ", ".join(f"--{key}" for key in given) or args.name
            raise ValueError(
                f"{out} is a run of {name} and goes on as it was begun: leave out {wrong}"
            )
    else:
        preset = zoo.info(args.name)
        preset["name"] = args.name
    # What could not be published is not worth the time of training.
    publish.check_preset(preset)
    if "data" in given:
        source = given.pop("data")
        preset["data"] = {**preset["data"], "source": source}
        preset["data_licence"] = "not stated"
        preset["description"] = f"{preset['algorithm']} on {pathlib.Path(source).name}"
    preset["training"].update(given)
    for length, other in (("rounds", "epochs"), ("epochs", "rounds")):
        if getattr(args, length) is not None:
            preset["training"].pop(other, None)
            preset["training"][length] = getattr(args, length)
    jit = {"auto": "auto", "on": True, "off": False}[args.jit]
    # A progress bar where somebody watches, a line an epoch in a log.
    verbose = 1 if sys.stdout.isatty() else 2
    gan, interrupted = training.train(
        preset, out, resume=args.resume, jit=jit, data_dir=args.data_dir, verbose=verbose
    )
    rounds = callbacks.rounds_played(gan)
    if interrupted:
        print(f"stopped after {rounds} rounds; go on with: kgan train {args.name} --out {out} "
              "--resume")  # fmt: skip
    else:
        print(f"trained {rounds} rounds; the model is {out / 'model.keras'}")


def load_model(name):
    """A model from a preset's name or a `.keras` file."""
    if not name.endswith(".keras"):
        return zoo.load(name)
    if not zipfile.is_zipfile(name):
        raise ValueError(f"{name} is no .keras file, or a damaged one")
    try:
        model = keras.models.load_model(name)
    # Keras raises errors of many types on files that are damaged or of other programs. Some quote
    # the whole configuration around the cause.
    except Exception as error:
        why = str(error).split("Exception encountered: ")[-1]
        why = textwrap.shorten(why, 300, placeholder=" ...")
        raise ValueError(f"{name} cannot be loaded as a model: {why}") from error
    if not isinstance(model, models.GAN):
        raise ValueError(f"{name} is a {type(model).__name__}, not a GAN")
    return model


def read_condition(given):
    """What `--condition` gives: an array, of class labels or of what a `.npy` file holds."""
    if given is None:
        return None
    if not isinstance(given[0], str):
        return np.array(given)
    path = given[0]
    try:
        with open(path, "rb") as file:
            condition = np.lib.format.read_array(file, allow_pickle=False)
    except ValueError as error:
        raise ValueError(
            f"{path} cannot be read as a .npy file ({error}): write it with numpy.save"
        ) from error
    if condition.dtype.kind not in "iuf":
        raise ValueError(f"{path} holds {condition.dtype}, not numbers")
    if not np.isfinite(condition).all():
        raise ValueError(f"{path} contains NaN or infinity")
    return condition


def spread_condition(condition, n, shape):
    """One condition for all images or one for each, and how many images there are.

    Args:
        condition: An array of one condition, of `shape`, or of several; or None.
        n: What the user asked for, or None.
        shape: What the generator takes for an image: `()` for labels, `(d,)` for vectors.
    """
    several = condition is not None and condition.ndim > len(shape)
    if several and len(condition) == 1:
        condition, several = condition[0], False
    if n is None:
        n = len(condition) if several else 64
    return condition, n


def run_sample(args):
    """`kgan sample`."""
    gan = load_model(args.name)
    shape = keras.tree.flatten(gan.generator.inputs)[1].shape[1:] if gan.conditional else ()
    if gan.conditional and args.condition is None and getattr(gan, "classes", None) is None:
        what = f"a vector of {shape[0]} numbers" if shape else "a class label"
        raise ValueError(
            f"{args.name} takes {what} for each image: pass --condition "
            f"{'FILE.npy' if shape else 'LABEL'}"
        )
    options = {"seed": args.seed, "truncation": args.truncation}
    if args.n is None and args.condition is None:
        images, columns = gan.sample_grid(**options)
    else:
        condition, n = spread_condition(read_condition(args.condition), args.n, shape)
        images, columns = gan.sample(n, condition=condition, **options), None
    out = pathlib.Path(args.out or f"{pathlib.Path(args.name).stem}.png")
    try:
        data.save_image(out, data.grid(images, columns=columns))
    except ValueError as error:
        raise ValueError(f"cannot write {out}: {error}") from error
    print(f"wrote {len(images)} images to {out}")


def run_codes(args):
    """`kgan codes`."""
    gan = load_model(args.name)
    if not isinstance(gan, models.InfoGAN):
        raise ValueError(f"{args.name} is a {type(gan).__name__}; only an InfoGAN reads codes")
    height, _, channels = keras.tree.flatten(gan.discriminator.inputs)[0].shape[1:]
    names, images = read_images(pathlib.Path(args.images), height, channels)
    for start in range(0, len(names), 256):
        codes = gan.predict_codes(images[start : start + 256])
        for i, name in enumerate(names[start : start + 256]):
            read = {key: value[i].round(4).tolist() for key, value in codes.items()}
            print(json.dumps({"image": str(name), **read}))


def read_images(path, image_size, channels):
    """Names and uint8 images of a file, a folder or an `.npz`, of the size that a model takes."""
    if path.is_file() and path.suffix != ".npz":
        images = ImageFiles([path], image_size, channels)
    else:
        images = data.load(
            path, image_size=image_size, channels=channels, batch_size=1, cache=False
        ).images
    return getattr(images, "paths", range(len(images))), images


def run_evaluate(args):
    """`kgan evaluate`."""
    out = pathlib.Path(args.out or f"evaluation/{pathlib.Path(args.name).stem}")
    options = ("data", "data_dir", "split", "n", "metrics", "extractor", "seed")
    results = evaluation.evaluate(
        args.name,
        **{option: getattr(args, option) for option in options},
        out=out,
        report=lambda line: print(f"... {line}", file=sys.stderr, flush=True),
    )
    print(evaluation.table(results))
    print(f"\nwrote {out / 'index.html'} and {out / 'results.json'}")


def run_publish(args):
    """`kgan publish`."""
    publish.publish(
        args.run_folder, args.folder, discriminator=not args.generator_only, note=args.note
    )
    print(f"wrote {args.folder}")


def run_quickstart(args):
    """`kgan quickstart`."""
    out = pathlib.Path(args.out)
    pretrained = out / "pretrained.png"
    gan = zoo.load("wgan_gp_mnist", weights="pretrained")
    images, columns = gan.sample_grid(seed=0)
    data.save_image(pretrained, data.grid(images, columns=columns))
    print(f"the pretrained wgan_gp_mnist drew {len(images)} digits: {pretrained}")

    print(f"\nnow a small GAN learns digits from nothing, for about {args.seconds} seconds")
    dataset = data.load("embedded", batch_size=64)
    keras.utils.set_random_seed(0)
    small = models.GAN(*networks.dcgan(dataset.image_shape, 32, width=24), ema_decay=0.99)
    small.compile()
    before, after = out / "before.png", out / "after.png"
    data.save_image(before, data.grid(small.sample_grid()[0]))
    small.fit(dataset, epochs=1000, callbacks=[StopAfter(args.seconds)])
    data.save_image(after, data.grid(small.sample_grid()[0]))
    callbacks.save(small, out / "small_gan.keras")
    print(f"\nbefore: {before}\nafter:  {after}\nmodel:  {out / 'small_gan.keras'}")


class StopAfter(keras.callbacks.Callback):
    """Stops training after a number of seconds, counted from the end of the first round."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds
        self.deadline = None

    def on_train_batch_end(self, batch, logs=None):
        """Stops when it is time."""
        self.deadline = self.deadline or time.monotonic() + self.seconds
        if time.monotonic() > self.deadline:
            self.model.stop_training = True


COMMANDS = {
    "train": run_train,
    "sample": run_sample,
    "codes": run_codes,
    "evaluate": run_evaluate,
    "publish": run_publish,
    "quickstart": run_quickstart,
}
