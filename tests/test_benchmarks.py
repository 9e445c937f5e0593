"""Benchmarks: what they count, and that kgan's rounds do no more than rounds written by hand."""

import json
import pathlib
import subprocess
import sys

import backends
import pytest

import kgan

BENCHMARKS = pathlib.Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import flops  # noqa: E402
import measuring  # noqa: E402
import memory  # noqa: E402
import workloads  # noqa: E402

COUNT = {
    "workload": "digits",
    "algorithm": "wgan_gp",
    "precision": "float32",
    "batch": 8,
    "count": True,
}
CONVOLUTIONS = ("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter", "MatMul")


def counted(script, backend, jit):
    if not measuring.installed(backend):
        pytest.skip(f"{backend} is not installed")
    # How fast XLA compiles changes no count.
    return measuring.run(script, {**COUNT, "jit": jit}, backend, backends.TUNED[backend])


# -- counting operations ---------------------------------------------------------------------------


def test_cost_of_dcgan_by_hand():
    generator, discriminator = kgan.networks.dcgan((28, 28, 1), 128, discriminator_norm=None)
    cost = flops.Cost(discriminator)
    first, second, third = (
        2 * 14 * 14 * 25 * 1 * 64,
        2 * 7 * 7 * 25 * 64 * 128,
        2 * 4 * 4 * 25 * 128 * 256,
    )
    logits = 2 * 4 * 4 * 256
    assert cost.forward == first + second + third + logits
    # Nobody asks for the gradient of real images.
    assert cost.inputs == second + third + logits
    assert cost.last == logits
    up = 2 * 7 * 7 * 25 * 128 * 64 + 2 * 14 * 14 * 25 * 64 * 1
    assert flops.Cost(generator).forward == 2 * 128 * 7 * 7 * 128 + up


def test_a_residual_critic_shares_its_input_among_layers_without_a_gradient():
    _, critic = kgan.networks.resnet((32, 32, 3), width=(32, 64), pooling="mean")
    cost = flops.Cost(critic)
    # The first convolution of 32x32, and the shortcut's on averages of 2x2 pixels.
    first = 2 * 32 * 32 * 9 * 3 * 128 + 2 * 16 * 16 * 3 * 128
    assert cost.forward - cost.inputs == first


def test_cost_looks_into_nested_networks_and_knows_where_gradients_are_needed():
    generator, discriminator = kgan.networks.progressive((8, 8, 3), 16, width=32)
    made, judged = flops.Cost(generator), flops.Cost(discriminator)

    def conv(size, inputs, outputs, kernel=3):
        return 2 * size**2 * inputs * outputs * kernel**2

    colours = conv(4, 32, 3, 1) + conv(8, 32, 3, 1)
    dense = 2 * 16 * 4 * 4 * 32
    assert made.forward == dense + conv(4, 32, 32) + 2 * conv(8, 32, 32) + colours
    # Latents need no gradient, and pixel norm before the dense layer has no weights.
    assert made.inputs == made.forward - dense
    # The standard deviation over the batch is one channel more.
    rest = 2 * conv(8, 32, 32) + conv(4, 33, 32) + 2 * 4 * 4 * 32 * 32 + 2 * 32
    assert judged.forward == rest + colours
    assert judged.inputs == rest
    assert judged.last == 2 * 32


def test_the_growing_workload_is_fully_grown_in_fit():
    gan = workloads.build("progressive_gan", "progressive", image_size=16)
    gan.compile()
    images = workloads.data(gan, 2, rounds=2)
    logs = gan.fit(*images, batch_size=2, verbose=0).history
    assert logs["resolution"] == [16.0]
    assert gan.level == 2


def test_presets_of_any_number_of_classes_get_labels_that_they_know():
    gan = workloads.build("conditional_gan", "digits")
    gan.classes = 3
    assert set(workloads.data(gan, 40)[1]) == {0, 1, 2}


