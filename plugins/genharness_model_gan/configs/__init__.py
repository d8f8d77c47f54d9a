"""Options of the GANs, with the papers' values as defaults. Torch-free."""

from __future__ import annotations

from genharness_model_gan.configs.plain import (
    ACGANConfig,
    ClassicConfig,
    DCGANConfig,
    DeepDCGANConfig,
    GANConfig,
    PlayersConfig,
    WGANConfig,
)
from genharness_model_gan.configs.residual import (
    BigGANLiteConfig,
    CGANPDConfig,
    SAGANConfig,
    SNGANConfig,
    SNWGANGPConfig,
    WGANGPConfig,
)

__all__ = [
    "ACGANConfig",
    "BigGANLiteConfig",
    "CGANPDConfig",
    "ClassicConfig",
    "DCGANConfig",
    "DeepDCGANConfig",
    "GANConfig",
    "PlayersConfig",
    "SAGANConfig",
    "SNGANConfig",
    "SNWGANGPConfig",
    "WGANConfig",
    "WGANGPConfig",
]
