"""Imports go one way, and backends stay behind `kgan.backend`: docs/architecture.md."""

import ast
import pathlib
import subprocess
import sys

import pytest

import kgan

PACKAGE = pathlib.Path(kgan.__file__).parent
FILES = sorted(p for p in PACKAGE.rglob("*.py"))
BACKENDS = {"tensorflow", "jax", "torch", "tensorflow_datasets", "keras_cv"}

# A part may import itself and what is listed.
ALLOWED = {
    "backend": set(),
    "schedules": set(),
    "augment": {"schedules"},
    "optimizers": {"schedules"},
    "losses": set(),
    "noise": {"backend"},
    "paths": set(),
    "latents": {"backend", "data", "paths"},
    "penalties": {"backend", "schedules"},
    "layers": {"backend"},
    "theory": {"backend", "losses", "metrics"},
    "networks": {"layers"},
    "data": {"files", "text"},
    "text": set(),
    "metrics": {"data", "files", "paths", "weight_files"},
    "models": {
        "augment",
        "backend",
        "optimizers",
        "losses",
        "noise",
        "latents",
        "penalties",
        "layers",
        "schedules",
        "text",
    },
    "callbacks": {"data", "files", "metrics"},
    "files": set(),
    "weight_files": {"files"},
    "presets": {"data", "files"},
    "zoo": {"data", "evaluation", "models", "networks", "presets", "weight_files"},
    "fine_tuning": {"zoo"},
    "environment": {""},
    "training": {
        "callbacks",
        "environment",
        "files",
        "fine_tuning",
        "metrics",
        "models",
        "schedules",
        "zoo",
    },
    "evaluation": {
        "data",
        "environment",
        "files",
        "latents",
        "metrics",
        "models",
        "training",
        "weight_files",
        "zoo",
    },
    "cards": {
        "data",
        "evaluation",
        "files",
        "latents",
        "metrics",
        "presets",
        "training",
        "weight_files",
        "zoo",
    },
    "publish": {"callbacks", "cards", "files", "models", "presets", "weight_files"},
    "cli": {
        "callbacks",
        "cards",
        "data",
        "evaluation",
        "files",
        "fine_tuning",
        "latents",
        "models",
        "networks",
        "presets",
        "publish",
        "training",
        "zoo",
    },
}


def part(path):
    """Which part of the package a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(tree):
    """Every module that a piece of code imports, with names taken from the package itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "kgan":
            yield from (f"kgan.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path):
    mine = part(path)
    if mine in ("__init__", "__main__"):
        return
    used = {(name + ".").split(".")[1] for name in imports(ast.parse(path.read_text()))
            if name.split(".")[0] == "kgan"}  # fmt: skip
    assert used - {mine} <= ALLOWED[mine]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_backend_imports_backends_at_module_level(path):
    if part(path) == "backend":
        return
    tree = ast.parse(path.read_text())
    outside = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    used = {name.split(".")[0] for node in outside for name in imports(node)}
    assert not used & BACKENDS


def test_kgan_imports_little_beside_keras():
    code = "import keras, sys; before = set(sys.modules); import kgan\n" + (
        "new = {m.split('.')[0] for m in set(sys.modules) - before}\n"
        "print(sorted(new & {'scipy', 'matplotlib', 'PIL', 'tensorflow_datasets', 'keras_cv'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_exists_and_is_documented():
    for module in (
        kgan,
        kgan.models,
        kgan.networks,
        kgan.data,
        kgan.metrics,
        kgan.layers,
        kgan.theory,
    ):
        for name in module.__all__:
            assert getattr(module, name).__doc__, f"{module.__name__}.{name}"
