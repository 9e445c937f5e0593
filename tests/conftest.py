"""Settings of the whole test run. See `backends.py` for how all backends are covered."""

import os
import shutil
import tempfile

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import backends

os.environ.update(backends.TUNED[backends.CURRENT])
pytest.register_assert_rewrite("checks")


def pytest_configure(config):
    config.addinivalue_line("markers", "backend(name, ...): runs on these Keras backends only")
    # Models that are compiled twice, in this process or the next, are taken from here.
    config.own_jax_cache = None
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        config.own_jax_cache = tempfile.mkdtemp(prefix="kgan-tests-jax-")
        os.environ["JAX_COMPILATION_CACHE_DIR"] = config.own_jax_cache


def pytest_unconfigure(config):
    if config.own_jax_cache:
        shutil.rmtree(config.own_jax_cache, ignore_errors=True)


def pytest_report_header(config):
    return backends.header()


def pytest_collection_modifyitems(config, items):
    """Leaves out what is for other backends, whose own processes run it."""
    kept, left_out = [], []
    for item in items:
        marker = item.get_closest_marker("backend")
        (kept if marker is None or backends.CURRENT in marker.args else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    items[:] = kept


@pytest.fixture(autouse=True)
def zoo_as_it_was(monkeypatch):
    """What a test registers is forgotten after it: others list the zoo."""
    from kgan import zoo

    monkeypatch.setattr(zoo, "_registered", dict(zoo._registered))


@pytest.fixture
def policy(request):
    """Sets Keras's dtype policy, given as the fixture's parameter, for one test."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)
