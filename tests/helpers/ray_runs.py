"""What the tests of the Ray executor ask of runs: records, what of them must repeat, processes left behind."""

import contextlib
import ipaddress
import os

import psutil

from background import records

QUICK = ["--metrics", "fid", "--samples", "50", "--set", "classifier.steps=20"]
SMALL = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
"""What a node of a test cluster has."""

CLOCKS = {"evaluate_seconds", "cell_seconds", "train_seconds", "train_images_per_second", "peak_memory_mib"}
CLOCKS |= {"latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "latency_calls", "sample_images_per_second"}
CLOCKS |= {"train_cpu_seconds", "train_load_average", "steady_images_per_second"}
CLOCKS |= {"evaluate_cpu_seconds", "evaluate_peak_memory_mib"}


def statuses(folder):
    return {one["cell"]["model"]: (one["status"], one["reason"]) for one in records(folder).values()}


def repeatable(record):
    """Return all of a record that must not depend on where and when its cell ran."""
    timed = {"started_at", "finished_at", "measurements", "history", "environment"}
    kept = {key: value for key, value in record.items() if key not in timed}
    kept["measurements"] = {key: value for key, value in record["measurements"].items() if key not in CLOCKS}
    kept["history"] = {key: value for key, value in record["history"].items() if key != "sweep"}
    kept["environment"] = {key: value for key, value in record["environment"].items() if key != "git_commit"}
    return kept


def processes_naming(text):
    """Return the processes whose command line or folder names a text, but for this one."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            named = any(text in word for word in [*process.cmdline(), process.environ().get("GENHARNESS_HOME", "")])
            if named and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def addresses_listened_at(pid):
    """Return the addresses at which a process and its descendants wait for others, by name of the process."""
    process = psutil.Process(pid)
    found = {}
    for each in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            open_here = [one for one in each.net_connections("inet") if one.status == psutil.CONN_LISTEN]
            found.setdefault(each.name(), []).extend(_address(one.laddr.ip) for one in open_here)
    return {name: addresses for name, addresses in found.items() if addresses}


def _address(text):
    address = ipaddress.ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address
