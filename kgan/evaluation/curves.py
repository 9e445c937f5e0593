"""Curves of a run's history as SVG, one small chart a column."""

import html
import math

from kgan.files import read_lines

WIDTH, HEIGHT, MARGIN = 240, 110, 8
# How far training had come, which is no curve.
PROGRESS = ("rounds", "epoch", "seconds")


def charts(path):
    """One SVG for each logged column of a `history.csv`, in the order of the file.

    Args:
        path: A file as Keras's `CSVLogger` writes it, with a column `epoch`.

    Returns:
        A list of strings. Columns with fewer than two numbers are left out, and so are rounds,
        epochs and seconds.
    """
    rows = read_lines(path)
    names = [name for name in (rows[0] if rows else ()) if name not in PROGRESS]
    found = []
    for name in names:
        points = [(number(row["epoch"]), number(row[name])) for row in rows]
        points = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
        if len(points) > 1:
            found.append(chart(name, points))
    return found


def number(text):
    """A cell as a float, NaN where it is empty or no number."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return math.nan


def chart(name, points):
    """One curve with its range: `points` are pairs of epoch and value."""
    xs, ys = zip(*points)
    left, right, low, high = min(xs), max(xs), min(ys), max(ys)

    def place(x, y):
        across = (x - left) / ((right - left) or 1)
        up = (y - low) / (high - low) if high > low else 0.5
        return f"{MARGIN + across * WIDTH:.1f},{MARGIN + (1 - up) * HEIGHT:.1f}"

    line = " ".join(place(x, y) for x, y in points)
    title = html.escape(name)
    label = f"{title}: {ys[-1]:.4g} in the last epoch, {low:.4g} to {high:.4g}"
    return (
        f'<figure><svg viewBox="0 0 {WIDTH + 2 * MARGIN} {HEIGHT + 2 * MARGIN}" role="img" '
        f'aria-label="{label}"><polyline points="{line}"/></svg>'
        f"<figcaption><b>{title}</b> {ys[-1]:.4g}; range {low:.4g} to {high:.4g}, "
        f"epochs {left + 1:.0f} to {right + 1:.0f}</figcaption></figure>"
    )
