"""Keras callbacks for GANs."""

from kgan.callbacks.best import BestCheckpoint
from kgan.callbacks.checkpoint import Checkpoint, save
from kgan.callbacks.evaluate import Evaluate
from kgan.callbacks.rounds import StopAtRounds, rounds_played
from kgan.callbacks.samples import SampleGrid

__all__ = [
    "BestCheckpoint",
    "Checkpoint",
    "Evaluate",
    "SampleGrid",
    "StopAtRounds",
    "rounds_played",
    "save",
]
