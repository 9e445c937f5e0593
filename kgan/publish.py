"""From a run folder to a preset of the zoo: float16 weights, what was measured, samples, card."""

import contextlib
import csv
import datetime
import json
import os
import pathlib
import shutil

import keras
import numpy as np

from kgan import callbacks, data, evaluation, weight_files, zoo
from kgan.training import splits

NEEDED = {
    "networks": ("builder", "arguments"),
    "data": ("source",),
    "training": ("batch_size", "seed", "precision"),
}
DEFAULTS = "with Keras's defaults"


def publish(run, folder, *, discriminator=True, note=None):
    """Makes a finished run a preset with weights: those of the best epoch if it looked for one.

    The preset is written beside `folder` and takes its place when it is complete: if anything
    fails, what was there stays as it was.

    Args:
        run: A run folder of `kgan train`.
        folder: The preset's folder, such as `zoo/NAME`. An older version there is replaced; files
            beside it that are not the preset's own are kept.
        discriminator: Whether to ship the discriminator too, so that training can go on.
        note: A remark for the card.

    Raises:
        FileNotFoundError: If the run has no model.
        ValueError: If its preset lacks something, no epoch was finished, `folder` holds something
            else than a preset, or a weight is too large for float16.

    Example:
        >>> kgan.publish.publish("runs/gan_mnist", "zoo/gan_mnist")
    """
    run, folder = pathlib.Path(run), pathlib.Path(folder).resolve()
    if not (run / "model.keras").is_file():
        raise FileNotFoundError(f"{run} has no model.keras: finish the run first")
    preset = json.loads((run / "config.json").read_text())
    preset.pop("name", None)
    check_preset(preset)
    check_folder(folder)
    best = run / "best.keras"
    gan = keras.models.load_model(best if best.is_file() else run / "model.keras")
    measured = {**measurements(run, gan, preset["training"]["batch_size"]), "note": note}
    with replacing(folder) as made:
        weights = save_players(gan, made, discriminator)
        preset["measured"] = {"weights": weights, **measured}
        published = zoo.build(preset)
        zoo.load_weights(published, **{p: made / w["file"] for p, w in weights.items()})
        images, columns = published.sample_grid(rows=8, seed=0)
        data.save_image(made / "samples.png", data.grid(images, columns=columns))
        (made / "README.md").write_text(card(folder.name, preset))
        # Last: what has no preset.json is no preset, however the process ends.
        (made / "preset.json").write_text(json.dumps(preset, indent=2) + "\n")


def check_preset(preset):
    """Refuses a preset that lacks what training or its card needs.

    `description`, `paper` and `data_licence` may be left out: the card says so. `measured` is for
    `publish` to fill in.

    Args:
        preset: What `kgan.zoo.info` returns.

    Raises:
        ValueError: If something is missing, or is not the kind of thing that it should be.
    """
    missing = [key for key in zoo.REQUIRED if key not in preset and key != "measured"]
    for section in ("arguments", "optimizers", *NEEDED):
        value = preset.get(section, {})
        if not isinstance(value, dict):
            raise ValueError(f"a preset's {section} must be an object, got {value!r}")
        if section in preset:
            needed = NEEDED.get(section, ())
            missing += [f"{section}.{key}" for key in needed if key not in value]
    if missing:
        raise ValueError(f"the preset lacks {', '.join(missing)}: add it to its preset.json")


