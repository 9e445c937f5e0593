"""What every contender shares: its task, its clock and its report. No framework is imported here.

A contender is a script called with a task, a JSON object, as its only argument. It plays
`warm_up + rounds` blocks of `block` rounds each, waits for the device at the end of each block, and
prints a JSON object as its last line. What it cannot do here is no failure: it ends with
`unavailable`.
"""

import collections
import itertools
import json
import resource
import sys
import time

UNAVAILABLE = 3
# PEAK: 1 KiB on Linux, 1 byte on macOS.
UNIT = 1 if sys.platform == "darwin" else 1024


def task():
    """The task that this process was given."""
    return json.loads(sys.argv[1])


def unavailable(reason):
    """Ends the process: what was asked for cannot be measured here, which says so."""
    print(reason, file=sys.stderr)
    sys.exit(UNAVAILABLE)


class Clock:
    """Notes the time at the end of each block of rounds.

    Args:
        task: See `task`.
    """

    def __init__(self, task):
        self.block = task["block"]
        self.warm_up = task["warm_up"]
        self.total = (task["rounds"] + task["warm_up"]) * self.block
        self.begun = time.perf_counter()
        self.played = 0
        self.times = []
        self.faults = []

    def round_ended(self, wait):
        """Counts a round; at the end of a block, `wait()` waits for the device."""
        self.played += 1
        if self.played == 1:
            wait()
            self.first = time.perf_counter() - self.begun
        if self.played % self.block == 0:
            wait()
            self.times.append(time.perf_counter())
            self.faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)

    def seconds(self):
        """Seconds a round in each block behind the warm-up."""
        ends = self.times[self.warm_up - 1 :]
        return [(after - before) / self.block for before, after in itertools.pairwise(ends)]

    def report(self, **about):
        """Prints seconds a round in each block, and what else is known.

        Args:
            **about: At least `device`, `jit`, `precision`, `parameters` and `versions`.
        """
        seconds = self.seconds()
        usual = sorted(seconds)[len(seconds) // 2]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
        known = {
            "seconds": seconds,
            "compile_seconds": max(0.0, self.first - usual),
            "peak_bytes": peak,
            "peak_of": "process",
            # Memory that the system had to hand out, in pages a round: what was given back to it.
            "page_faults": (self.faults[-1] - self.faults[self.warm_up - 1])
            / (len(seconds) * self.block),
        }
        print(json.dumps({**known, **about}))


def count(backend, function, arguments):
    """Ends the process with what a compiled round consists of, which no other process disturbs.

    On JAX that is XLA's own count of operations, on TensorFlow how many nodes of each kind the
    function's graph runs.

    Args:
        backend: `"jax"` or `"tensorflow"`.
        function: A round.
        arguments: What it is called with.
    """
    if backend == "jax":
        import jax

        cost = jax.jit(function).lower(*arguments).compile().cost_analysis()
        found = {"flops": cost["flops"], "bytes": cost["bytes accessed"]}
    else:
        import tensorflow as tf

        graph = tf.function(function).get_concrete_function(*arguments).graph.as_graph_def()
        called = {f.signature.name: f.node_def for f in graph.library.function}
        found = {"nodes": nodes(graph.node, called)}
    print(json.dumps(found))
    sys.exit()


def nodes(graph, called):
    """How many nodes of each kind a TensorFlow graph runs, with those of the functions it calls.

    Args:
        graph: Its nodes.
        called: The nodes of each function, by its name.
    """
    found = collections.Counter()
    for node in graph:
        if node.op in ("PartitionedCall", "StatefulPartitionedCall"):
            found += nodes(called[node.attr["f"].func.name], called)
        else:
            found[node.op] += 1
    return found


def cpu():
    """The processor's name, as the system tells it, and how many of its cores there are."""
    import os
    import platform

    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            name = next(line.split(":")[1].strip() for line in file if "model name" in line)
    except (OSError, StopIteration):
        pass
    return f"{name}, {len(os.sched_getaffinity(0))} cores"


def device(backend):
    """What the backend computes on, as `{"device": ..., "kind": "cpu" or "gpu"}`."""
    if backend == "jax":
        import jax

        found = jax.devices()[0]
        if found.platform != "cpu":
            return {"device": found.device_kind, "kind": found.platform}
    elif backend == "tensorflow":
        import tensorflow as tf

        found = tf.config.list_physical_devices("GPU")
        if found:
            details = tf.config.experimental.get_device_details(found[0])
            return {"device": details.get("device_name", "GPU"), "kind": "gpu"}
    else:
        import torch

        if torch.cuda.is_available():
            return {"device": torch.cuda.get_device_name(), "kind": "gpu"}
    return {"device": cpu(), "kind": "cpu"}


def peak_memory(backend):
    """The most that was in use on a GPU, in bytes; nothing on a CPU, where the process's counts."""
    if device(backend)["kind"] == "cpu":
        return {}
    if backend == "jax":
        import jax

        peak = jax.devices()[0].memory_stats()["peak_bytes_in_use"]
    elif backend == "tensorflow":
        import tensorflow as tf

        peak = tf.config.experimental.get_memory_info("GPU:0")["peak"]
    else:
        import torch

        peak = torch.cuda.max_memory_allocated()
    return {"peak_bytes": peak, "peak_of": "device"}
