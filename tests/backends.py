"""Keras backends in tests: one to a process.

A pytest process runs on one backend, `KERAS_BACKEND` or TensorFlow. What needs another one runs in
a second Python process, and is skipped where that backend is not installed.
"""

import importlib.metadata
import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

TESTS = pathlib.Path(__file__).parent
BACKENDS = ("tensorflow", "jax", "torch")
CURRENT = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
OTHERS = tuple(backend for backend in BACKENDS if backend != CURRENT)


def installed(backend):
    """Whether a backend can be imported here."""
    return importlib.util.find_spec(backend) is not None


def header():
    """One line that says which backends are installed."""
    # TensorFlow comes in several distributions, such as tensorflow-cpu.
    names = importlib.metadata.packages_distributions()
    found = [
        f"{backend} {importlib.metadata.version(names[backend][0])}"
        if backend in names
        else f"{backend} not installed"
        for backend in BACKENDS
    ]
    return f"keras backends: {', '.join(found)}; this process runs on {CURRENT}"


def require(backend):
    """Skips the test if a backend is not installed."""
    if not installed(backend):
        pytest.skip(f"{backend} is not installed: pip install '.[{backend}]'")


def environment(backend):
    """The environment of a process that runs on `backend` and imports the kgan tested here."""
    spec = importlib.util.find_spec("kgan")
    package = pathlib.Path(spec.origin).parent.parent
    return {
        **os.environ,
        "KERAS_BACKEND": backend,
        "PYTHONPATH": str(package),
        **TUNED.get(backend, {}),
    }


def xla_flags():
    """What has JAX compile faster what runs only a few times: in a quarter of the time."""
    flags = ["--xla_backend_optimization_level=0", "--xla_llvm_disable_expensive_passes=true"]
    # XLA ends the process at a flag that it does not know, so this goes to versions that do.
    if installed("jaxlib") and importlib.metadata.version("jaxlib").startswith("0.10."):
        flags.append("--xla_cpu_use_fusion_emitters=false")
    return " ".join(flags)


# PyTorch's threads only wait for each other.
TUNED = {
    "tensorflow": {},
    "jax": {
        "XLA_FLAGS": xla_flags(),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    },
    "torch": {"OMP_NUM_THREADS": "1"},
}


# What may differ from backend to backend; the rest is tested on the one that pytest runs on.
SUITE = (
    "test_gan.py",
    "test_wgan.py",
    "test_wgan_gp.py",
    "test_conditional.py",
    "test_infogan.py",
    "test_losses.py",
    "test_penalties.py",
    "test_rectified.py",
    "test_noise.py",
    "test_ema.py",
    "test_mixed_precision.py",
    "test_fit_data.py",
    "test_fit_callbacks.py",
)
# What is built from the same parts as these.
SLOW_SUITE = (
    "test_acgan.py",
    "test_relativistic.py",
    "test_r3gan.py",
    "test_growth.py",
    "test_mode_seeking.py",
    "test_augment.py",
    "test_ada.py",
    "test_schedules.py",
    "test_regularizers.py",
    "test_latents.py",
    "test_latents_inversion.py",
    "test_theory.py",
)
SUITE_SCRIPT = "import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
SUITE_OPTIONS = ("-q", "-rfEs", "--tb=short", "--no-header", "-p", "no:cacheprovider")


def run_on(backend, script, *arguments):
    """Runs Python source on a backend; skips the test if that is not installed.

    The source sees `arguments` in `sys.argv[1:]` and may import the modules of this folder. If it
    fails, so does the test, with its output.

    Returns:
        What it printed.
    """
    require(backend)
    result = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=TESTS,
        env=environment(backend),
        capture_output=True,
        text=True,
    )
    if result.returncode:
        output = (result.stdout + result.stderr)[-20_000:]
        pytest.fail(f"the script failed on {backend}:\n{output}", pytrace=False)
    return result.stdout
