"""Training images per second, ours beside a plain PyTorch loop of the same networks, epoch by epoch in one run.

    pytest benchmarks/bench_training.py -s
    GENHARNESS_BENCH_IMAGES=1280 GENHARNESS_BENCH_ROUNDS=5 pytest benchmarks/bench_training.py -s -k dcgan

The plain loop is what tutorials show: a torchvision-style dataset behind a DataLoader, Adam as it comes, every
loss read with `.item()`. What makes ours faster: batches from memory (no PIL, no workers), channels-last, fused
Adam, no gradients of the critic's weights in the generator's step, no loss read in between. Epochs alternate, so that a
busy machine slows both; the ratio is that of the medians. Targets on two cores: 1.05 for `dcgan` and `wgan-gp`, 1.0 for
the GANs after them, 1.2 for the VAE.
"""

from __future__ import annotations

import os
import statistics
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from pictures import IMAGES, PICTURES, PictureDataset
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from genharness.data import ensure_prepared
from genharness.engine.average import WeightAverage
from genharness.engine.costs.clock import Clock
from genharness.engine.feed import Feeder
from genharness.engine.loop import Trainer
from genharness.plugin.registry import load_factory
from genharness.spec.length import Length
from genharness.spec.options import build_config
from genharness_model_gan import genharness_models as gans
from genharness_model_vae import genharness_models as autoencoders

ROUNDS = int(os.environ.get("GENHARNESS_BENCH_ROUNDS", "3"))
BATCH = 64
SPECS = {spec.name: spec for spec in (*gans(), *autoencoders())}


