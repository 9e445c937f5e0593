"""The commands of `kgan` that need Keras. The grammar is in `kgan_cli`."""

from kgan.cli.evaluate import run_evaluate
from kgan.cli.quickstart import run_quickstart
from kgan.cli.sample import run_codes, run_sample
from kgan.cli.train import run_publish, run_train

COMMANDS = {
    "train": run_train,
    "sample": run_sample,
    "codes": run_codes,
    "evaluate": run_evaluate,
    "publish": run_publish,
    "quickstart": run_quickstart,
}


def run(args):
    """Runs the command in `args.command`."""
    COMMANDS[args.command](args)
