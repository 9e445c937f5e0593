"""A preset's card as Markdown: a function of its `preset.json` and of what ships with kgan."""

from kgan import evaluation
from kgan.cards.pictures import CURVES, FAILURES, INTERPOLATION, SAMPLES
from kgan.training import splits
from kgan.weight_files import builtin_preset

DEFAULTS = "with Keras's defaults"
NO_LIMITS = "None were noted beside the figures and the pictures.\n"


def card(name, preset, builtin=True):
    """The card of a preset with weights.

    Args:
        name: The preset's.
        preset: What `kgan.zoo.info` returns.
        builtin: Whether it is in the zoo that ships with kgan.

    Returns:
        Markdown, which shows the pictures that lie beside it.
    """
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
    minutes, in_all = (round(measured[key] / 60) for key in ("seconds", "run_seconds"))
    in_all = f"; the run went on to {in_all}" if in_all > minutes else ""
    path = name if builtin else f"path/to/{name}"
    register = "" if builtin else f'kgan.zoo.register("{path}")\n'
    make = f" ({preset['data_from']})" if "data_from" in preset else ""
    where = measured["environment"]
    engine = f"{where['backend']} {where['backend_version']}"
    chosen = measured.get("selection")
    chosen = f"\n| chosen | {describe_selection(chosen)} |" if chosen else ""
    initial = training.get("initial")
    started = f"\n| started from | {describe_start(initial)} |" if initial else ""
    again = f", from the weights of {initial['preset']}" if initial else " from nothing"
    retrain = f"kgan train {path}"
    if initial and not builtin_preset(initial["preset"]):
        retrain += f" --from path/to/{initial['preset']}"
    own = (
        "\nThe weights are published under the licence of this package (Apache-2.0).\n"
        if builtin
        else ""
    )
    note = f"\n{measured['note']}\n" if measured["note"] else ""
    shown = {file: show(about, file) for file, about in measured["pictures"].items()}
    limits = "".join(f"- {limit}\n" for limit in measured.get("limits", []))
    tries = "".join(f"- {attempt}\n" for attempt in preset.get("tries", []))
    tries = f"\n## What was tried\n{tries}" if tries else ""
    return f"""# {name}

{description}. Method: {preset.get("paper", "not stated")}.

{shown[SAMPLES]}

```python
{register}gan = kgan.zoo.load("{name}")
images = gan.sample(64, seed=0)
```
On the command line: `kgan sample {path}`.

{shown[INTERPOLATION]}
{evaluation.section(measured.get("metrics"), path)}
## Limits and failures
{limits or NO_LIMITS}
{shown[FAILURES]}

## How it was made
| | |
|---|---|
| algorithm | `kgan.{preset["algorithm"]}({_settings(preset["arguments"])})` |
| networks | `kgan.networks.{networks["builder"]}({arguments})` |
| weights | float16; {sizes} |
| data | {source["source"]}{make}, split {splits(preset)[0]}; licence: {licence} |
| training | {measured["rounds"]:,} rounds of batch {batches(preset)} |{started}{chosen}
| seed | {training["seed"]} |
| real images seen | {measured["real_images"]:,} |
| optimizers | {optimizers} |
| precision | {training["precision"]} |
| time | {minutes} minutes on {where["hardware"]}{in_all} |
| software | kgan {where["kgan"]} ({where["commit"]}), Keras {where["keras"]}, {engine} |
| data digest | sha256 {where["data_digest"]} |
| date | {measured["date"]} |

Again{again}: `{retrain}`.
{note}{tries}
## How training went
{shown[CURVES]}

Running means of the epoch that was published:

| | |
|---|---|
{losses}
{own}"""


def show(about, file):
    """A picture and its caption, or why there is none, Markdown."""
    caption = f"{about['caption']}."
    return f"![{file.split('.')[0]}]({file})\n\n{caption}" if about["drawn"] else caption


def batches(preset):
    """The images of each discriminator update, in words."""
    sizes = preset["arguments"].get("batch_sizes") or {}
    if not sizes:
        return str(preset["training"]["batch_size"])
    return ", ".join(f"{size} from {resolution} px" for resolution, size in sizes.items())


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
    """Arguments in words; objects such as schedules and penalties have arguments of their own."""
    return ", ".join(f"{name}={_value(value)}" for name, value in config.items())


def _value(value):
    if isinstance(value, dict) and "class_name" in value:
        return f"{value['class_name']}({_settings(value['config'])})"
    if isinstance(value, list):
        texts = all(isinstance(each, str) for each in value)
        return f"[{len(value)} texts]" if texts else f"[{', '.join(map(_value, value))}]"
    return repr(value)
