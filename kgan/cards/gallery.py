"""Tables of the zoo."""

from kgan import zoo


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
