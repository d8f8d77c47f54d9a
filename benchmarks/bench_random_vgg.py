"""Operations of an image's `random-vgg16` features at two sizes to which it is resized; nothing is timed.

python benchmarks/bench_random_vgg.py
"""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from genharness.kit import ExtractorContext
from genharness_features_basic import RandomVggConfig
from genharness_features_basic.random_vgg import RandomVgg16

SIZES = (32, 224)


def operations(size: int) -> int:
    """Return the floating-point operations of convolutions and products for one image of 32 pixels."""
    extractor = RandomVgg16(ExtractorContext(device=torch.device("cpu")), RandomVggConfig(size=size))
    with FlopCounterMode(display=False) as counter:
        extractor.embed(torch.zeros(1, 3, 32, 32))
    return counter.get_total_flops()


if __name__ == "__main__":
    small, large = (operations(size) for size in SIZES)
    print(f"{small / 1e9:.2f} GFLOP at {SIZES[0]} pixels, {large / 1e9:.2f} at {SIZES[1]}: {large / small:.1f} times")
