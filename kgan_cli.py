"""The `kgan` command.

It lives outside the package, so that `list`, `info` and `help` answer at once: they read the
zoo's JSON without importing Keras. Everything else is handed over to `kgan.cli`.
"""

import argparse
import difflib
import importlib.util
import json
import math
import os
import pathlib
import platform
import re
import sys

from absl import app, logging
from absl.flags import argparse_flags

MODEL = "preset or its folder, .keras file or run folder"
MAKE_FOLDERS = ("train", "evaluate", "quickstart")


def zoo_folder():
    """The folder of the built-in presets, found without importing kgan."""
    package = pathlib.Path(importlib.util.find_spec("kgan").origin).parent
    installed = package / "_zoo"
    return installed if installed.is_dir() else package.parent / "zoo"


def presets():
    """All built-in presets by name."""
    paths = sorted(zoo_folder().glob("[!.]*/preset.json"))
    return {path.parent.name: read_json(path) for path in paths}


def list_presets(args):
    """Prints a line for each preset."""
    for name, preset in presets().items():
        mark = "pretrained" if preset.get("measured") else "no weights"
        description = preset.get("description") or (
            f"{preset['algorithm']} on {preset['data']['source']}"
        )
        print(f"{name:32} {mark:11} {description}")


def show_info(args):
    """Prints a preset."""
    known = presets()
    if args.name not in known:
        known[args.name] = read_json(pathlib.Path(args.name, "preset.json"))
    print(json.dumps(known[args.name], indent=2))


class Version(argparse.Action):
    """Prints the version that would run, without importing it."""

    def __call__(self, parser, *args):
        """Ends the program."""
        source = pathlib.Path(importlib.util.find_spec("kgan").origin).read_text(encoding="utf-8")
        print(f"kgan {re.search(r'__version__ = .(.+).', source)[1]}")
        parser.exit()


def read_json(path):
    """What a JSON file holds; an error names the file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON, or a damaged one: {error}") from error


def check_name(name, command):
    """Refuses, before the slow imports, what is no preset, `.keras` file or run folder."""
    known = presets()
    if name in known or pathlib.Path(name, "preset.json").is_file():
        return
    if command not in ("info", "train", "card"):
        path = pathlib.Path(name)
        if name.endswith(".keras"):
            if not path.is_file():
                raise FileNotFoundError(f"there is no file {name}")
            return
        if path.is_dir():
            if not (path / "model.keras").is_file():
                raise FileNotFoundError(
                    f"{name} is a folder without model.keras: give a run folder of kgan train"
                )
            return
    elif pathlib.Path(name, "model.keras").is_file():
        raise ValueError(
            f"{name} is a run, and a preset is asked for: kgan publish {name} FOLDER makes one"
        )
    if "/" in name and not pathlib.Path(name).exists():
        raise FileNotFoundError(f"there is no folder {name}, and no preset of that name")
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else "see kgan list"
    raise ValueError(f"the zoo has no preset {name!r}: {hint}")


def check_start(args):
    """Refuses weights to start from that are no preset's; they name what to train by default."""
    start = getattr(args, "from")
    if start is not None:
        check_name(start, args.command)
    args.name = args.name or start
    if args.name is None and not (args.resume and args.out):
        raise ValueError(
            "say what to train: kgan train NAME, or kgan train --from PRESET; or what to go on "
            "with: kgan train --resume --out RUN"
        )


def check_output(out, is_folder):
    """Refuses, before the slow imports, a file or folder that cannot be made."""
    out = pathlib.Path(out).absolute()
    found = next(path for path in (out, *out.parents) if path.exists())
    if found == out and not is_folder:
        if out.is_dir():
            raise IsADirectoryError(f"cannot write {out}: it is a folder, give a file")
    elif not found.is_dir():
        raise NotADirectoryError(f"cannot write to {out}: {found} is a file, not a folder")
    if not os.access(found, os.W_OK):
        raise PermissionError(f"cannot write to {out}: no permission for {found}")


def label_or_file(text):
    """A class label as an integer, or the name of a `.npy` file."""
    if text.endswith(".npy"):
        return text
    try:
        return int(text)
    except ValueError:
        message = f"{text!r} is neither a class label (an integer) nor a .npy file"
        raise argparse.ArgumentTypeError(message) from None


def check_condition(given):
    """Refuses, before the slow imports, what is neither labels nor one file that exists."""
    files = [item for item in given if isinstance(item, str)]
    if files and len(given) > 1:
        all_given = " ".join(map(str, given))
        raise ValueError(f"--condition takes class labels or one .npy file, got {all_given}")
    if files and not pathlib.Path(files[0]).is_file():
        raise FileNotFoundError(f"there is no file {files[0]}")