def test_round_cost_is_what_xla_counts_in_a_gan_of_dense_layers(tmp_path):
    # Convolutions are another matter: XLA leaves out what falls on padding.
    if not measuring.installed("jax"):
        pytest.skip("jax is not installed")
    script = tmp_path / "count.py"
    script.write_text(
        "import sys, json; sys.path.insert(0, sys.argv[1])\n"
        "import keras, jax, kgan, flops\n"
        "def network(*units):\n"
        "    x = inputs = keras.Input((units[0],))\n"
        "    for n in units[1:-1]:\n"
        "        x = kgan.layers.LeakyReLU(0.2)(keras.layers.Dense(n)(x))\n"
        "    return keras.Model(inputs, keras.layers.Dense(units[-1])(x))\n"
        "players = network(32, 256, 256), network(256, 512, 384, 1)\n"
        "gan = kgan.WGANGP(*players, discriminator_steps=2)\n"
        "gan.compile()\n"
        "groups = (gan.trainable_variables, gan.non_trainable_variables,\n"
        "          gan.optimizer.variables, gan.metrics_variables)\n"
        "state = tuple([v.value for v in g] for g in groups)\n"
        "data = keras.ops.zeros((512, 2, 256))\n"
        "step = jax.jit(gan.train_step).lower(state, data).compile()\n"
        "expected = flops.round_cost('WGANGP', gan.generator, gan.discriminator, 512, 2)\n"
        "print(json.dumps([step.cost_analysis()['flops'], expected]))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script), str(BENCHMARKS)],
        env={**measuring.os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(BENCHMARKS.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    found, expected = json.loads(done.stdout.splitlines()[-1])
    # XLA also counts rectifiers, losses and Adam.
    assert expected < found < 1.06 * expected


# -- no more work than by hand: counts, which no other process disturbs ----------------------------


def test_jax_round_has_no_more_operations_than_jax_by_hand():
    by_hand = counted("jax_by_hand.py", "jax", jit=True)
    kgans = counted("kgan_round.py", "jax", jit=True)
    assert kgans["flops"] < 1.02 * by_hand["flops"]
    assert kgans["bytes"] < 1.05 * by_hand["bytes"]


def test_tensorflow_round_has_the_convolutions_of_tensorflow_by_hand():
    by_hand = counted("tensorflow_by_hand.py", "tensorflow", jit=False)["nodes"]
    kgans = counted("kgan_round.py", "tensorflow", jit=False)["nodes"]
    for kind in CONVOLUTIONS:
        assert kgans[kind] == by_hand[kind]
    # Keras writes Adam in a dozen operations a weight, where TensorFlow has one.
    assert sum(kgans.values()) < 2.2 * sum(by_hand.values())


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts Linux's page faults")
def test_tensorflow_keeps_a_rounds_memory_in_fit():
    # Fed by `Dataset.from_generator`, a round of this size takes 50,000 pages anew. By hand it is
    # a few hundred, or as many as the system has taken back meanwhile of what lay idle.
    task = {**COUNT, "count": False, "batch": 64, "jit": False, "rounds": 2, "block": 1,
            "warm_up": 2}  # fmt: skip
    faults = measuring.run("kgan_round.py", task, "tensorflow")["page_faults"]
    if faults >= 20_000:
        by_hand = measuring.run("tensorflow_by_hand.py", task, "tensorflow")["page_faults"]
        assert faults < by_hand + 20_000


# -- the scripts -----------------------------------------------------------------------------------


def test_largest_batch_is_found_between_powers_of_two():
    peaks = memory.largest(lambda batch: 10 * batch, limit=900, first=8)
    assert peaks[0] == 88
    assert memory.largest(lambda batch: None, limit=900, first=8)[0] == 0


def test_statistics_and_text_of_a_table(capsys):
    summary = measuring.summarise([1.0, 2.0, 3.0, 4.0, 5.0])
    assert summary == {"median": 3.0, "quartiles": [2.0, 4.0], "n": 5}
    # Never outside what was measured.
    assert measuring.summarise([1.0, 2.0])["quartiles"] == [1.25, 1.75]
    measuring.table(("name", "s"), [("a", 1234.5), ("long", None)])
    assert capsys.readouterr().out.split("\n")[:3] == ["name      s", "a     1,234", "long      -"]


def test_what_cannot_be_measured_says_why():
    with pytest.raises(measuring.Unavailable, match="not installed"):
        measuring.run("kgan_round.py", {}, "no_such_backend")


def test_a_contender_that_is_killed_wanted_memory(monkeypatch):
    killed = subprocess.CompletedProcess([], -9, stdout="", stderr="")
    monkeypatch.setattr(measuring.subprocess, "run", lambda *args, **kwargs: killed)
    with pytest.raises(measuring.Failed, match="status -9") as error:
        measuring.run("kgan_round.py", {}, "keras")
    assert error.value.out_of_memory


def test_what_fails_or_is_cut_off_leaves_the_rest(tmp_path, capsys):
    def fail():
        measuring.run("kgan_round.py", {**COUNT, "workload": "words", "jit": False})

    def absent():
        raise measuring.Unavailable("there is none")

    contenders = {"broken": fail, "absent": absent, "fine": lambda: 1}
    reports, missing = measuring.take_turns(contenders, 2, progress=False)
    assert reports == {"fine": [1, 1]}
    assert missing.pop("absent") == "there is none"
    assert list(missing) == ["broken"] and missing["broken"].startswith("failed: ")
    assert "kgan_round.py with" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="1"):
        measuring.finish(tmp_path / "results.json", [], missing)
    assert json.loads((tmp_path / "results.json").read_text())["not_measured"] == missing

    def interrupt():
        raise KeyboardInterrupt

    contenders = {"fine": lambda: 1, "cut off": interrupt, "after": lambda: 1}
    reports, missing = measuring.take_turns(contenders, 2, progress=False)
    assert reports == {"fine": [1]}
    assert set(missing) == {"cut off", "after"}
    measuring.finish(None, [], missing)


def bench(script, *arguments, out):
    subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *arguments, "--out", str(out)], check=True
    )
    return json.loads(out.read_text())


