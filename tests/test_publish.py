"""Runs, and the presets that they become: all of it or nothing, and a card for every one."""

import copy
import csv
import json
import shutil
import signal
import sys
import time
import warnings
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image
from test_cli import kgan_command

from kgan import cards, environment, publish, training, zoo

PRESET = {
    "algorithm": "GAN",
    "arguments": {"ema_decay": 0.9},
    "networks": {
        "builder": "mlp",
        "arguments": {"image_shape": [28, 28, 1], "latent_dim": 4, "width": 8},
    },
    "optimizers": {"generator": "adam", "discriminator": "rmsprop"},
    "data": {"source": "embedded", "limit": 64},
    "training": {"batch_size": 32, "rounds": 3, "seed": 0, "precision": "float32"},
    "measured": None,
}
FILES = [
    "README.md",
    "curves.png",
    "discriminator.weights.h5",
    "failures.png",
    "generator.weights.h5",
    "history.csv",
    "interpolation.png",
    "preset.json",
    "samples.png",
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of three rounds, of a preset that states no more than it must."""
    out = tmp_path_factory.mktemp("runs") / "tiny"
    training.train(copy.deepcopy(PRESET), out, verbose=0)
    return out


@pytest.fixture(scope="module")
def published(finished):
    """The preset that it becomes."""
    folder = finished.parent / "zoo" / "tiny_one"
    publish.publish(finished, folder, note="A remark.")
    return folder


@pytest.fixture
def run(finished, tmp_path):
    """A copy of that run, to spoil."""
    return shutil.copytree(finished, tmp_path / "run")


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def change(path, **changes):
    """Changes keys of a JSON file; None takes them away."""
    config = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({k: v for k, v in config.items() if v is not None}))


def spoil(run):
    """Makes the discriminator too large for float16: it fails when the generator is written."""
    gan = keras.models.load_model(run / "model.keras")
    gan.discriminator.weights[0].assign(gan.discriminator.weights[0] * 0 + 1e6)
    gan.save(run / "model.keras")


def test_what_is_published_samples_as_the_run_does(finished, published):
    assert names(published) == FILES
    assert names(published.parent) == ["tiny_one"]
    assert zoo.register(published) == "tiny_one"
    samples = zoo.load("tiny_one", weights="pretrained").sample(8, seed=1).astype(int)
    expected = keras.models.load_model(finished / "model.keras").sample(8, seed=1).astype(int)
    assert np.abs(samples - expected).max() <= 1  # The weights were rounded to float16.
    assert Image.open(published / "samples.png").size == (8 * 30 + 2, 8 * 30 + 2)
    measured = json.loads((published / "preset.json").read_text())["measured"]
    assert (measured["rounds"], measured["real_images"]) == (3, 3 * 32)
    assert set(measured["last_epoch"]) == {"d_loss", "g_loss", "real_score", "fake_score"}
    assert "\nA remark.\n" in (published / "README.md").read_text()


def test_the_best_epoch_is_published_beside_the_score_of_the_last(tmp_path):
    preset = copy.deepcopy(PRESET)
    preset["training"] |= {"rounds": 6, "hold_out": 25}
    with pytest.warns(UserWarning, match=r"64 images are held out \(train\[75%:\]\)"):
        training.train(preset, tmp_path / "run", verbose=0)
    with (tmp_path / "run" / "history.csv").open() as file:
        history = {int(line["rounds"]): float(line["fid"]) for line in csv.DictReader(file)}
    assert sorted(history) == [2, 4, 6]
    rounds = min(history, key=history.get)
    folder = tmp_path / "zoo" / "chosen"
    publish.publish(tmp_path / "run", folder)
    measured = json.loads((folder / "preset.json").read_text())["measured"]
    assert measured["rounds"] == rounds
    chosen = measured["selection"]
    assert (chosen["split"], chosen["extractor"]) == ("train[75%:]", "mnist_classifier")
    assert (chosen["real"], chosen["samples"]) == (64, 64)
    assert chosen["best"] == {"rounds": rounds, "value": pytest.approx(history[rounds])}
    assert chosen["final"] == {"rounds": 6, "value": pytest.approx(history[6])}
    card = (folder / "README.md").read_text()
    assert f"{history[rounds]:.2f} after {rounds} rounds; the last one had" in card
    best = keras.models.load_model(tmp_path / "run" / "best.keras")
    assert int(best.rounds) == rounds
    zoo.register(folder)
    samples = zoo.load("chosen", weights="pretrained").sample(4, seed=1).astype(int)
    assert np.abs(samples - best.sample(4, seed=1).astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("hold_out", "split", "said"),
    [
        (-1, "train", "hold_out is a percentage, an integer from 0 to 99, got -1"),
        (10, "train[:50%]", "takes images from a whole split, but this one is"),
    ],
)
def test_what_cannot_be_held_out_is_refused(hold_out, split, said, tmp_path):
    preset = copy.deepcopy(PRESET)
    preset["training"]["hold_out"] = hold_out
    preset["data"]["split"] = split
    with pytest.raises(ValueError, match=said):
        training.train(preset, tmp_path / "run", verbose=0)
    assert not (tmp_path / "run").exists()


def test_nothing_is_held_out_of_zero_per_cent():
    preset = copy.deepcopy(PRESET)
    preset["training"]["hold_out"] = 0
    assert training.splits(preset) == ("train", None)


def test_a_damaged_checkpoint_is_named(tmp_path):
    run = tmp_path / "run"
    training.train(copy.deepcopy(PRESET), run, verbose=0)
    checkpoint = run / "checkpoint.keras"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"checkpoint\.keras is no \.keras file, or a damaged one"):
        training.train(copy.deepcopy(PRESET), run, resume=True, verbose=0)


def test_the_name_of_a_built_in_preset_is_refused(finished, tmp_path):
    with pytest.raises(ValueError, match=r"'gan_mnist' is a built-in preset, in .*another name"):
        publish.publish(finished, tmp_path / "gan_mnist")
    assert not (tmp_path / "gan_mnist").exists()


def test_a_run_that_goes_on_with_other_data_says_so(tmp_path):
    preset, run = copy.deepcopy(PRESET), tmp_path / "run"
    training.train(preset, run, verbose=0)
    more = copy.deepcopy(preset)
    more["training"]["rounds"] = 4
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        training.train(copy.deepcopy(more), run, resume=True, verbose=0)
    more["training"]["rounds"] = 5
    more["data"]["limit"] = 96
    with pytest.warns(UserWarning, match="data are not those that .* began with: data_digest"):
        training.train(more, run, resume=True, verbose=0)


@pytest.mark.parametrize(
    ("key", "value"), [("arguments", {"ema_decay": 0.5}), ("optimizers", {"generator": "sgd"})]
)
def test_a_run_is_not_resumed_by_another_recipe(run, key, value):
    before = contents(run)
    preset = {**preset_of(4), key: {**PRESET[key], **value}}
    with pytest.raises(ValueError, match=f"goes on as it was begun, and '{key}' of this preset"):
        training.train(preset, run, resume=True, verbose=0)
    assert contents(run) == before


def test_a_run_is_resumed_by_its_folder_where_its_data_are_now(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for folder in ("old", "other"):
        np.savez(f"{folder}.npz", images=random.integers(0, 256, (64, 28, 28, 1), dtype="uint8"))
    preset = {**preset_of(2), "data": {"source": "old.npz"}}
    training.train(preset, "run", verbose=0)
    (tmp_path / "old.npz").rename("moved.npz")
    go_on = ["train", "--resume", "--out", "run", "--rounds", 3]
    assert kgan_command(*go_on, "--data", "other.npz") == 2
    assert "the data are not those that run began with" in capsys.readouterr().err
    assert kgan_command(*go_on, "--data", "moved.npz", "--jit", "on") == 0
    gan = keras.models.load_model("run/model.keras")
    assert int(keras.ops.convert_to_numpy(gan.rounds)) == 3
    assert gan.compile_arguments["jit_compile"] is True
    assert json.loads((tmp_path / "run/config.json").read_text())["data"]["source"] == "moved.npz"


def test_all_rounds_are_played_where_the_last_batch_is_smaller(tmp_path):
    """Of 64 images in batches of 24 there are two whole rounds in a pass."""
    preset = preset_of(6)
    preset["data"] = {**PRESET["data"], "drop_remainder": False}
    preset["training"]["batch_size"] = 24
    gan, interrupted = training.train(preset, tmp_path / "run", verbose=0)
    assert not interrupted
    assert int(keras.ops.convert_to_numpy(gan.rounds)) == 6


def test_training_leaves_the_dtype_policy_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "emulates_bfloat16", lambda: True)
    preset = preset_of(1)
    preset["training"]["precision"] = "mixed_bfloat16"
    before = keras.config.dtype_policy().name
    with pytest.warns(UserWarning, match="no instructions for bfloat16.*--precision float32"):
        gan, _ = training.train(preset, tmp_path / "run", verbose=0)
    assert keras.config.dtype_policy().name == before
    assert gan.generator.layers[1].compute_dtype == "bfloat16"


def test_a_run_is_not_resumed_to_fewer_rounds(tmp_path):
    preset, run = copy.deepcopy(PRESET), tmp_path / "run"
    training.train(preset, run, verbose=0)
    before = contents(run)
    fewer = copy.deepcopy(preset)
    fewer["training"]["rounds"] = 1
    with pytest.raises(ValueError, match="has played 3 rounds already, and 1 were asked for"):
        training.train(fewer, run, resume=True, verbose=0)
    assert contents(run) == before


def test_a_failure_leaves_what_was_there(run, published, tmp_path):
    folder = shutil.copytree(published, tmp_path / "zoo" / "mine")
    before = contents(folder)
    spoil(run)
    for name in ("mine", "not_there"):
        with pytest.raises(ValueError, match="too large for float16"):
            publish.publish(run, tmp_path / "zoo" / name)
    assert contents(folder) == before
    assert names(folder.parent) == ["mine"]


def test_a_new_version_replaces_weights_and_keeps_what_is_not_its_own(run, published, tmp_path):
    folder = shutil.copytree(published, tmp_path / "zoo" / "mine")
    (folder / "notes.txt").write_text("mine")
    (folder / "evaluations").mkdir()
    (folder / "evaluations" / "fid.json").write_text("{}")
    publish.publish(run, folder, discriminator=False)
    kept = [f for f in FILES if f != "discriminator.weights.h5"]
    assert names(folder) == sorted([*kept, "evaluations", "notes.txt"])
    assert (folder / "evaluations" / "fid.json").read_text() == "{}"
    assert names(folder.parent) == ["mine"]


def test_what_a_killed_process_left_is_put_right(published, tmp_path):
    before = contents(published)
    # As if it had been killed while it swapped the folders.
    shutil.copytree(published, tmp_path / ".mine.replaced")
    (tmp_path / ".mine.unfinished").mkdir()
    (tmp_path / ".mine.unfinished" / "generator.weights.h5").write_bytes(b"half")
    with pytest.raises(KeyboardInterrupt), publish.replacing(tmp_path / "mine") as made:
        assert names(made) == []
        raise KeyboardInterrupt
    assert contents(tmp_path / "mine") == before
    assert names(tmp_path) == ["mine"]


def test_a_folder_of_something_else_is_not_taken(run):
    before = contents(run / "samples")
    for folder in (run, run / "samples"):
        with pytest.raises(ValueError, match="holds other files and no preset"):
            publish.publish(run, folder)
    assert contents(run / "samples") == before
    with pytest.raises(ValueError, match=r"history\.csv is a file"):
        publish.publish(run, run / "history.csv")


@pytest.mark.parametrize(
    ("optimizers", "said"),
    [
        (
            {"generator": "adam", "discriminator": "rmsprop"},
            "generator: adam with Keras's defaults; discriminator: rmsprop with Keras's defaults",
        ),
        ({"generator": None}, "generator: the algorithm's own; discriminator: the algorithm's own"),
        (
            {
                "generator": {"class_name": "Adam", "config": {}},
                "discriminator": {
                    "class_name": "SGD",
                    "config": {
                        "learning_rate": {
                            "module": "keras.optimizers.schedules",
                            "class_name": "ExponentialDecay",
                            "config": {
                                "initial_learning_rate": 0.1,
                                "decay_steps": 10,
                                "decay_rate": 0.5,
                            },
                        },
                        "momentum": 0.9,
                    },
                },
            },
            "generator: Adam with Keras's defaults; discriminator: SGD learning_rate="
            "ExponentialDecay(initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5), "
            "momentum=0.9",
        ),
    ],
)
def test_optimizers_of_every_form_are_on_the_card(optimizers, said, published):
    preset = json.loads((published / "preset.json").read_text())
    preset["optimizers"] = optimizers
    zoo.build(preset)
    assert f"| optimizers | {said} |" in cards.card("mine", preset)


def test_a_serialized_optimizer_is_on_the_card():
    optimizer = keras.optimizers.serialize(keras.optimizers.SGD(0.5, name="sgd"))
    assert cards.text.describe(optimizer).startswith("SGD name='sgd', learning_rate=0.5, ")


def test_what_a_preset_does_not_state_the_card_says(published):
    text = (published / "README.md").read_text()
    assert "| optimizers | generator: adam with Keras's defaults; discriminator: rmsprop" in text
    assert "\nGAN on embedded. Method: not stated.\n" in text
    assert "| data | embedded, split train; licence: not stated |" in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"algorithm": None, "networks": None}, "lacks algorithm, networks:"),
        ({"networks": {"builder": "mlp"}}, "lacks networks.arguments:"),
        (
            {"training": {"batch_size": 32}},
            "lacks training.seed, training.precision, training.rounds or training.epochs:",
        ),
        ({"optimizers": "adam"}, "optimizers must be an object, got 'adam'"),
    ],
)
def test_a_preset_that_lacks_something_is_refused_first(changes, said, run, tmp_path):
    change(run / "config.json", **changes)
    (run / "model.keras").write_bytes(b"never read")
    with pytest.raises(ValueError, match=said):
        publish.publish(run, tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


def test_a_run_without_a_finished_epoch_is_refused(run, tmp_path):
    (run / "history.csv").write_text("rounds,epoch,d_loss\n")
    with pytest.raises(ValueError, match=r"history\.csv has no epoch"):
        publish.publish(run, tmp_path / "mine")
    (run / "model.keras").unlink()
    with pytest.raises(FileNotFoundError, match="finish the run first"):
        publish.publish(run, tmp_path / "mine")


def table(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def preset_of(rounds):
    return {**PRESET, "training": {**PRESET["training"], "rounds": rounds}}


def test_the_history_counts_rounds_and_has_no_empty_columns(finished):
    # 64 images are two rounds of 32: the second epoch is cut short.
    head, *lines = table(finished / "history.csv")
    assert head == ["rounds", "epoch", "d_loss", "g_loss", "real_score", "fake_score", "seconds"]
    assert [line[:2] for line in lines] == [["2", "0"], ["3", "1"]]
    assert all(np.isfinite(float(value)) for line in lines for value in line)


def test_a_history_of_older_columns_goes_on(run):
    old = ["epoch", "d_loss", "fake_score", "g_loss", "real_score", "val_d_loss", "val_g_loss"]
    rows = [["0", "0.5", "-1.0", "2.0", "1.0", "NA", "NA"], ["1", "0.25", "-2.0", "3.0", "2.0"]]
    (run / "history.csv").write_text("".join(f"{','.join(row)}\n" for row in [old, *rows]))
    training.train(preset_of(4), run, resume=True, verbose=0)
    head, *lines = table(run / "history.csv")
    terms = ["d_loss", "fake_score", "g_loss", "real_score"]
    assert head == ["rounds", "epoch", *terms, "seconds"]
    assert lines[:2] == [["", *row[:5], ""] for row in rows]
    assert lines[2][:2] == ["4", "1"]
    assert np.isfinite(np.array(lines[2], float)).all()
    assert len(lines) == 3


def test_an_epoch_that_was_cut_short_ends_where_it_would_have(tmp_path):
    """Two rounds are an epoch: what ended after 3 and after 5 goes on in the middle of one."""
    preset = preset_of(3)
    run, whole = tmp_path / "run", tmp_path / "whole"
    training.train(copy.deepcopy(preset), run, verbose=0)
    for rounds in (5, 8):
        preset["training"]["rounds"] = rounds
        training.train(copy.deepcopy(preset), run, resume=True, verbose=0)
    training.train(copy.deepcopy(preset), whole, verbose=0)
    counted = [[line[0], line[1]] for line in table(run / "history.csv")[1:]]
    # Rounds 3 and 5 were the first of an epoch.
    ends = [["2", "0"], ["3", "1"], ["4", "1"], ["5", "2"], ["6", "2"], ["8", "3"]]
    assert counted == ends
    resumed, straight = (keras.models.load_model(f / "model.keras") for f in (run, whole))
    for one, other in zip(resumed.get_weights(), straight.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_lines_of_rounds_that_were_lost_are_left_out(run):
    # As if the run had been killed between a line and its checkpoint.
    before = table(run / "history.csv")
    with (run / "history.csv").open("a") as file:
        file.write("4,1,9.0,9.0,9.0,9.0\n")
    training.train(preset_of(4), run, resume=True, verbose=0)
    after = table(run / "history.csv")
    assert after[:3] == before
    assert [line[:2] for line in after[3:]] == [["4", "1"]]
    assert after[3][2] != "9.0"


def test_the_history_tells_the_seconds_of_training_over_all_runs(run, monkeypatch):
    before = float(table(run / "history.csv")[-1][-1])
    write = training.callbacks.SampleGrid.write
    slow = training.callbacks.SampleGrid, "write", lambda grid: (time.sleep(1), write(grid))
    monkeypatch.setattr(*slow)
    start = time.perf_counter()
    training.train(preset_of(6), run, resume=True, verbose=0)
    took = time.perf_counter() - start
    seconds = [float(line[-1]) for line in table(run / "history.csv")[1:]]
    assert seconds == sorted(seconds)
    assert len(seconds) == 4
    # Three grids were drawn, one of them before training: none is training.
    assert before < seconds[-1] < before + took - 3


def test_the_card_tells_the_minutes_of_what_is_published(run, tmp_path):
    # The best epoch, after two rounds, took a minute; the run went on to an hour.
    lines = table(run / "history.csv")
    head, first, last = lines
    first[-1], last[-1] = "60.0", "3600.0"
    with (run / "history.csv").open("w", newline="") as file:
        csv.writer(file).writerows([head, first, last])
    gan = keras.models.load_model(run / "model.keras")
    gan.rounds.assign(2)
    gan.save(run / "best.keras")
    change(run / "config.json", tries=["Something on other data."])
    publish.publish(run, tmp_path / "mine")
    measured = json.loads((tmp_path / "mine" / "preset.json").read_text())["measured"]
    assert (measured["rounds"], measured["seconds"], measured["run_seconds"]) == (2, 60, 3600)
    text = (tmp_path / "mine" / "README.md").read_text()
    assert "| time | 1 minutes on " in text and "; the run went on to 60 |" in text
    # What the recipe's own preset tells of its tries was not of this run.
    assert "What was tried" not in text


def test_a_preset_is_used_by_its_folder(published, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(zoo, "_registered", {})
    assert kgan_command("info", published) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(
        (published / "preset.json").read_text()
    )
    assert kgan_command("sample", published, "--n", 2) == 0
    assert (tmp_path / "tiny_one.png").is_file()
    short = ["--rounds", 1, "--out"]
    assert kgan_command("train", published, *short, "anew") == 0
    assert kgan_command("train", "--from", published, *short, "on") == 0
    initial = json.loads((tmp_path / "on" / "config.json").read_text())["training"]["initial"]
    assert initial["preset"] == "tiny_one"
    speed = ["--metrics", "speed", "--n", 8, "--split", "train", "--out", "scores"]
    assert kgan_command("evaluate", published, *speed) == 0
    copied = shutil.copytree(published, tmp_path / "zoo" / "tiny_one")
    assert kgan_command("card", copied, "--results", tmp_path / "scores" / "results.json") == 0
    assert "`kgan evaluate path/to/tiny_one --n 8" in (copied / "README.md").read_text()


def test_files_of_somebody_else_are_kept(tmp_path):
    for name in ("best.keras", "history.csv", "notes.txt"):
        (tmp_path / name).write_text("mine")
    with pytest.raises(FileExistsError, match=r"holds history\.csv, best\.keras already and no"):
        training.train(copy.deepcopy(PRESET), tmp_path, verbose=0)
    assert names(tmp_path) == ["best.keras", "history.csv", "notes.txt"]


def interrupting(function, times=1, swallow=False):
    """A function that is interrupted before it does its work."""

    def interrupted(*args, **kwargs):
        try:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            if not swallow:
                raise
        return function(*args, **kwargs)

    return interrupted


@pytest.mark.parametrize(("function", "swallow"), [("load_data", True), ("build", False)])
def test_an_interrupt_while_loading_leaves_nothing(function, swallow, tmp_path, monkeypatch):
    handler = signal.getsignal(signal.SIGINT)
    changed = interrupting(getattr(zoo, function), swallow=swallow)
    monkeypatch.setattr(zoo, function, changed)
    with pytest.raises(KeyboardInterrupt):
        training.train(copy.deepcopy(PRESET), tmp_path / "run", verbose=0)
    assert names(tmp_path) == []
    assert signal.getsignal(signal.SIGINT) == handler


def test_an_interrupt_before_the_first_round_is_not_lost(tmp_path, monkeypatch):
    grid = training.callbacks.SampleGrid
    monkeypatch.setattr(grid, "on_train_begin", interrupting(grid.on_train_begin))
    gan, interrupted = training.train(copy.deepcopy(PRESET), tmp_path / "run", verbose=0)
    assert interrupted
    assert training.callbacks.rounds_played(gan) == 1
    assert [line[:2] for line in table(tmp_path / "run" / "history.csv")[1:]] == [["1", "0"]]


def test_an_interrupt_of_the_last_round_is_none(run, monkeypatch):
    grid = training.callbacks.SampleGrid
    monkeypatch.setattr(grid, "on_epoch_end", interrupting(grid.on_epoch_end))
    assert not training.train(preset_of(4), run, resume=True, verbose=0)[1]


def test_a_second_interrupt_aborts_at_once(run, tmp_path, monkeypatch):
    handler = signal.getsignal(signal.SIGINT)
    stop = training.callbacks.StopAtRounds
    twice = interrupting(stop.on_train_batch_begin, times=2)
    monkeypatch.setattr(stop, "on_train_batch_begin", twice)
    # A new run has nothing to go on from: it can be begun again.
    with pytest.raises(KeyboardInterrupt):
        training.train(copy.deepcopy(PRESET), tmp_path / "new", verbose=0)
    assert not (tmp_path / "new").exists()
    before = contents(run / "samples"), (run / "checkpoint.keras").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        training.train(preset_of(9), run, resume=True, verbose=0)
    assert (contents(run / "samples"), (run / "checkpoint.keras").read_bytes()) == before
    assert signal.getsignal(signal.SIGINT) == handler


def stand_in(backend, gpu):
    """What a library says of its devices, with a GPU or without."""
    device = SimpleNamespace(platform="gpu" if gpu else "cpu", device_kind=gpu or "cpu")
    config = SimpleNamespace(
        get_visible_devices=lambda kind: [device] if gpu and kind == "GPU" else [],
        experimental=SimpleNamespace(get_device_details=lambda device: {"device_name": gpu}),
    )
    cuda = SimpleNamespace(is_available=lambda: bool(gpu), get_device_name=lambda: gpu)
    return {
        "tensorflow": SimpleNamespace(config=config),
        "jax": SimpleNamespace(devices=lambda: [device]),
        "torch": SimpleNamespace(cuda=cuda),
    }[backend]


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
@pytest.mark.parametrize("gpu", [None, "NVIDIA H100 80GB HBM3"])
def test_the_gpu_is_known_by_name_on_every_backend(backend, gpu, monkeypatch):
    # Only one library is loaded here, and there may be no GPU.
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    monkeypatch.setitem(sys.modules, backend, stand_in(backend, gpu))
    assert environment.gpu_name() == gpu


def test_the_hardware_is_recorded(finished):
    assert json.loads((finished / "environment.json").read_text())["hardware"] == (
        environment.gpu_name() or environment.cpu_name()
    )
