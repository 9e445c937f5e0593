"""The scorecard: what makes a good generative model, measured by one protocol."""

from kgan.evaluation.card import section
from kgan.evaluation.run import evaluate
from kgan.evaluation.tables import table
from kgan.evaluation.verification import verify

__all__ = ["evaluate", "section", "table", "verify"]
