"""What is told of a preset, made from its files: its card with pictures, and tables of the zoo."""

from kgan.cards.digest import TOLERANCE, difference, samples_digest
from kgan.cards.text import card
from kgan.cards.writing import complete, renew

__all__ = ["TOLERANCE", "card", "complete", "difference", "renew", "samples_digest"]
