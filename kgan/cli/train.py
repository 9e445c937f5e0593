"""From a preset to a run folder, and from there to the zoo."""

import pathlib
import shlex
import sys

from kgan import callbacks, cards, fine_tuning, presets, publish, training, zoo
from kgan.cards import gallery
from kgan.cli.opening import preset_name
from kgan.files import read_json


def run_train(args):
    """`kgan train`."""
    start = getattr(args, "from")
    # None where a run is resumed by its folder alone.
    name = args.name and preset_name(args.name)
    start = start and preset_name(start)
    out = pathlib.Path(args.out or (f"runs/{name}-tuned" if start else f"runs/{name}"))
    given = {
        key: getattr(args, key)
        for key in ("data", "labels", "batch_size", "seed", "precision", "hold_out")
        if getattr(args, key) is not None
    }
    if args.resume and (out / "config.json").is_file():
        preset = read_json(out / "config.json")
        presets.check(preset)
        # Data may have moved; `training.train` sees whether they are the same.
        preset["data"]["source"] = given.pop("data", preset["data"]["source"])
        began = preset["training"].get("initial", {}).get("preset")
        if start not in (None, began):
            given["from"] = start
        # A run that was begun in Python has no name.
        known = preset.get("name")
        if given or (known and name not in (None, known)):
            wrong = ", ".join(f"--{key}" for key in given) or args.name
            raise ValueError(
                f"{out} is a run of {known or 'a preset of yours'} and goes on as it was begun: "
                f"leave out {wrong}"
            )
    elif name is None:
        raise FileNotFoundError(f"{out} has no config.json, so it is no run to resume")
    else:
        preset = zoo.info(name)
        preset["name"] = name
        if start:
            preset = fine_tuning.start_from(preset, start)
    # What could not be published is not worth the time of training.
    presets.check(preset)
    labels = given.pop("labels", None)
    if "data" in given:
        preset = zoo.with_data(preset, given.pop("data"), labels)
    elif labels:
        raise ValueError("--labels says which classes the images of --data have: pass both")
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
        again = ["kgan", "train", "--out", str(out), "--resume"]
        again += ["--data_dir", args.data_dir] if args.data_dir else []
        again += ["--jit", args.jit] if args.jit != "auto" else []
        print(f"stopped after {rounds} rounds; go on with: {shlex.join(again)}")
        return
    print(f"trained {rounds} rounds; the model is {out / 'model.keras'}")
    if (out / "best.keras").is_file():
        best = read_json(out / "best.json")
        print(f"its best epoch, after {best['rounds']} rounds, is {out / 'best.keras'}, "
              f"which kgan takes from {out}")  # fmt: skip


def run_publish(args):
    """`kgan publish`."""
    publish.publish(
        args.run_folder, args.folder, discriminator=not args.generator_only, note=args.note
    )
    print(f"wrote {args.folder}")


def run_card(args):
    """`kgan card`."""
    folder = zoo.folder_of(args.name) if args.name in zoo.list() else pathlib.Path(args.name)
    cards.renew(folder, results=args.results, limits=args.limits, tries=args.tries)
    print(f"wrote {folder / 'README.md'} and its pictures")


def run_gallery(args):
    """`kgan gallery`."""
    for path in gallery.write():
        print(f"wrote {path}")
