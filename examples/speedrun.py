"""How good, how soon? Scores of the zoo's presets against minutes of training, from their logs.

Reads `history.csv` and `preset.json` of every preset, and writes `speedrun.md` and `speedrun.png`:

    python examples/speedrun.py --out docs

A history has a score for each epoch where the run was trained with `hold_out` (kgan train
--hold_out): the Fréchet distance of samples to images held out. Its seconds are those of training
alone, compilation included, over all resumed runs; drawing and judging samples is not counted.
"""

import argparse
import dataclasses
import math
import pathlib

import kgan
from kgan.files import read_json, read_lines

BUDGETS = (1, 2, 5, 10, 20, 30, 60)
PAGE = """# Speedrun

How good a preset is after so many minutes of training: the best score up to then, of the epochs in
its `history.csv`. A score is the Fréchet distance of samples to training images that were held out
(lower is better), in features that differ from table to table. So they can be compared within
a table, and with no test-set score on a card. Minutes are those of training alone, with what else
the machine did at the time; judging and drawing samples is not counted.
`python examples/speedrun.py --out docs` makes this page from the presets.
"""


@dataclasses.dataclass
class Run:
    """The scores of a preset's training.

    Attributes:
        name: The preset's.
        algorithm: Its class.
        hardware: What it was trained on.
        judge: What the scores are of, in words: the same for runs that can be compared.
        minutes: Of training, after each epoch that was judged.
        scores: The lowest score up to each.
    """

    name: str
    algorithm: str
    hardware: str
    judge: str
    minutes: list
    scores: list

    def within(self, minutes):
        """The best score within so many minutes, None before the first.

        Also None where the run was over within the budget before: it says nothing of more time.
        """
        found = [s for m, s in zip(self.minutes, self.scores) if m <= minutes]
        before = max((budget for budget in BUDGETS if budget < minutes), default=0)
        return found[-1] if found and self.minutes[-1] > before else None


def read(folder):
    """The run of a preset's folder.

    Returns:
        A `Run`; or, where there is nothing to show, a text that says why.
    """
    preset = read_json(folder / "preset.json")
    measured = preset.get("measured")
    if not measured:
        return "no weights yet"
    if not (folder / "history.csv").is_file():
        return "published without a history"
    chosen = measured.get("selection")
    if not chosen:
        return "trained without judging its epochs (`hold_out`)"
    judged = [
        (float(line["seconds"]) / 60, float(line[chosen["metric"]]))
        for line in read_lines(folder / "history.csv")
        if line.get("seconds") and line.get(chosen["metric"])
    ]
    judged = [(minutes, score) for minutes, score in judged if math.isfinite(score)]
    if not judged:
        return "a history without seconds or without scores"
    best, scores = math.inf, []
    for _, score in judged:
        best = min(best, score)
        scores.append(best)
    judge = (
        f"{preset['data']['source']}, {preset['data'].get('image_size', '')} px, by "
        f"{chosen['extractor']}: {chosen['samples']:,} samples, {chosen['real']:,} held-out images"
    )
    hardware = f"{measured['environment']['hardware']}, {measured['environment']['backend']}"
    minutes = [minutes for minutes, _ in judged]
    return Run(folder.name, preset["algorithm"], hardware, judge, minutes, scores)


def collect(zoo):
    """All runs of a zoo by hardware and by what judged them, and why others are left out.

    Returns:
        `{hardware: {judge: [Run, ...]}}`, that of the best score first, and
        `{name: reason}`.
    """
    runs, left_out = {}, {}
    for path in sorted(zoo.glob("*/preset.json")):
        found = read(path.parent)
        if isinstance(found, str):
            left_out[path.parent.name] = found
        else:
            runs.setdefault(found.hardware, {}).setdefault(found.judge, []).append(found)
    for tables in runs.values():
        for table in tables.values():
            table.sort(key=lambda run: run.scores[-1])
    return runs, left_out


def page(runs, left_out):
    """The page, Markdown."""
    parts = [PAGE]
    if runs:
        parts.append("![scores against minutes of training](speedrun.png)\n")
    head = ["preset", "class", *(f"{b} min" for b in BUDGETS), "best", "reached after"]
    for hardware, tables in sorted(runs.items()):
        parts.append(f"## On {hardware}\n")
        for judge, table in sorted(tables.items()):
            rows = [head, ["---"] * len(head)]
            for run in table:
                cells = [f"[{run.name}](../zoo/{run.name}/README.md)", f"`{run.algorithm}`"]
                for budget in BUDGETS:
                    score = run.within(budget)
                    cells.append("" if score is None else f"{score:.2f}")
                after = run.minutes[run.scores.index(run.scores[-1])]
                rows.append([*cells, f"{run.scores[-1]:.2f}", f"{after:.1f} minutes"])
            lines = "\n".join(f"| {' | '.join(row)} |" for row in rows)
            parts.append(f"Data: {judge}.\n\n{lines}\n")
    if left_out:
        parts.append("## Left out\n")
        names = {}
        for name, reason in left_out.items():
            names.setdefault(reason, []).append(f"`{name}`")
        parts.append("".join(f"- {why}: {', '.join(of)}\n" for why, of in sorted(names.items())))
    return "\n".join(parts)


def draw(runs, path):
    """A panel for each table: the best score so far against minutes."""
    from matplotlib.figure import Figure

    panels = [
        (f"{hardware}\n{judge}", table)
        for hardware, tables in sorted(runs.items())
        for judge, table in sorted(tables.items())
    ]
    figure = Figure(figsize=(8, 4 * len(panels)), layout="constrained")
    for axis, (title, table) in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels):
        for run in table:
            axis.step(run.minutes, run.scores, where="post", marker=".", label=run.name)
        axis.set(xscale="log", yscale="log", xlabel="minutes of training")
        axis.set_ylabel("best Fréchet distance so far")
        axis.set_title(title, fontsize=8)
        axis.grid(alpha=0.3, which="both")
        for formatted in (axis.xaxis, axis.yaxis):
            formatted.set_major_formatter("{x:g}")
            formatted.set_minor_formatter("{x:g}")
        axis.tick_params(which="both", labelsize=7)
        axis.legend(fontsize=7)
    figure.savefig(path, dpi=80)


def main():
    """Reads, draws and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zoo", help="folder of presets (default: the built-in ones)")
    parser.add_argument("--out", default="speedrun", help="folder")
    args = parser.parse_args()
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    runs, left_out = collect(pathlib.Path(args.zoo or kgan.weight_files.builtin_folder()))
    if runs:
        draw(runs, out / "speedrun.png")
    (out / "speedrun.md").write_text(page(runs, left_out))
    print(f"wrote {out / 'speedrun.md'}: {len(left_out)} presets were left out")


if __name__ == "__main__":
    main()
