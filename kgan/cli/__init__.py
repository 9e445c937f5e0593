"""The commands of `kgan` that need Keras. The grammar is in `kgan_cli`."""

import sys
import warnings

from kgan.cli.evaluate import run_evaluate
from kgan.cli.latents import run_directions, run_interpolate, run_invert, run_sweep
from kgan.cli.quickstart import run_quickstart
from kgan.cli.sample import run_codes, run_sample
from kgan.cli.train import run_card, run_gallery, run_publish, run_train

COMMANDS = {
    "train": run_train,
    "sample": run_sample,
    "codes": run_codes,
    "interpolate": run_interpolate,
    "directions": run_directions,
    "sweep": run_sweep,
    "invert": run_invert,
    "evaluate": run_evaluate,
    "publish": run_publish,
    "card": run_card,
    "gallery": run_gallery,
    "quickstart": run_quickstart,
}


def run(args):
    """Runs the command in `args.command`, whose warnings are lines such as errors are."""
    with warnings.catch_warnings():
        warnings.showwarning = show_warning
        COMMANDS[args.command](args)


def show_warning(message, *where):
    """Prints a warning without the line of code that it comes from."""
    print(f"kgan: warning: {message}", file=sys.stderr)
