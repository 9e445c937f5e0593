"""A `.keras` file that is loaded in a new process goes on bit for bit, on every backend.

All models have an averaged generator. By default each is trained under one policy; `pytest -m slow`
trains every model under every policy.
"""

import backends
import pytest
import resume

SCRIPT = "import runpy; runpy.run_module('resume', run_name='__main__')"


def gone_on(backend, folder, *options):
    """The runs whose second half, in a new process, was the same."""
    backends.run_on(backend, SCRIPT, "save", folder, *options)
    output = backends.run_on(backend, SCRIPT, "go_on", folder)
    return {line.removeprefix("SAME ") for line in output.splitlines() if line.startswith("SAME ")}


@pytest.mark.parametrize("backend", backends.BACKENDS)
def test_training_goes_on_in_a_new_process(backend, tmp_path):
    expected = {f"{name} {policy}" for policy, names in resume.POLICIES.items() for name in names}
    if backend == "tensorflow" and backends.installed("tensorflow_datasets"):
        expected.add("stream float32")
    assert gone_on(backend, tmp_path) == expected


@pytest.mark.slow
@pytest.mark.parametrize("backend", backends.BACKENDS)
def test_every_model_goes_on_under_every_policy(backend, tmp_path):
    expected = {f"{name} {policy}" for policy in resume.POLICIES for name in resume.MODELS}
    assert gone_on(backend, tmp_path, "everything") >= expected
