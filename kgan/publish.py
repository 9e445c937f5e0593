"""From a run folder to a preset of the zoo: float16 weights, what was measured, samples, card."""

import csv
import datetime
import json
import pathlib

import keras
import numpy as np

from kgan import callbacks, data, zoo


def publish(run, folder, *, discriminator=True, note=None):
    """Makes a finished run a preset with weights.

    Args:
        run: A run folder of `kgan train`.
        folder: The preset's folder, such as `zoo/NAME`; what is there is replaced.
        discriminator: Whether to ship the discriminator too, so that training can go on.
        note: A remark for the card.

    Raises:
        FileNotFoundError: If the run has no model.
    """
    run, folder = pathlib.Path(run), pathlib.Path(folder)
    if not (run / "model.keras").is_file():
        raise FileNotFoundError(f"{run} has no model.keras: finish the run first")
    preset = json.loads((run / "config.json").read_text())
    preset.pop("name", None)
    gan = keras.models.load_model(run / "model.keras")
    folder.mkdir(parents=True, exist_ok=True)

    networks = {"generator": gan.ema_generator or gan.generator}
    if discriminator:
        networks["discriminator"] = gan.discriminator
    weights = {}
    for player, network in networks.items():
        file = f"{player}.weights.h5"
        weights[player] = {
            "file": file,
            "sha256": zoo.save_weights(network, folder / file),
            "parameters": int(sum(np.prod(w.shape) for w in network.weights)),
        }
    for stale in set(folder.glob("*.weights.h5")) - {folder / w["file"] for w in weights.values()}:
        stale.unlink()
    history = [row for row in csv.DictReader((run / "history.csv").open())]
    rounds = callbacks.rounds_played(gan)
    batch = preset["training"]["batch_size"]
    preset["measured"] = {
        "weights": weights,
        "date": datetime.date.today().isoformat(),
        "rounds": rounds,
        "real_images": rounds * batch * gan.discriminator_steps,
        "seconds": round(json.loads((run / "seconds.json").read_text())),
        "environment": json.loads((run / "environment.json").read_text()),
        "last_epoch": {
            name: float(history[-1][name]) for name in gan.term_names() if name in history[-1]
        },
        "note": note,
    }
    (folder / "preset.json").write_text(json.dumps(preset, indent=2) + "\n")

    published = zoo.build(preset)
    zoo.load_weights(published, **{p: folder / w["file"] for p, w in weights.items()})
    images, columns = published.sample_grid(rows=8, seed=0)
    data.save_image(folder / "samples.png", data.grid(images, columns=columns))
    (folder / "README.md").write_text(card(folder.name, preset))


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
        f"{player}: {o['class_name']} " + ", ".join(f"{k}={v}" for k, v in o["config"].items())
        for player, o in preset["optimizers"].items()
    )
    losses = "\n".join(f"| {k} | {v:.4g} |" for k, v in measured["last_epoch"].items())
    minutes = measured["seconds"] / 60
    where = measured["environment"]
    engine = f"{where['backend']} {where['backend_version']}"
    note = f"\n{measured['note']}\n" if measured["note"] else ""
    return f"""# {name}

{preset["description"]}. Method: {preset["paper"]}.

![samples](samples.png)

Random samples, seed 0, not chosen: `kgan sample {name}`.

```python
gan = kgan.zoo.load("{name}")
images = gan.sample(64, seed=0)
```

## How it was made
| | |
|---|---|
| algorithm | `kgan.{preset["algorithm"]}` |
| networks | `kgan.networks.{networks["builder"]}({arguments})` |
| weights | float16; {sizes} |
| data | {source["source"]}, split {source["split"]}; licence: {preset["data_licence"]} |
| training | {measured["rounds"]:,} rounds of batch {training["batch_size"]} |
| real images seen | {measured["real_images"]:,} |
| optimizers | {optimizers} |
| precision | {training["precision"]} |
| time | {minutes:.0f} minutes on {where["hardware"]} |
| software | kgan {where["kgan"]} ({where["commit"]}), Keras {where["keras"]}, {engine} |
| data digest | sha256 {where["data_digest"]} |
| date | {measured["date"]} |

Again from nothing: `kgan train {name}`.
{note}
## Running means of the last epoch
| | |
|---|---|
{losses}

The weights are published under the licence of this package (Apache-2.0).
"""


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
        data_set = f"`{source['source']}`, {source['image_size']} px"
        rows.append(f"| `{name}` | `{preset['algorithm']}` | {data_set} | {weights} | {trained} |")
    return "\n".join(rows)
