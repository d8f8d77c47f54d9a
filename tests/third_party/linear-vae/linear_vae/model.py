"""The model: networks, one optimiser, one step, and how samples are drawn."""

import math

import torch
from genharness.kit import GenerativeModel
from torch import nn


class LinearVAE(GenerativeModel):
    def __init__(self, data, config):
        super().__init__(data, config)
        pixels = math.prod(data.shape)
        self.encode_mean = nn.Linear(pixels, config.latent)
        self.log_variance = nn.Parameter(torch.zeros(config.latent))
        self.decode = nn.Linear(config.latent, pixels)
        self.log_sigma = nn.Parameter(torch.tensor(-1.0))
        self.optimiser = torch.optim.Adam(self.parameters(), lr=config.lr)

    def training_step(self, batch):
        x = batch.data.flatten(1)  # (n, pixels), in [-1, 1]
        mean = self.encode_mean(x)
        z = mean + (self.log_variance / 2).exp() * torch.randn_like(mean)
        squares = (x - self.decode(z)).square() / (2 * self.log_sigma).exp()
        reconstruction = (squares / 2 + self.log_sigma).sum(1).mean()
        kl = 0.5 * (mean.square() + self.log_variance.exp() - 1 - self.log_variance).sum(1).mean()
        loss = reconstruction + kl
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return {"loss": loss.detach(), "reconstruction": reconstruction.detach(), "kl": kl.detach()}

    def sample(self, n, *, labels, generator):
        z = torch.randn(n, self.config.latent, generator=generator, device=generator.device)
        return self.decode(z).clamp(-1, 1).unflatten(1, self.data.shape)
