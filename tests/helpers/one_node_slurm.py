"""A Slurm of one node on this machine, for as long as a test lasts: munged, slurmctld and slurmd of one's own."""

import contextlib
import os
import shutil
import socket
import subprocess
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol")


def why_not():
    """Return why there can be none here; empty where there can."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"{', '.join(missing)} is missing: apt-get install slurmctld slurmd slurm-client munge"
    return "" if os.geteuid() == 0 else "only root may start a slurmd"


@contextlib.contextmanager
def one_node_slurm(folder):
    """Start it in a folder and yield the path of its slurm.conf; nothing of it is left when the block ends."""
    conf = folder / "slurm.conf"
    conf.write_text(_conf(folder))
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    environment = {**os.environ, "SLURM_CONF": str(conf)}
    own = [f"--{name}={folder / name}" for name in ("socket", "pid-file", "log-file", "seed-file")]
    with contextlib.ExitStack() as stack:
        for command in (["munged", "--foreground", "--force", f"--key-file={key}", *own], ["slurmctld", "-D"]):
            stack.enter_context(_daemon(command, environment))
        stack.enter_context(_daemon(["slurmd", "-D"], environment))
        stack.callback(_cancel_all, environment)
        until(lambda: "idle" in said("sinfo", "--noheader", env=environment), 30)
        yield conf


def said(*command, env=None):
    """Return what a command of Slurm writes."""
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False).stdout


def until(holds, seconds):
    """Wait until something holds.

    Raises:
        TimeoutError: If it does not for so long.
    """
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.2)


@contextlib.contextmanager
def _daemon(command, environment):
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _cancel_all(environment):
    """A job that outlives its slurmd would go on."""
    subprocess.run(["scancel", "--user=root"], env=environment, capture_output=True, check=False)
    with contextlib.suppress(TimeoutError):
        until(lambda: not said("squeue", "--noheader", env=environment), 30)


def _conf(folder):
    host = socket.gethostname().partition(".")[0]
    with contextlib.ExitStack() as stack:  # both at once, or they may be the same
        listening = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        controller, node = (one.getsockname()[1] for one in listening)
    return f"""
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthInfo=socket={folder / "socket"}
SlurmctldPort={controller}
SlurmdPort={node}
StateSaveLocation={folder / "state"}
SlurmdSpoolDir={folder / "spool"}
SlurmctldPidFile={folder / "slurmctld.pid"}
SlurmdPidFile={folder / "slurmd.pid"}
SlurmctldLogFile={folder / "slurmctld.log"}
SlurmdLogFile={folder / "slurmd.log"}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MinJobAge=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES PriorityTier=1 GraceTime=60
PartitionName=urgent Nodes=ALL PriorityTier=2
"""
