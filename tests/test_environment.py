import os
import re

import pytest

from kgan import environment


def test_the_hardware_names_the_cores_that_the_process_may_use():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert environment.cpu_name().startswith("1 core, ")
    finally:
        os.sched_setaffinity(0, allowed)
    if len(allowed) > 1:
        assert environment.cpu_name().startswith(f"{len(allowed)} cores, ")


@pytest.mark.parametrize(
    "cpuinfo, expected",
    [
        ("model name\t: Some CPU @ 2 GHz\nflags\t: fpu avx2 avx512f amx_bf16\n",
         "Some CPU @ 2 GHz (AMX bfloat16)"),
        ("processor\t: 0\nmodel name\t: Other\nflags\t: avx avx2\n\nprocessor\t: 1\n",
         "Other (AVX2)"),
        ("model name\t: Old\nflags\t: sse2\n", "Old"),
    ],
)  # fmt: skip
def test_the_processor_is_named_with_its_widest_instructions(monkeypatch, cpuinfo, expected):
    monkeypatch.setattr("pathlib.Path.read_text", lambda path: cpuinfo)
    assert environment.processor() == expected


def test_without_cpuinfo_the_kind_of_processor_is_named(monkeypatch):
    def missing(path):
        raise FileNotFoundError(path)

    monkeypatch.setattr("pathlib.Path.read_text", missing)
    assert re.search(r"\w", environment.processor())


@pytest.mark.parametrize(
    "flags, gpu, emulated",
    [
        ("fpu avx2 fma", None, True),
        ("fpu avx2 avx512f avx512_bf16", None, False),
        ("fpu amx_bf16", None, False),
        ("fpu avx2 fma", "A GPU", False),
    ],
)
def test_bfloat16_is_emulated_on_cpus_without_its_instructions(monkeypatch, flags, gpu, emulated):
    monkeypatch.setattr("pathlib.Path.read_text", lambda path: f"model name : A\nflags : {flags}\n")
    monkeypatch.setattr(environment, "gpu_name", lambda: gpu)
    assert environment.emulates_bfloat16() is emulated


def test_where_nothing_is_known_of_the_processor_nothing_is_said_of_bfloat16(monkeypatch):
    monkeypatch.setattr(environment, "cpuinfo", dict)
    assert environment.emulates_bfloat16() is False