class DCGANTutorial:
    """The loop of PyTorch's DCGAN tutorial."""

    def __init__(self, model):
        self.G, self.D, self.latent = model.G, model.D, model.config.latent
        self.optimizerD = torch.optim.Adam(self.D.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.optimizerG = torch.optim.Adam(self.G.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.criterion = nn.BCELoss()
        self.history = []

    def step(self, real, _labels, _index):
        self.D.zero_grad()
        label = torch.full((len(real),), 1.0)
        output = self.D(real).sigmoid().view(-1)
        errD_real = self.criterion(output, label)
        errD_real.backward()
        D_x = output.mean().item()
        fake = self.G(torch.randn(len(real), self.latent))
        label.fill_(0.0)
        output = self.D(fake.detach()).sigmoid().view(-1)
        errD_fake = self.criterion(output, label)
        errD_fake.backward()
        D_G_z1 = output.mean().item()
        errD = errD_real + errD_fake
        self.optimizerD.step()

        self.G.zero_grad()
        label.fill_(1.0)
        output = self.D(fake).sigmoid().view(-1)
        errG = self.criterion(output, label)
        errG.backward()
        D_G_z2 = output.mean().item()
        self.optimizerG.step()
        self.history.append((errD.item(), errG.item(), D_x, D_G_z1, D_G_z2))


class WGANGPTutorial:
    """The loop that WGAN-GP tutorials show."""

    def __init__(self, model):
        self.G, self.D, self.latent, self.n_critic = model.G, model.D, model.config.latent, model.config.critic_steps
        self.optimizer_D = torch.optim.Adam(self.D.parameters(), lr=2e-4, betas=(0.0, 0.9))
        self.optimizer_G = torch.optim.Adam(self.G.parameters(), lr=2e-4, betas=(0.0, 0.9))
        self.history = []

    def gradient_penalty(self, real, fake):
        alpha = torch.rand(len(real), 1, 1, 1)
        interpolates = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
        scores = self.D(interpolates)
        gradients = torch.autograd.grad(
            outputs=scores,
            inputs=interpolates,
            grad_outputs=torch.ones_like(scores),
            create_graph=True,
            retain_graph=True,
            only_inputs=True,
        )[0]
        return ((gradients.view(len(real), -1).norm(2, dim=1) - 1) ** 2).mean()

    def step(self, real, _labels, index):
        self.optimizer_D.zero_grad()
        fake = self.G(torch.randn(len(real), self.latent)).detach()
        d_loss = self.D(fake).mean() - self.D(real).mean() + 10 * self.gradient_penalty(real, fake)
        d_loss.backward()
        self.optimizer_D.step()
        if index % self.n_critic == 0:
            self.optimizer_G.zero_grad()
            g_loss = -self.D(self.G(torch.randn(len(real), self.latent))).mean()
            g_loss.backward()
            self.optimizer_G.step()
            self.history.append(g_loss.item())
        self.history.append(d_loss.item())


class VAETutorial:
    """The loop of PyTorch's VAE example: summed binary cross-entropy and KL, Adam, `.item()` each step."""

    def __init__(self, model):
        self.encoder, self.decoder = model.encoder, model.decoder
        self.optimizer = torch.optim.Adam([*self.encoder.parameters(), *self.decoder.parameters()], lr=1e-3)
        self.train_loss = 0.0

    def step(self, real, _labels, _index):
        data = real * 0.5 + 0.5
        self.optimizer.zero_grad()
        mu, logvar = self.encoder(real).chunk(2, dim=1)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        recon = torch.sigmoid(self.decoder(z))
        BCE = F.binary_cross_entropy(recon, data, reduction="sum")
        KLD = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        loss = BCE + KLD
        loss.backward()
        self.train_loss += loss.item()
        self.optimizer.step()


class HingeTutorial:
    """The loop of SNGAN and SAGAN tutorials: hinge losses, both batches apart, a generator step after each."""

    def __init__(self, model):
        self.G, self.D, self.latent = model.G, model.D, model.latent
        self.optimizer_D = torch.optim.Adam(self.D.parameters(), lr=4e-4, betas=(0.0, 0.9))
        self.optimizer_G = torch.optim.Adam(self.G.parameters(), lr=1e-4, betas=(0.0, 0.9))
        self.history = []

    def step(self, real, _labels, _index):
        self.optimizer_D.zero_grad()
        fake = self.G(torch.randn(len(real), self.latent)).detach()
        d_loss = F.relu(1 - self.D(real)).mean() + F.relu(1 + self.D(fake)).mean()
        d_loss.backward()
        self.optimizer_D.step()
        self.optimizer_G.zero_grad()
        g_loss = -self.D(self.G(torch.randn(len(real), self.latent))).mean()
        g_loss.backward()
        self.optimizer_G.step()
        self.history.append((d_loss.item(), g_loss.item()))


class StyleGAN2Tutorial:
    """The loop that StyleGAN2 tutorials show: logistic losses, R1 in one step of sixteen."""

    def __init__(self, model):
        self.G, self.D, self.latent = model.G, model.D, model.latent
        self.optimizer_D = torch.optim.Adam(self.D.parameters(), lr=2.5e-3, betas=(0.0, 0.99))
        self.optimizer_G = torch.optim.Adam(self.G.parameters(), lr=2.5e-3, betas=(0.0, 0.99))
        self.history = []
        self.steps = 0

    def step(self, real, _labels, _index):
        fake = self.G(torch.randn(len(real), self.latent)).detach()
        d_loss = F.softplus(-self.D(real)).mean() + F.softplus(self.D(fake)).mean()
        self.optimizer_D.zero_grad()
        d_loss.backward()
        self.optimizer_D.step()
        if self.steps % 16 == 0:
            real.requires_grad_(True)
            (gradient,) = torch.autograd.grad(self.D(real).sum(), real, create_graph=True)
            penalty = gradient.square().sum((1, 2, 3)).mean()
            self.optimizer_D.zero_grad()
            (0.5 * 0.01 * 16 * penalty).backward()
            self.optimizer_D.step()
        self.steps += 1
        g_loss = F.softplus(-self.D(self.G(torch.randn(len(real), self.latent)))).mean()
        self.optimizer_G.zero_grad()
        g_loss.backward()
        self.optimizer_G.step()
        self.history.append((d_loss.item(), g_loss.item()))


PEERS = {
    "dcgan": ({}, DCGANTutorial, 1.05),
    "wgan-gp": ({"body": "dcgan", "width": 64}, WGANGPTutorial, 1.05),
    "sagan": ({"width": 16, "generator_width": 24}, HingeTutorial, 1.0),
    "stylegan2": ({"width": 32, "full_side": 8, "latent": 64, "style": 64}, StyleGAN2Tutorial, 1.0),
    "vae": ({"likelihood": "bernoulli"}, VAETutorial, 1.2),
}
"""For each model: its options, the plain loop, and the target ratio of images per second."""


def plain_epoch(tutorial, loader):
    for index, (images, labels) in enumerate(loader):
        tutorial.step(images, labels, index)


def our_epoch(trainer):
    trainer.length = Length(trainer.step // trainer.feeder.steps_per_epoch + 1, "epochs")
    nothing = partial(lambda *_: False)
    trainer.train(on_progress=nothing, on_pause=nothing, on_score=nothing, should_stop=nothing, checkpoint_seconds=1e9)


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path))
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return ensure_prepared(PICTURES, "pictures")


def build(name, options, data):
    torch.manual_seed(0)
    spec = SPECS[name]
    return load_factory(spec)(data.shape, build_config(name, spec.config, options))


def our_trainer(model, data):
    cpu = torch.device("cpu")
    model.to(memory_format=torch.channels_last)
    return Trainer(
        model=model,
        feeder=Feeder(data, BATCH, seed=0, device=cpu),
        average=WeightAverage(model, None),
        length=Length(1, "epochs"),
        precision="fp32",
        clock=Clock(cpu),
    )


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@pytest.mark.parametrize("name", PEERS)
def test_images_per_second_over_whole_epochs(name, prepared):
    options, tutorial, target = PEERS[name]
    trainer = our_trainer(build(name, options, prepared), prepared)
    peer = tutorial(build(name, options, prepared))
    loader = DataLoader(PictureDataset(), batch_size=BATCH, shuffle=True, drop_last=True, num_workers=2)
    pairs = [
        (seconds(partial(our_epoch, trainer)), seconds(partial(plain_epoch, peer, loader))) for _ in range(ROUNDS + 1)
    ]
    ours, plain = (statistics.median(times) for times in zip(*pairs[1:], strict=True))
    print(f"\n{name}: ours {IMAGES / ours:.0f}, plain {IMAGES / plain:.0f} images/s, ratio {plain / ours:.2f}")
    assert plain / ours >= target
