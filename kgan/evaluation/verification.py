"""Does a preset do what its card says?"""

from kgan import zoo
from kgan.evaluation.criteria import scores_of
from kgan.evaluation.run import evaluate


def verify(name, tolerance=0.02, **kwargs):
    """Evaluates a preset again by the protocol in its card, and compares.

    A score may differ by `tolerance` of the card's value, and by `tolerance` itself where it is a
    fraction or a correlation; and in addition by the standard deviation that the card gives.
    Speeds depend on the machine and are not compared.

    Args:
        name: A preset with `measured["metrics"]`.
        tolerance: See above; backends differ by rounding.
        **kwargs: Further arguments of `evaluate`, such as `data_dir`, `cache` or `report`.

    Returns:
        A list of dictionaries, one a score: `score`, `by`, `card`, `now`, `allowed`, `agrees`.

    Raises:
        ValueError: If the card has no metrics, or a score does not agree: the message has the
            list of those that do not.

    Example:
        >>> kgan.evaluation.verify("wgan_gp_mnist", data_dir="/data")
    """
    card = ((zoo.info(name)["measured"] or {}).get("metrics")) or None
    if card is None:
        raise ValueError(f"the card of {name} has no metrics to compare with")
    protocol = card["protocol"]
    settings = {
        "split": protocol["data"]["split"],
        "n": protocol["n_fake"],
        "seed": protocol["seed"],
        "metrics": protocol["metrics"],
        "extractor": protocol["extractor"],
    }
    now = evaluate(name, **{**settings, **kwargs})
    then, taken = protocol["data"]["chosen"], now["protocol"]["data"]["chosen"]
    if then.startswith("the first") and not taken.startswith("all"):
        raise ValueError(
            f"the card of {name} compares with {then}, and kgan now takes {taken}: evaluate it "
            "again, and make its card of that (kgan card --results)"
        )
    report = compare(card, now, tolerance)
    wrong = [line for line in report if not line["agrees"]]
    if wrong:
        lines = "\n".join(
            f"  {line['score']}{' by ' + line['by'] if line['by'] else ''}: "
            f"card {line['card']:.6g}, now {_number(line['now'])}, allowed ±{line['allowed']:.2g}"
            for line in wrong
        )
        raise ValueError(
            f"{len(wrong)} of {len(report)} scores of {name} are not those of its card:\n{lines}"
        )
    return report


def compare(card, now, tolerance):
    """The report of `verify`, from two results."""
    found = {_key(score): score for score in scores_of(now)}
    report = []
    for score in scores_of(card):
        how = score.kind.compare
        if how is None:
            continue
        allowed = tolerance * (1.0 if how == "absolute" else abs(score.value))
        allowed += score.deviation or 0.0
        again = found.get(_key(score))
        report.append(
            {
                "score": score.title,
                "by": score.by,
                "card": score.value,
                "now": None if again is None else again.value,
                "allowed": allowed,
                "agrees": again is not None and abs(again.value - score.value) <= allowed,
            }
        )
    return report


def _key(score):
    return score.name, score.by, score.of


def _number(value):
    return "missing" if value is None else f"{value:.6g}"