@pytest.mark.slow
def test_train_step_with_its_peers(tmp_path):
    results = bench(
        "train_step.py", "--peers", "by hand, torch eager channels_last",
        "by hand, plain Keras, TensorFlow graph", "by hand, TensorFlow graph",
        "--precisions", "float32", "--batches", "8", "--rounds", "2", "--repeats", "1",
        out=tmp_path / "results.json",
    )  # fmt: skip
    rows = results["rows"]
    assert len({row["parameters"] for row in rows}) == 1
    assert len({row["flops"] for row in rows}) == 1
    for row in rows:
        assert not row["jit"]
        assert 0 < row["fraction_of_convolution_peak"] < 1
        assert row["ratio_to"] == "by hand, torch eager channels_last, wgan_gp, float32, batch 8"


@pytest.mark.slow
@pytest.mark.parametrize("workload", ["digits", "resnet"])
def test_peers_have_kgans_networks(workload):
    task = {"workload": workload, "algorithm": "wgan_gp", "precision": "float32", "batch": 4,
            "rounds": 2, "block": 1, "warm_up": 1}  # fmt: skip
    kgans = measuring.run("kgan_round.py", {**task, "jit": False}, "tensorflow")
    for script, backend in (("torch_by_hand.py", "torch"), ("jax_by_hand.py", "jax")):
        found = measuring.run(script, {**task, "jit": True}, backend)
        assert found["parameters"] == kgans["parameters"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "script, arguments",
    [
        ("sampling.py", ["--batches", "1", "--calls", "2"]),
        ("import_time.py", []),
        ("input_pipeline.py", ["--sources", "folder", "--rounds", "2"]),
        ("scaling.py", ["--vary", "devices", "--values", "2", "--batch", "8", "--rounds", "2"]),
        ("compile_time.py", ["--steps", "1", "--batch", "8"]),
        ("precision.py", ["--rounds", "2", "--seeds", "0", "--n", "100"]),
        ("memory.py", ["--gib", "1", "--precisions", "float32", "--first", "8"]),
    ],
)
def test_every_benchmark_runs(script, arguments, tmp_path):
    repeats = [] if script in ("memory.py", "precision.py") else ["--repeats", "1"]
    results = bench(script, *arguments, *repeats, out=tmp_path / "results.json")
    assert results["rows"]
    assert not results["not_measured"]


def test_importing_kgan_loads_nothing_heavy_beside_keras():
    code = "import sys, keras; old = set(sys.modules); import kgan; print(*set(sys.modules) - old)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**measuring.os.environ, "PYTHONPATH": str(BENCHMARKS.parent)},
    )  # fmt: skip
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    heavy = {"tensorflow_datasets", "keras_cv", "matplotlib", "sklearn", "sentence_transformers"}
    assert not loaded & heavy
