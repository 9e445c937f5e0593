"""The zoo at a glance: the README's table, and a page with pictures, made from the presets."""

import pathlib

from kgan import zoo
from kgan.evaluation.criteria import scores_of
from kgan.files import write_text
from kgan.metrics.classifiers import BY_SOURCE
from kgan.weight_files import builtin_folder

BEGIN, END = "<!-- made by: kgan gallery -->", "<!-- end of what kgan gallery made -->"
NONE = "-"
# Widths of pictures: in the README, and on the page.
THUMBNAIL, PICTURE = 96, 160
PAGE = """# The zoo

Every preset of `kgan.zoo`, from the figures in its `preset.json`; `kgan gallery` makes this page.
The pictures are random samples, not chosen. Distances, precision and recall are of as many samples
as the card says against held-out images, by features of the FID Inception network and of the
shipped classifier; lower distances are better. Sampling speed and minutes of training are those of
the hardware named, and depend on what else it did.

{tables}

## Recipes without weights
`kgan.zoo.load` gives these freshly initialised, with a warning, and `kgan train NAME` trains them.
`avatars` is no data set of TensorFlow Datasets: `python examples/avatars/make.py DATA_DIR` draws
it, for `--data_dir DATA_DIR`.

{without}
"""
HEAD = (
    "samples",
    "preset",
    "class",
    "parameters",
    "files",
    "Fréchet distance, Inception",
    "Fréchet distance, classifier",
    "precision / recall, Inception",
    "precision / recall, classifier",
    "images/s",
    "training",
)


def write(root=None):
    """Writes `docs/zoo.md`, and the table in `README.md` between its two marks.

    Args:
        root: The repository; that of the built-in presets by default.

    Returns:
        The paths that were written.

    Raises:
        FileNotFoundError: If there is no README.md with the marks.
    """
    root = pathlib.Path(root or builtin_folder().parent)
    readme = root / "README.md"
    text = readme.read_text() if readme.is_file() else ""
    if BEGIN not in text or END not in text:
        raise FileNotFoundError(
            f"{readme} has no table of the zoo to replace: run kgan gallery in a checkout of kgan"
        )
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    made = {
        readme: f"{before}{BEGIN}\n{overview()}\n{END}{after}",
        root / "docs" / "zoo.md": page(),
    }
    for path, content in made.items():
        write_text(path, content)
    return list(made)


def overview():
    """The README's table of all presets, Markdown."""
    trained, rest = known()
    rows = []
    for name, preset in trained.items():
        picture, link, algorithm, *rest_of_row = row(name, preset, "zoo", THUMBNAIL)
        rows.append((picture, link, algorithm, data_set(preset), *rest_of_row))
    head = (*HEAD[:3], "data", *HEAD[3:])
    names = ", ".join(f"`{name}` ({data_set(preset)})" for name, preset in rest.items())
    return f"{table(head, rows)}\n\nRecipes without weights yet: {names}."


def page():
    """The page of all presets, Markdown, to lie in `docs/`."""
    trained, rest = known()
    tables = []
    for source in sorted({data_set(preset) for preset in trained.values()}):
        rows = [
            row(name, preset, "../zoo", PICTURE)
            for name, preset in trained.items()
            if data_set(preset) == source
        ]
        tables.append(f"## {source}\n{table(HEAD, rows)}")
    without = [
        (f"`{name}`", f"`{preset['algorithm']}`", data_set(preset), "no weights yet")
        for name, preset in rest.items()
    ]
    return PAGE.format(
        tables="\n\n".join(tables), without=table(("preset", "class", "data", "weights"), without)
    )


def known():
    """All presets that have weights, by name, and those that have none."""
    presets = {name: zoo.info(name) for name in zoo.list()}
    trained = {name: preset for name, preset in presets.items() if preset["measured"]}
    return trained, {name: p for name, p in presets.items() if name not in trained}


def row(name, preset, path, width):
    """A preset with weights as a row, under `HEAD`.

    Args:
        name: Its name.
        preset: What `kgan.zoo.info` returns.
        path: From where the table will lie to the zoo's folder.
        width: Of the picture, in pixels.
    """
    measured = preset["measured"]
    folder = zoo.folder_of(name)
    files = [folder / file["file"] for file in measured["weights"].values()]
    size = sum(file.stat().st_size for file in files if file.is_file())
    classifier = f"{BY_SOURCE.get(preset['data']['source'])}_classifier"
    spread = [
        " / ".join(score(measured, kind, by) for kind in ("precision", "recall"))
        for by in ("inception", classifier)
    ]
    return (
        f'<img src="{path}/{name}/samples.png" width="{width}" alt="samples of {name}">',
        f"[{name}]({path}/{name}/README.md)",
        f"`{preset['algorithm']}`",
        f"{count_parameters(measured):,}",
        f"{size / 1e6:.1f} MB",
        score(measured, "fid", "inception"),
        score(measured, "fid", classifier),
        *(NONE if cell == f"{NONE} / {NONE}" else cell for cell in spread),
        score(measured, "images_per_second"),
        f"{cost(measured)} on {measured['environment']['hardware']}, "
        f"{measured['real_images']:,} real images",
    )


def table(head, rows):
    """A Markdown table."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])


def data_set(preset):
    """What a preset learned from, in words."""
    source = preset["data"]
    size = f", {source['image_size']} px" if "image_size" in source else ""
    return f"`{source['source']}`{size}"


def count_parameters(measured):
    """Numbers in the published weights of all players."""
    return sum(file["parameters"] for file in measured["weights"].values())


def cost(measured):
    """How long a preset was trained."""
    return f"{measured['rounds']:,} rounds, {measured['seconds'] / 60:.0f} minutes"


def score(measured, name, by=None):
    """A score of the card as text, a dash where it was not measured."""
    if not measured.get("metrics"):
        return NONE
    found = {(s.name, s.by): s.value for s in scores_of(measured["metrics"])}
    value = found.get((name, by))
    if value is None:
        return NONE
    return f"{value:,.{0 if value >= 1000 else 1 if value >= 10 else 2}f}"
