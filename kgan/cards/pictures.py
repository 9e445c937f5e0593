"""The pictures on a preset's card: of chance samples, of what lies between, and of the worst."""

import keras
import numpy as np

from kgan import data, latents, metrics
from kgan.evaluation.curves import PROGRESS, number
from kgan.files import read_lines
from kgan.metrics.classifiers import shipped_classifier

SAMPLES, INTERPOLATION, FAILURES, CURVES = (
    "samples.png",
    "interpolation.png",
    "failures.png",
    "curves.png",
)
FILES = (SAMPLES, INTERPOLATION, FAILURES, CURVES)
# Each picture of a card has latents of its own.
SEEDS = {SAMPLES: 0, INTERPOLATION: 1, FAILURES: 2}
CANDIDATES, SHOWN = 1000, 16
STEPS = 10
# Of pictures of images of more than 32 px.
LARGE_ROWS = 4


def draw(gan, preset, folder):
    """Draws all pictures of a preset's card.

    Args:
        gan: The model, with the preset's weights.
        preset: Its `preset.json`.
        folder: Where the pictures go, and where its run's `history.csv` is if it is known.

    Returns:
        For each of `FILES` a dictionary for JSON: `caption`, and `drawn`, whether there is such a
        file. A caption without a picture says why there is none.
    """
    # A picture of many colours and many pixels takes much room.
    rows = 8 if gan.image_shape[0] <= 32 else LARGE_ROWS
    seed = SEEDS[SAMPLES]
    images, columns = gan.sample_grid(rows=rows, seed=seed)
    save(folder / SAMPLES, images, columns)
    said = {SAMPLES: (True, f"Random samples, seed {seed}, not chosen")}
    said[INTERPOLATION] = True, interpolation(gan, rows, folder / INTERPOLATION)
    said[FAILURES] = failures(gan, preset, folder / FAILURES)
    said[CURVES] = curves(folder / "history.csv", folder / CURVES)
    for file, (drawn, _) in said.items():
        if not drawn:
            (folder / file).unlink(missing_ok=True)
    return {file: {"drawn": drawn, "caption": caption} for file, (drawn, caption) in said.items()}


def save(path, images, columns):
    """Writes a grid of images; of colours, the 128 that are nearest to all."""
    from PIL import Image

    picture = data.grid(images, columns=columns)
    if picture.shape[-1] == 1:
        data.save_image(path, picture)
        return
    palette = Image.fromarray(picture).quantize(128, dither=Image.Dither.NONE)
    palette.save(path, optimize=True)


def interpolation(gan, rows, path):
    """Draws paths between latent vectors; returns the caption."""
    conditions = gan.default_conditions() if gan.conditional else None
    if conditions is not None:
        conditions = conditions[:rows] if rows == LARGE_ROWS else conditions
        rows = len(conditions)
    seed = SEEDS[INTERPOLATION]
    ends = gan.random_latents(2 * rows, seed).reshape(2, rows, -1)
    images, columns = latents.interpolation(gan, *ends, STEPS, condition=conditions)
    save(path, images, columns)
    each = {0: "", 1: ", each row of a class", 2: ", each row of a prompt"}
    kind = each[0 if conditions is None else conditions.ndim]
    return f"From one random latent vector to another, spherically, seed {seed}{kind}"


def failures(gan, preset, path):
    """Draws the worst of many samples; returns whether there is a judge of them, and a caption.

    The judge is the shipped classifier where one knows the images: what it is least sure of. Of
    other images it is the model's own discriminator, as in discriminator rejection sampling (Azadi
    et al. 2019, arXiv:1810.06758), where the preset ships it.
    """
    seed = SEEDS[FAILURES]
    condition = gan.condition_for(None, CANDIDATES) if gan.conditional else None
    images = gan.sample(CANDIDATES, condition=condition, seed=seed)
    known = shipped_classifier(preset["data"]["source"], gan.image_shape)
    if known:
        sure = metrics.Extractor(metrics.classifier(known), 256)(images)
        if condition is None:
            scores, what = sure.max(axis=1), "is least sure what they show"
        else:
            scores = sure[np.arange(CANDIDATES), condition]
            what = "sees the class asked for least"
        judge = f"in which the shipped classifier of {known} {what}"
    elif "discriminator" in preset["measured"]["weights"]:
        inputs = data.to_float(images)
        inputs = inputs if condition is None else [inputs, condition]
        outputs = gan.discriminator.predict(inputs, batch_size=256, verbose=0)
        scores = keras.tree.flatten(outputs)[0][:, 0]
        judge = "that its own discriminator finds least real"
    else:
        return False, (
            "No picture of failures: there is no classifier of these images to find them, and the "
            "discriminator is not published"
        )
    worst = np.argsort(scores, kind="stable")[:SHOWN]
    save(path, images[worst], SHOWN // 2)
    return True, f"The {SHOWN} of {CANDIDATES:,} samples, seed {seed}, {judge}, worst first"


def curves(history, path):
    """Draws a run's history; returns whether there is one, and a caption."""
    if not history.is_file():
        return False, "No curves: the history of this run was not kept"
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False, "No curves: there was no matplotlib to draw history.csv with"
    lines = read_lines(history)
    # Older files do not count rounds.
    progress = "rounds" if "rounds" in lines[0] else "epoch"
    columns = {name: np.array([number(line[name]) for line in lines]) for name in lines[0]}
    at = columns[progress] + (progress == "epoch")
    panels = {}
    for name, values in columns.items():
        if name not in PROGRESS and np.isfinite(values).any():
            panels.setdefault(panel(name), {})[name] = values
    figure = Figure(layout="constrained")
    plot(figure, panels, at, "rounds" if progress == "rounds" else "epochs")
    figure.savefig(path, dpi=80, metadata={"Software": None})
    return True, "Running means of each epoch, as in history.csv"


def panel(name):
    """What a column of a history is drawn with: others of its kind."""
    kind = name.rsplit("_", 1)[-1]
    return kind if kind in ("loss", "score", "accuracy") else name


def plot(figure, panels, at, unit):
    """Draws the panels beside each other, four to a row."""
    across = min(4, len(panels))
    down = -(-len(panels) // across)
    figure.set_size_inches(3 * across, 2.3 * down)
    axes = figure.subplots(down, across, squeeze=False)
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for axis, (title, lines) in zip(axes.flat, panels.items()):
        for name, values in lines.items():
            axis.plot(at, values, linewidth=1, label=name, marker="." if len(at) < 10 else None)
        axis.set_title(title, fontsize=8)
        axis.set_xlabel(unit, fontsize=7)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.tick_params(labelsize=7)
        if len(lines) > 1:
            axis.legend(fontsize=6)
