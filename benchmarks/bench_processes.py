"""One cell over two processes whose optimisers average gradients, beside one process with the joined batch.

    python benchmarks/bench_processes.py ae dcgan

Nothing of a model is touched: a hook before every optimiser's step averages gradients through torch.distributed (gloo).
Prints how far the weights are apart after three steps, relative to how far they moved. docs/architecture.md says what
follows from it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import torch
import torch.distributed
import torch.multiprocessing
from torch.optim.optimizer import register_optimizer_step_pre_hook

from genharness.engine.build import build_model
from genharness.kit import Batch
from genharness.plugin.registry import load_registry
from genharness.testing import synthetic_data

PROCESSES, STEPS, BATCH = 2, 3, 32


def model_of(name):
    spec = load_registry().models.find(name)
    torch.manual_seed(0)
    options = spec.recipes["smoke"].options
    return build_model(spec, options, synthetic_data(8, 1).shape, torch.device("cpu")).train()


def weights(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def average_gradients(optimiser, *_):
    for group in optimiser.param_groups:
        for parameter in group["params"]:
            if parameter.grad is not None:
                torch.distributed.all_reduce(parameter.grad)
                parameter.grad /= PROCESSES


def trained(name, rank=0, processes=1):
    model = model_of(name)
    images = torch.from_numpy(synthetic_data(8, 1).samples("train")[:BATCH].copy()).float() / 127.5 - 1
    share = images.chunk(processes)[rank]
    torch.manual_seed(1)
    for step in range(STEPS):
        model.training_step(Batch(share, None, step, step / STEPS))
    return weights(model)


def one_of_several(rank, name, folder):
    torch.set_num_threads(1)
    meeting = f"file://{folder}/meeting"
    torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=PROCESSES)
    register_optimizer_step_pre_hook(average_gradients)
    found = trained(name, rank, PROCESSES)
    if rank == 0:
        torch.save(found, Path(folder) / "weights.pt")
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.set_num_threads(1)
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            torch.multiprocessing.spawn(one_of_several, args=(name, folder), nprocs=PROCESSES)
            several = torch.load(Path(folder) / "weights.pt")
        alone, start = trained(name), weights(model_of(name))
        print(f"{name}: apart by {float((several - alone).norm() / (alone - start).norm()):.2g} of the way", flush=True)