def check_folder(folder):
    """Refuses a folder that a preset should not take the place of.

    Args:
        folder: A path, of something or nothing.

    Raises:
        ValueError: If it is a file, or holds files but no preset.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file: give a folder, such as zoo/NAME")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "preset.json").is_file():
        raise ValueError(f"{folder} holds other files and no preset.json: give another folder")


@contextlib.contextmanager
def replacing(folder):
    """Yields an empty folder that takes the place of `folder` if nothing fails."""
    made = folder.with_name(f".{folder.name}.unfinished")
    old = folder.with_name(f".{folder.name}.replaced")
    # What a process left that was killed here.
    shutil.rmtree(made, ignore_errors=True)
    if old.exists() and not folder.exists():
        os.replace(old, folder)
    shutil.rmtree(old, ignore_errors=True)
    made.mkdir(parents=True)
    try:
        yield made
        if folder.exists():
            keep_others(folder, made)
            os.replace(folder, old)
        os.replace(made, folder)
    except BaseException:
        if old.exists() and not folder.exists():
            os.replace(old, folder)
        raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def keep_others(folder, made):
    """Copies from `folder` what `made` has no version of, but for old weights."""
    for path in folder.iterdir():
        if not (made / path.name).exists() and not path.name.endswith(".weights.h5"):
            copy = shutil.copytree if path.is_dir() else shutil.copy2
            copy(path, made / path.name)


def save_players(gan, folder, discriminator):
    """Writes the players' weights; returns what `preset.json` says of them."""
    networks = {"generator": gan.ema_generator or gan.generator}
    if discriminator:
        networks["discriminator"] = gan.discriminator
    weights = {}
    for player, network in networks.items():
        file = f"{player}.weights.h5"
        weights[player] = {
            "file": file,
            "sha256": weight_files.save_weights(network, folder / file),
            "parameters": int(sum(np.prod(w.shape) for w in network.weights)),
        }
    return weights


def measurements(run, gan, batch_size):
    """What a run folder tells of its run."""
    with (run / "history.csv").open(newline="") as file:
        history = list(csv.DictReader(file))
    if not history:
        raise ValueError(f"{run / 'history.csv'} has no epoch: train for longer")
    rounds = callbacks.rounds_played(gan)
    epoch = next((line for line in history if line.get("rounds") == str(rounds)), history[-1])
    images = rounds * batch_size * gan.discriminator_steps
    return {
        "date": datetime.date.today().isoformat(),
        "rounds": rounds,
        "real_images": gan.count_images() if hasattr(gan, "count_images") else images,
        "seconds": round(json.loads((run / "seconds.json").read_text())),
        "environment": json.loads((run / "environment.json").read_text()),
        "last_epoch": {name: float(epoch[name]) for name in gan.term_names() if name in epoch},
        **selected(run, history[-1]),
    }


def selected(run, last):
    """How the best epoch was chosen, its score and the last one's; empty if none was chosen."""
    # Without a best epoch, as after NaN in all of them, there was no choice.
    if not (run / "selection.json").is_file() or not (run / "best.json").is_file():
        return {}
    protocol = json.loads((run / "selection.json").read_text())
    best = json.loads((run / "best.json").read_text())
    scores = {
        "best": {"rounds": best["rounds"], "value": best["value"]},
        "final": {"rounds": int(last["rounds"]), "value": float(last[protocol["metric"]])},
    }
    return {"selection": {**protocol, **scores}}