def at_least(least):
    """A type of argument: integers from `least`."""

    def integer(text):
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        return value

    return integer


def finite(text):
    """A type of argument: numbers that are not infinite and not NaN."""
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} is no finite number")
    return value


def number(text):
    """An integer where it is one, such as a category."""
    return int(text) if text.lstrip("+-").isdigit() else finite(text)


def add_model(command, out):
    """Adds what commands that make a picture with a model have in common."""
    command.add_argument("name", metavar="NAME", help=MODEL)
    command.add_argument("--seed", type=at_least(0), default=0)
    conditions = command.add_mutually_exclusive_group()
    conditions.add_argument(
        "--condition",
        type=label_or_file,
        nargs="+",
        metavar="LABEL",
        help="class labels, one or n; or a .npy file of a vector (d,) or vectors (n, d)",
    )
    conditions.add_argument("--prompt", nargs="+", metavar="TEXT", help="captions, one or n")
    command.add_argument("--out", help=f"file (default: {out})")


def add_drawing(command, out):
    """Adds what commands that draw random latents have in common."""
    add_model(command, out)
    command.add_argument("--truncation", type=finite, default=1.0, help="from 0 to 1, full variety")


def parser():
    """The command line's grammar."""
    # Abbreviations are off: --n would be taken for one of absl's --no... flags.
    top = argparse_flags.ArgumentParser(
        prog="kgan", description="GANs for Keras.", allow_abbrev=False
    )
    top.add_argument("--version", action=Version, nargs=0, help="print the version and exit")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name, help, run=None):
        added = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
        added.set_defaults(run=run)
        return added

    command("list", "List the zoo's presets.", list_presets)

    info = command("info", "Print what is known of a preset, as JSON.", show_info)
    info.add_argument("name", metavar="NAME")

    train = command("train", "Train a preset in a run folder.")
    train.add_argument(
        "name", metavar="NAME", nargs="?", help="default: the preset of --from, or the run's"
    )
    train.add_argument(
        "--from", metavar="PRESET", help="start from both players' weights of this preset"
    )
    train.add_argument(
        "--data",
        help="TFDS name, folder (./mnist, if TFDS has that name), .npz file or embedded; with "
        "--resume, where the data of the run are now",
    )
    train.add_argument("--labels", metavar="FEATURE", help="what of --data tells the classes")
    train.add_argument("--data_dir", help="where TFDS keeps its data sets")
    length = train.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=at_least(1), help="passes over the data")
    length.add_argument("--rounds", type=at_least(1), help="rounds in all")
    train.add_argument("--batch_size", type=at_least(1), help="images of each discriminator update")
    train.add_argument("--seed", type=at_least(0))
    train.add_argument("--precision", choices=["float32", "mixed_bfloat16", "mixed_float16"])
    train.add_argument(
        "--hold_out",
        type=at_least(0),
        metavar="PERCENT",
        help="images to choose the best epoch by, kept out of training; 0 for none",
    )
    train.add_argument("--jit", choices=["auto", "on", "off"], default="auto")
    train.add_argument("--out", help="run folder (default: runs/NAME, or runs/NAME-tuned)")
    train.add_argument("--resume", action="store_true", help="go on from the last checkpoint")

    sample = command("sample", "Write a grid of samples as PNG.")
    add_drawing(sample, "NAME.png")
    sample.add_argument("--n", type=at_least(1), help="images (default: a grid of 8 rows)")

    codes = command("codes", "Read the codes of images with an InfoGAN, as JSON lines.")
    codes.add_argument("name", metavar="NAME", help=MODEL)
    codes.add_argument("images", metavar="IMAGES", help="an image, a folder or an .npz file")

    interpolate = command("interpolate", "Draw the way from one random latent vector to another.")
    add_drawing(interpolate, "NAME-interpolation.png, or NAME-walk.gif")
    interpolate.add_argument("--n", type=at_least(1), help="rows (default: 8), or walks (9)")
    interpolate.add_argument(
        "--steps",
        type=at_least(1),
        help="images from one latent vector to the next (default: 8, or 12)",
    )
    interpolate.add_argument("--method", choices=["spherical", "linear"], default="spherical")
    interpolate.add_argument(
        "--walk", action="store_true", help="through several, as animated .gif or .png"
    )
    interpolate.add_argument("--keyframes", type=at_least(2), default=6, help="of a walk")

    directions = command("directions", "Draw what changes images most, a row a direction.")
    add_drawing(directions, "NAME-directions.png")
    directions.add_argument(
        "--k", type=at_least(1), dest="n", metavar="K", help="directions (default: 10)"
    )
    directions.add_argument(
        "--method", choices=["pca", "closed_form"], default="pca", help="GANSpace or SeFa"
    )
    directions.add_argument(
        "--amounts",
        type=finite,
        nargs="+",
        default=[-3, -2, -1, 0, 1, 2, 3],
        help="columns, in standard deviations (default: -3 to 3)",
    )

    sweep = command("sweep", "Draw an InfoGAN's images as one code goes through its values.")
    add_drawing(sweep, "NAME-sweep.png")
    sweep.add_argument("--n", type=at_least(1), help="rows (default: 8)")
    sweep.add_argument("--code", metavar="CODE", help="its name (default: the first)")
    sweep.add_argument("--entry", type=at_least(0), default=0, help="which number of it, from 0")
    sweep.add_argument(
        "--values", type=number, nargs="+", help="columns (default: all, or nine from -1 to 1)"
    )

    invert = command("invert", "Find the latents of images, and draw what they make.")
    add_model(invert, "NAME-inversion.png")
    invert.add_argument("--image", required=True, help="an image, a folder or an .npz file")
    invert.add_argument("--n", type=at_least(1), help="images of a folder (default: the first 8)")
    invert.add_argument("--steps", type=at_least(1), default=500, help="of the optimizer")
    invert.add_argument("--starts", type=at_least(1), default=4, help="for each image and class")

    evaluate = command("evaluate", "Measure a model against held-out images.")
    evaluate.add_argument("name", metavar="NAME", help=MODEL)
    evaluate.add_argument("--data", help="other data than the model's: see train")
    evaluate.add_argument("--data_dir", help="where TFDS keeps its data sets")
    evaluate.add_argument("--split", default="test")
    evaluate.add_argument("--n", type=at_least(1), default=10_000, help="samples, and real images")
    evaluate.add_argument("--metrics", type=lambda text: text.split(","), help="such as fid,prdc")
    evaluate.add_argument(
        "--extractor", default="auto", help="inception, classifier, both or a .keras file"
    )
    evaluate.add_argument("--seed", type=at_least(0), default=0)
    evaluate.add_argument("--out", help="folder (default: evaluation/NAME)")

    publish = command("publish", "Make a run into a preset of the zoo: weights, card, samples.")
    publish.add_argument("run_folder", metavar="RUN")
    publish.add_argument("folder", metavar="FOLDER", help="such as zoo/NAME")
    publish.add_argument("--generator_only", action="store_true")
    publish.add_argument("--note", help="a remark for the card")

    card = command("card", "Make a preset's card and its pictures again.")
    card.add_argument("name", metavar="NAME", help="a preset, or its folder")
    card.add_argument("--results", metavar="FILE", help="results.json of kgan evaluate NAME")
    card.add_argument(
        "--limits", nargs="+", metavar="SENTENCE", help="what it cannot do, in place of what it had"
    )
    card.add_argument(
        "--tries", nargs="+", metavar="SENTENCE", help="what was tried, in place of what it had"
    )

    command("gallery", "Make the tables of the zoo again: docs/zoo.md, and that in the README.")

    quick = command("quickstart", "Sample a pretrained model and train a small one.")
    quick.add_argument("--out", default="kgan-quickstart", help="folder for the pictures")
    quick.add_argument("--seconds", type=at_least(1), default=60, help="of training")
    return top


def run(args):
    """Runs one command; errors that a user can mend become one line and exit code 2."""
    try:
        if args.command == "train":
            check_start(args)
        if getattr(args, "name", None) is not None:
            check_name(args.name, args.command)
        if getattr(args, "condition", None):
            check_condition(args.condition)
        if getattr(args, "out", None):
            check_output(args.out, is_folder=args.command in MAKE_FOLDERS)
        if args.run is not None:
            args.run(args)
        else:
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
            # TensorFlow turns oneDNN on by itself only on CPUs with AVX-512 VNNI.
            if platform.machine().lower() in ("x86_64", "amd64"):
                os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
            # TensorFlow Datasets notes every file that it reads.
            logging.set_verbosity(logging.WARNING)
            from kgan import cli

            cli.run(args)
    except BrokenPipeError:
        # Whoever read the output, such as head, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, ImportError, OSError) as error:
        print(f"kgan: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("kgan: interrupted", file=sys.stderr)
        return 130
    return 0


def main():
    """The console script."""
    app.run(run, flags_parser=lambda argv: parser().parse_args(argv[1:]))


if __name__ == "__main__":
    main()
