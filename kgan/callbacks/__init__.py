"""Keras callbacks for GANs."""

from kgan.callbacks.best import BestCheckpoint
from kgan.callbacks.checkpoint import Checkpoint, save
from kgan.callbacks.evaluate import Evaluate
from kgan.callbacks.rounds import StopAtRounds, rounds_played
from kgan.callbacks.samples import SampleGrid
from kgan.callbacks.terminate import TerminateOnNaN

__all__ = [
    "BestCheckpoint",
    "Checkpoint",
    "Evaluate",
    "SampleGrid",
    "StopAtRounds",
    "TerminateOnNaN",
    "rounds_played",
    "save",
]
