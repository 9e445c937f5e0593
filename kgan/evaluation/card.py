"""Results in a preset: kept in its `preset.json`, shown in its card."""

import json
import os
import pathlib

from kgan.evaluation.tables import rows


def section(results):
    """Results of `evaluate` as a section of a preset's card, Markdown.

    Args:
        results: What `evaluate` returns; None, for a preset that has none, gives an empty string.

    Example:
        >>> print(kgan.evaluation.section(kgan.zoo.info("gan_mnist")["measured"]["metrics"]))
    """
    if results is None:
        return ""
    protocol = results["protocol"]
    data, versions = protocol["data"], protocol["versions"]
    lines = "\n".join(f"| {' | '.join(row)} |" for row in rows(results))
    extractors = "; ".join(
        f"{by} (sha256 {about['digest'][:12]}, images {about['resize']})"
        for by, about in protocol["extractors"].items()
    )
    command = f"kgan evaluate {results['name']} --n {protocol['n_fake']}"
    command += f" --extractor {protocol['extractor']}" if protocol["extractor"] else ""
    return f"""
## How good it is
{protocol["n_fake"]:,} samples, seed {protocol["seed"]}, against {data["chosen"]} of \
{data["source"]}, split {data["split"]}. Features: {extractors}. \
Measured {protocol["date"]} with kgan {versions["kgan"]}, {versions["backend"]} \
{versions["backend_version"]} on {versions["hardware"]}.

| criterion | score | value | by |
|---|---|---|---|
{lines}

Fréchet and kernel distance are FID and KID where they are by Inception. The whole protocol is in \
`preset.json`. Again: `{command}`; compare with this card: `kgan.zoo.verify("{results["name"]}")`.
"""


def record(folder, results):
    """Puts results into a preset and writes its card again.

    Args:
        folder: The preset's folder, such as `zoo/NAME`.
        results: What `evaluate` returned for this preset, or the path of its `results.json`.

    Raises:
        ValueError: If the results are of other weights or other data than the preset's.

    Example:
        >>> kgan.evaluation.record("zoo/gan_mnist", "evaluation/gan_mnist/results.json")
    """
    from kgan.cards import writing  # It shows `section` in its cards.

    folder = pathlib.Path(folder).resolve()
    if isinstance(results, str | os.PathLike):
        results = json.loads(pathlib.Path(results).read_text())
    path = folder / "preset.json"
    preset = json.loads(path.read_text())
    weights = (preset["measured"] or {}).get("weights", {})
    protocol = results["protocol"]
    if protocol["weights_sha256"] != {player: file["sha256"] for player, file in weights.items()}:
        raise ValueError(
            f"the results are of other weights than those of {folder.name}: evaluate the preset "
            "itself, by its name"
        )
    if protocol["data"]["source"] != preset["data"]["source"]:
        raise ValueError(
            f"the results are of {protocol['data']['source']}, and {folder.name} learned from "
            f"{preset['data']['source']}"
        )
    preset["measured"]["metrics"] = results
    writing.write(folder.name, preset, folder)
