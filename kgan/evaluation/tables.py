"""Results as text for a terminal."""

from kgan.evaluation.criteria import CRITERIA, scores_of

ARROWS = {"lower": "↓", "higher": "↑", None: ""}
HEAD = ("criterion", "score", "value", "by")


def rows(results):
    """Rows of four strings, as in `HEAD`: the criterion once, then its scores and remarks."""
    found = []
    scores, remarks = scores_of(results), results["remarks"]
    for criterion in CRITERIA:
        own = [score for score in scores if score.kind.criterion == criterion]
        lines = [(f"{s.title} {ARROWS[s.kind.better]}".strip(), str(s), s.by or "") for s in own]
        lines += [(remark, "", "") for remark in remarks.get(criterion, ())]
        lines = lines or [("not asked for", "", "")]
        found += [(criterion if i == 0 else "", *line) for i, line in enumerate(lines)]
    return found


def table(results):
    """Results of `evaluate` as a text table, one block of lines a criterion.

    Example:
        >>> print(kgan.evaluation.table(results))
    """
    lines = [HEAD, *rows(results)]
    # A remark may be longer than its column, for nothing stands behind it.
    widths = [max(len(line[i]) for line in lines if line[2] or i != 1) for i in range(4)]
    text = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths)) for line in lines)
    return "\n".join(line.rstrip() for line in text)
