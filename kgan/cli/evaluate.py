"""How good a model is."""

import pathlib
import sys

from kgan import evaluation
from kgan.cli.opening import model_file, short_name


def run_evaluate(args):
    """`kgan evaluate`."""
    out = pathlib.Path(args.out or f"evaluation/{short_name(args.name)}")
    options = ("data", "data_dir", "split", "n", "metrics", "extractor", "seed")
    results = evaluation.evaluate(
        model_file(args.name),
        **{option: getattr(args, option) for option in options},
        out=out,
        report=lambda line: print(f"... {line}", file=sys.stderr, flush=True),
    )
    print(evaluation.table(results))
    print(f"\nwrote {out / 'index.html'} and {out / 'results.json'}")
