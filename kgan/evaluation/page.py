"""Results as one HTML page that needs no other file, no script and no network."""

import html
import json

from kgan.evaluation.curves import charts
from kgan.evaluation.pictures import data_uri, pictures
from kgan.evaluation.tables import HEAD, rows

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff }
h1 { margin-bottom: 0 } h2 { margin-top: 2.5rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; vertical-align: top }
tr.first > * { border-top: 1px solid #ccc }
td.value { font-variant-numeric: tabular-nums; white-space: nowrap }
figure { margin: 1rem 0 } figcaption { color: #555; font-size: .9rem }
img { image-rendering: pixelated; max-width: 100%; height: auto }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: 1rem }
svg { width: 100%; border: 1px solid #ddd }
polyline { fill: none; stroke: #1a5fb4; stroke-width: 1.5 }
pre { overflow: auto; background: #f6f6f6; padding: 1rem; font-size: .8rem }
"""
# Grids of small images are shown larger: the width of an image of a grid, in pixels of the screen.
SHOWN = 56


def page(results, subject):
    """The page, a string.

    Args:
        results: What `evaluate` returns.
        subject: The `Subject` that they are about.
    """
    protocol = results["protocol"]
    name = html.escape(results["name"])
    data = protocol["data"]
    real = f"{data['source']}, split {data['split']}" if data["source"] else "given images"
    summary = (
        f"{protocol['algorithm']}; {protocol['n_fake']:,} samples (seed {protocol['seed']}) "
        f"against {protocol['n_real']:,} real images ({real}); {protocol['date']}"
    )
    sections = [
        f"<h1>{name}</h1>\n<p>{html.escape(summary)}</p>",
        f"<h2>Scores</h2>\n{scores(results)}",
        "<h2>Images</h2>",
        *(figure(caption, picture, subject) for caption, picture in pictures(subject)),
    ]
    history = subject.model.folder and subject.model.folder / "history.csv"
    if history and history.is_file():
        found = "\n".join(charts(history))
        sections.append(f'<h2>Training</h2>\n<div class="curves">{found}</div>')
    details = html.escape(
        json.dumps({"protocol": protocol, "seconds": results["seconds"]}, indent=2)
    )
    sections.append(f"<h2>Protocol</h2>\n<pre>{details}</pre>")
    body = "\n".join(sections)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}: evaluation</title>
<style>{STYLE}</style>
</head>
<body>
{body}
</body>
</html>
"""


def scores(results):
    """The table of scores."""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in HEAD)
    lines = []
    for criterion, title, value, by in rows(results):
        first = ' class="first"' if criterion else ""
        cells = f"<td>{html.escape(title)}</td>" if value else ""
        cells += f'<td class="value">{value}</td><td>{html.escape(by)}</td>' if value else (
            f'<td colspan="3">{html.escape(title)}</td>'
        )  # fmt: skip
        lines.append(f'<tr{first}><th scope="row">{criterion}</th>{cells}</tr>')
    note = "<p>Fréchet and kernel distance are FID and KID where they are by Inception.</p>"
    return f"<table>\n<tr>{head}</tr>\n" + "\n".join(lines) + f"\n</table>\n{note}"


def figure(caption, picture, subject):
    """A picture with its caption."""
    height, width = picture.shape[:2]
    scale = max(1, SHOWN // subject.real.shape[2])
    caption = html.escape(caption)
    return (
        f'<figure><img src="{data_uri(picture)}" width="{scale * width}" '
        f'height="{scale * height}" alt="{caption}"><figcaption>{caption}</figcaption></figure>'
    )
