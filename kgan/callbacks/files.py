"""Files of a run folder, written while a model learns."""

import csv
import io
import pathlib
import time

import keras

from kgan.callbacks.rounds import rounds_played
from kgan.files import read_lines, write_text

# Keras's CSVLogger writes the one for what was not logged, a shorter line has the other.
EMPTY = ("NA", "", None)


class HistoryFile(keras.callbacks.Callback):
    """Writes a line an epoch: rounds played, the epoch, and all that it logged.

    The file is replaced by a complete one each time, so its columns may change between runs. Those
    that nothing was ever logged for are left out.

    Args:
        path: Of the CSV file.
        resume: Whether to go on from the file that is there, as far as the model has come.
    """

    def __init__(self, path, resume=False):
        super().__init__()
        self.path = pathlib.Path(path)
        self.resume = resume
        self.lines = []

    def on_train_begin(self, logs=None):
        """Reads the lines of earlier runs; those of lost rounds are played again."""
        if self.resume and self.path.is_file():
            played = rounds_played(self.model)
            lines = read_lines(self.path)
            # Older files do not count rounds.
            self.lines = [line for line in lines if int(line.get("rounds") or 0) <= played]

    def on_epoch_end(self, epoch, logs=None):
        """Adds a line."""
        logs = dict(logs or {})
        terms = {name: logs.pop(name) for name in self.model.term_names() if name in logs}
        rounds = rounds_played(self.model)
        self.lines.append({"rounds": rounds, "epoch": epoch, **terms, **logs})
        columns = dict.fromkeys(["rounds", "epoch"])
        for line in self.lines:
            columns.update((key, None) for key, value in line.items() if value not in EMPTY)
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(columns), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(self.lines)
        write_text(self.path, text.getvalue())


class Seconds(keras.callbacks.Callback):
    """Logs the seconds spent in epochs so far, over all resumed runs.

    As the first callback it counts what rounds and their data take, compilation included, and not
    what the other callbacks do between epochs: judging, drawing and saving.

    Args:
        history: The `HistoryFile` after this callback, whose last line tells the time so far.
    """

    def __init__(self, history):
        super().__init__()
        self.history = history

    def on_epoch_begin(self, epoch, logs=None):
        """Starts the clock."""
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Stops it."""
        before = self.history.lines[-1].get("seconds") if self.history.lines else None
        if logs is not None:
            logs["seconds"] = time.perf_counter() - self.start + float(before or 0)