def card(name, preset):
    """The card of a preset with weights, Markdown, from its `preset.json`."""
    measured, training = preset["measured"], preset["training"]
    networks, source = preset["networks"], preset["data"]
    arguments = ", ".join(f"{k}={v!r}" for k, v in networks["arguments"].items())
    sizes = ", ".join(
        f"{player} {file['parameters']:,} parameters"
        for player, file in measured["weights"].items()
    )
    optimizers = "; ".join(
        f"{player}: {describe(preset['optimizers'].get(player))}"
        for player in ("generator", "discriminator")
    )
    description = preset.get("description", f"{preset['algorithm']} on {source['source']}")
    licence = preset.get("data_licence", "not stated")
    losses = "\n".join(f"| {k} | {v:.4g} |" for k, v in measured["last_epoch"].items())
    minutes = measured["seconds"] / 60
    where = measured["environment"]
    engine = f"{where['backend']} {where['backend_version']}"
    chosen = measured.get("selection")
    chosen = f"\n| chosen | {describe_selection(chosen)} |" if chosen else ""
    initial = training.get("initial")
    started = f"\n| started from | {describe_start(initial)} |" if initial else ""
    again = f", from the weights of {initial['preset']}" if initial else " from nothing"
    note = f"\n{measured['note']}\n" if measured["note"] else ""
    return f"""# {name}

{description}. Method: {preset.get("paper", "not stated")}.

![samples](samples.png)

Random samples, seed 0, not chosen: `kgan sample {name}`.

```python
gan = kgan.zoo.load("{name}")
images = gan.sample(64, seed=0)
```
{evaluation.section(measured.get("metrics"))}
## How it was made
| | |
|---|---|
| algorithm | `kgan.{preset["algorithm"]}` |
| networks | `kgan.networks.{networks["builder"]}({arguments})` |
| weights | float16; {sizes} |
| data | {source["source"]}, split {splits(preset)[0]}; licence: {licence} |
| training | {measured["rounds"]:,} rounds of batch {training["batch_size"]} |{started}{chosen}
| real images seen | {measured["real_images"]:,} |
| optimizers | {optimizers} |
| precision | {training["precision"]} |
| time | {minutes:.0f} minutes on {where["hardware"]} |
| software | kgan {where["kgan"]} ({where["commit"]}), Keras {where["keras"]}, {engine} |
| data digest | sha256 {where["data_digest"]} |
| date | {measured["date"]} |

Again{again}: `kgan train {name}`.
{note}
## Running means of the last epoch
| | |
|---|---|
{losses}

The weights are published under the licence of this package (Apache-2.0).
"""


def describe_selection(chosen):
    """How the published epoch was chosen, and what the last one would have been, in words."""
    best, final = chosen["best"], chosen["final"]
    return (
        f"the epoch whose {chosen['samples']:,} samples were best by {chosen['metric']} "
        f"({chosen['extractor']}) against {chosen['real']:,} images held out "
        f"({chosen['split']}): {best['value']:.2f} after {best['rounds']:,} rounds; the last one "
        f"had {final['value']:.2f} after {final['rounds']:,}"
    )


def describe_start(initial):
    """The weights that training started from, in words."""
    sums = ", ".join(f"{player} {sha[:12]}" for player, sha in initial["weights"].items())
    return f"the weights of `{initial['preset']}` (sha256: {sums})"


def describe(optimizer):
    """A preset's optimizer in words: it may be a name, a config or None, as for `compile`."""
    if optimizer is None:
        return "the algorithm's own"
    if isinstance(optimizer, str):
        return f"{optimizer} {DEFAULTS}"
    return f"{optimizer['class_name']} {_settings(optimizer['config']) or DEFAULTS}"


def _settings(config):
    """A config in words; schedules and inner optimizers have configs of their own."""

    def value(v):
        nested = isinstance(v, dict) and "class_name" in v
        return f"{v['class_name']}({_settings(v['config'])})" if nested else v

    return ", ".join(f"{k}={value(v)}" for k, v in config.items())


def zoo_table():
    """The README's table of all presets, Markdown."""
    rows = ["| preset | class | data | weights | trained |", "|---|---|---|---|---|"]
    for name in zoo.list():
        preset = zoo.info(name)
        source, measured = preset["data"], preset["measured"]
        weights, trained = "none yet", ""
        if measured:
            parameters = sum(file["parameters"] for file in measured["weights"].values())
            weights = f"[card](zoo/{name}/README.md), {parameters / 1e6:.1f} M parameters"
            trained = f"{measured['rounds']:,} rounds, {measured['seconds'] / 60:.0f} minutes"
        data_set = f"`{source['source']}`"
        if "image_size" in source:
            data_set += f", {source['image_size']} px"
        rows.append(f"| `{name}` | `{preset['algorithm']}` | {data_set} | {weights} | {trained} |")
    return "\n".join(rows)
