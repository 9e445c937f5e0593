"""Results as a section of a card."""

from kgan.evaluation.run import DEFAULT
from kgan.evaluation.tables import rows


def section(results, path=None):
    """Results of `evaluate` as a section of a preset's card, Markdown.

    Args:
        results: What `evaluate` returns; None, for a preset that has none, gives an empty string.
        path: What to call the preset on the command line; its name by default.

    Example:
        >>> print(kgan.evaluation.section(kgan.zoo.info("gan_mnist")["measured"]["metrics"]))
    """
    if results is None:
        return ""
    protocol = results["protocol"]
    data, versions = protocol["data"], protocol["versions"]
    lines = "\n".join(f"| {' | '.join(row)} |" for row in rows(results))
    extractors = "; ".join(
        f"{by} (sha256 {(about['digest'] or 'not known')[:12]}, images {about['resize']})"
        for by, about in protocol["extractors"].items()
    )
    options = {
        "n": protocol["n_fake"],
        "extractor": protocol["extractor"],
        "split": data["split"] if data["split"] != "test" else None,
        "seed": protocol["seed"] or None,
        "metrics": ",".join(protocol["metrics"]) if list(DEFAULT) != protocol["metrics"] else None,
    }
    command = " ".join(
        [f"kgan evaluate {path or results['name']}"]
        + [f"--{name} {value}" for name, value in options.items() if value is not None]
    )
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
