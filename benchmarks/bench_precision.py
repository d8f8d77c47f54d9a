"""Training in bfloat16 beside float32 on this machine: images per second, and what the samples are worth over seeds.

    python benchmarks/bench_precision.py speed                       # by the size of the images
    python benchmarks/bench_precision.py quality dcgan,vae,edm 200   # steps of the smoke recipe, on digits, five seeds

Quality is the Frechet distance of 500 samples over classifier features. Both precisions have the same seeds; they agree
where a paired t test at 5 % finds no difference.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
import torch

from genharness import ConfigError
from genharness.data import ensure_prepared
from genharness.engine.average import WeightAverage
from genharness.engine.build import build_model
from genharness.engine.costs.clock import Clock
from genharness.engine.feed import Feeder
from genharness.engine.loop import Trainer
from genharness.engine.random_state import seed_everything
from genharness.engine.sampler import Sampler
from genharness.functional.frechet import frechet_distance
from genharness.kit import ExtractorContext
from genharness.kit.model import FitsData
from genharness.plugin.registry import load_registry
from genharness.spec.length import Length
from genharness.stats.student import critical_t
from genharness.testing import synthetic_data
from genharness_features_classifier import ClassifierConfig
from genharness_features_classifier.extractor import ClassifierExtractor

CPU = torch.device("cpu")
PRECISIONS = ("fp32", "bf16")
SEEDS, SAMPLES = 5, 500
SPEED = (("dcgan", 8), ("dcgan", 28), ("dcgan", 32), ("vae", 8), ("vae", 28), ("vae", 32))
ROUNDS, STEPS = 5, 8


def trainer_of(name, data, precision, seed):
    spec = load_registry().models.find(name)
    if not spec.trained:
        raise ConfigError(f"{name} is not trained")
    recipe = spec.recipes["smoke"]
    seed_everything(seed)
    model = build_model(spec, recipe.options, data.shape, CPU)
    return Trainer(
        model=model,
        feeder=Feeder(data, recipe.batch_size, seed=seed, device=CPU, resident=True),
        average=WeightAverage(model, recipe.ema),
        length=Length(1, "steps"),
        precision=precision,
        clock=Clock(CPU),
    )


def train(trainer, steps):
    trainer.length = Length(trainer.step + steps, "steps")
    trainer.train(
        on_progress=lambda progress: None,
        on_pause=lambda: None,
        on_score=lambda: None,
        should_stop=lambda: False,
        checkpoint_seconds=1e9,
    )


def speed():
    for name, size in SPEED:
        trainers = {precision: trainer_of(name, synthetic_data(size, 1), precision, 0) for precision in PRECISIONS}
        times = {precision: [] for precision in PRECISIONS}
        for _ in range(ROUNDS + 1):  # in turn, so that a busy machine slows both
            for precision, trainer in trainers.items():
                start = time.process_time()
                train(trainer, STEPS)
                times[precision].append(time.process_time() - start)
        fp32, bf16 = (statistics.median(times[precision][1:]) for precision in PRECISIONS)
        print(f"{name} at {size} pixels: bf16 {fp32 / bf16:.2f} times as fast as fp32 (processor time)", flush=True)


def distance(name, data, extractor, real, precision, seed, steps):
    trainer = trainer_of(name, data, precision, seed)
    train(trainer, steps)
    with trainer.average.applied() as model, torch.no_grad():
        if isinstance(model, FitsData):
            model.fit(data)
        samples = Sampler(model, name, precision).draw(SAMPLES, seed=0)
    return frechet_distance(real, extractor.extract(samples).features)


def quality(names, steps):
    data = ensure_prepared(load_registry().datasets.find("digits"), "digits")
    extractor = ClassifierExtractor(ExtractorContext(device=CPU, data=data), ClassifierConfig())
    real = extractor.extract(np.array(data.samples("train"))).features
    for name in names:
        rows = [
            [distance(name, data, extractor, real, precision, seed, steps) for precision in PRECISIONS]
            for seed in range(SEEDS)
        ]
        fp32, bf16 = zip(*rows, strict=True)
        differences = [after - before for before, after in rows]
        error = statistics.stdev(differences) / len(differences) ** 0.5
        agrees = abs(statistics.mean(differences)) <= critical_t(0.05, len(differences) - 1) * error
        spread = [f"{statistics.mean(one):.1f} ± {statistics.stdev(one):.1f}" for one in (fp32, bf16)]
        print(
            f"{name}, {steps} steps: fp32 {spread[0]}, bf16 {spread[1]}, difference "
            f"{statistics.mean(differences):+.2f} (standard error {error:.2f}): {'agree' if agrees else 'DIFFER'}",
            flush=True,
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["speed"]:
        speed()
    else:
        quality(sys.argv[2].split(","), int(sys.argv[3]))
