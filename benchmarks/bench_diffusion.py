"""Training images per second of `ddpm` and `realnvp`, beside plain loops of the same work, step by step in one run.

    pip install diffusers
    pytest benchmarks/bench_diffusion.py -s
    GENHARNESS_BENCH_ROUNDS=20 pytest benchmarks/bench_diffusion.py -s -k ddpm

`ddpm`: its UNet of 280 thousand parameters at 28x28, beside diffusers' UNet2DModel of the same channels, blocks and
attention in the loop of diffusers' tutorial (DDPMScheduler.add_noise, mean squared error, Adam, gradients clipped).
`realnvp`: our own flow as published implementations train it: tensors in the order in which they come, torch's Adam as
it is, every loss read with `.item()`. Steps alternate, so that a busy machine slows both; the ratio is that of the
medians. Target: at least 1.0.
"""

from __future__ import annotations

import math
import os
import statistics
import time

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genharness.engine.build import build_model
from genharness.kit import Batch
from genharness.spec.plugins import DataShape
from genharness_model_diffusion import genharness_models as diffusion
from genharness_model_flow import genharness_models as flows

ROUNDS = int(os.environ.get("GENHARNESS_BENCH_ROUNDS", "8"))
SPECS = {spec.name: spec for spec in (*diffusion(), *flows())}
DATA = DataShape("image", (1, 28, 28), classes=10, train_count=60_000)
BATCH = 32


def ours(name):
    torch.manual_seed(0)
    spec = SPECS[name]
    return build_model(spec, spec.recipes["smoke"].options, DATA, torch.device("cpu")).train()


def pictures(step):
    generator = torch.Generator().manual_seed(step)
    return torch.randint(0, 256, (BATCH, *DATA.shape), generator=generator).float() / 127.5 - 1


class DiffusersTutorial:
    """The training loop of diffusers' tutorial on unconditional generation, without accelerate."""

    def __init__(self, ch):
        diffusers = pytest.importorskip("diffusers")
        self.model = diffusers.UNet2DModel(
            sample_size=28,
            in_channels=1,
            out_channels=1,
            layers_per_block=1,
            block_out_channels=(ch, 2 * ch, 2 * ch),
            down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
            norm_num_groups=4,
            attention_head_dim=2 * ch,
        )
        self.scheduler = diffusers.DDPMScheduler(num_train_timesteps=1000)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=2e-3)

    def step(self, images):
        noise = torch.randn(images.shape)
        timesteps = torch.randint(0, 1000, (len(images),), dtype=torch.int64)
        noisy = self.scheduler.add_noise(images, noise, timesteps)
        loss = F.mse_loss(self.model(noisy, timesteps, return_dict=False)[0], noise)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.detach().item()


class RealNVPTutorial:
    """The loop of published implementations: dequantise, negative log-likelihood, clip, Adam, `.item()`."""

    def __init__(self):
        self.model = ours("realnvp").to(memory_format=torch.contiguous_format)
        self.optimizer = torch.optim.Adam(self.model.flow.parameters(), lr=1e-3, weight_decay=5e-5)

    def step(self, images):
        x = (((images + 1) * 127.5).round() + torch.rand(images.shape)) / 256
        self.optimizer.zero_grad()
        z, sldj = self.model.flow(x)
        prior_ll = (-0.5 * (z**2 + math.log(2 * math.pi))).flatten(1).sum(-1) - math.log(256) * x[0].numel()
        loss = -(prior_ll + sldj).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 100.0)
        self.optimizer.step()
        return loss.item() / (math.log(2) * x[0].numel())


PEERS = {"ddpm": lambda: DiffusersTutorial(SPECS["ddpm"].recipes["smoke"].options["ch"]), "realnvp": RealNVPTutorial}


def seconds(work, *given):
    start = time.perf_counter()
    work(*given)
    return time.perf_counter() - start


@pytest.mark.parametrize("name", PEERS)
def test_training_images_per_second(name):
    model, peer = ours(name), PEERS[name]()
    pairs = []
    for step in range(ROUNDS + 2):
        images = pictures(step)
        batch = Batch(images.to(memory_format=torch.channels_last), None, step, step / 100)
        pairs.append((seconds(model.training_step, batch), seconds(peer.step, images)))
    mine, plain = (statistics.median(times) for times in zip(*pairs[2:], strict=True))
    count = [sum(weight.numel() for weight in one.parameters()) for one in (model, peer.model)]
    print(f"\n{name}: parameters {count[0]}, peer {count[1]}")
    print(f"{name}: ours {BATCH / mine:.0f}, plain {BATCH / plain:.0f} images/s, ratio {plain / mine:.2f}")
