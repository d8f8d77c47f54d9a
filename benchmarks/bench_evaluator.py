"""`genharness.Evaluator` in a training loop beside the same calls made by hand, turn about in one run.

    pytest benchmarks/bench_evaluator.py -s

A small generator and critic are trained on digits; after each epoch 2,000 samples, in batches of 250, are scored
against the training split with the classifier's features. By hand that is: one extractor and the features of the real
samples before the loop, then in each epoch the features of the new ones, and each metric over both. The scores are the
same bits. Seconds are of the processor, which other work on the machine moves less; of each pair of turns the ratio is
taken, and of those the median. The aim is at most 1.02.

ROUNDS=15 asks for more turns.
"""

from __future__ import annotations

import dataclasses
import os
import statistics
import time

import numpy as np
import pytest
import torch
from torch import nn

import genharness
from genharness.external.request import plan_sets
from genharness.images import SampleFile
from genharness.kit.extractor import ExtractorContext
from genharness.measure.build import build_extractor, build_metrics
from genharness.measure.evaluation import Computed, SampleData, SampleEvaluation
from genharness.measure.feature_cache import extract
from genharness.measure.scoring import score

ROUNDS = int(os.environ.get("ROUNDS", "7"))
SAMPLES, BATCH, STEPS = 2000, 250, 60


class Loop:
    """A few steps of a GAN, and samples of its generator as uint8."""

    def __init__(self, real):
        torch.manual_seed(0)
        self.real = torch.from_numpy(np.array(real)).flatten(1).float() / 127.5 - 1
        self.generator = nn.Sequential(nn.Linear(16, 128), nn.ReLU(), nn.Linear(128, 64), nn.Tanh())
        self.critic = nn.Sequential(nn.Linear(64, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1))
        self.optimisers = [torch.optim.Adam(one.parameters(), 2e-4) for one in (self.critic, self.generator)]

    def epoch(self):
        for _ in range(STEPS):
            real = self.real[torch.randint(len(self.real), (64,))]
            fake = self.generator(torch.randn(64, 16))
            criticised = nn.functional.softplus(self.critic(fake.detach())) + nn.functional.softplus(-self.critic(real))
            self.descend(0, criticised)
            self.descend(1, nn.functional.softplus(-self.critic(fake)))

    def descend(self, place, loss):
        self.optimisers[place].zero_grad()
        loss.mean().backward()
        self.optimisers[place].step()

    @torch.no_grad()
    def batches(self):
        for _ in range(SAMPLES // BATCH):
            images = self.generator(torch.randn(BATCH, 16)).view(-1, 1, 8, 8)
            yield ((images + 1) * 127.5).round().byte().numpy()


@pytest.fixture(scope="module")
def evaluator():
    return genharness.Evaluator("digits", metrics="fid,prdc")


@pytest.fixture(scope="module")
def by_hand(evaluator):
    """Return a function that scores samples by the calls that stand behind the Evaluator, the real ones known."""
    scoring, device = evaluator._scoring, torch.device("cpu")
    data, registry = scoring.reference.data, scoring.registry
    evaluator.update(next(Loop(data.samples("train")).batches()))
    evaluator.compute()  # the classifier is trained, the real samples' features are extracted
    evaluator.reset()
    planned = dataclasses.replace(
        evaluator._request, samples=(SampleFile("a", np.zeros((SAMPLES, 1, 8, 8), np.uint8)),)
    )
    one = plan_sets(planned, scoring, lambda *_: None)[0]
    extractor = build_extractor(
        registry, one.protocol.extractor, one.protocol, ExtractorContext(device=device, data=data)
    )
    metrics = build_metrics(registry, one.metrics)
    real = SampleData(data.samples("train"), data.labels("train"), {})
    known = Computed()

    def scores(samples):
        computed = known.without("fake")
        computed.extracted["fake", one.protocol.extractor] = extract(extractor, samples)
        sets = {"real": real, "fake": SampleData(samples, None, {})}
        evaluation = SampleEvaluation(sets, one.protocol, lambda name: extractor, computed=computed)
        found = {key: value for result in score(metrics, evaluation) for key, value in result.values.items()}
        known.extracted.update({key: value for key, value in computed.extracted.items() if key[0] == "real"})
        known.statistics.update({key: value for key, value in computed.statistics.items() if key == "real"})
        known.derived.update({key: value for key, value in computed.derived.items() if "fake" not in key[1]})
        return found

    return scores


def timed(work):
    begun = time.process_time()
    found = work()
    return time.process_time() - begun, found


def test_an_evaluator_beside_the_same_calls_by_hand(evaluator, by_hand):
    real = evaluator._scoring.reference.data.samples("train")

    def with_evaluator():
        loop = Loop(real)
        loop.epoch()
        evaluator.reset()
        for batch in loop.batches():
            evaluator.update(batch)
        return evaluator.compute().scores

    def without():
        loop = Loop(real)
        loop.epoch()
        return by_hand(np.concatenate(list(loop.batches())))

    by, own = without(), with_evaluator()
    assert {key: own[key] for key in by} == by
    pairs = [(timed(with_evaluator)[0], timed(without)[0]) for _ in range(ROUNDS)]
    ratio = statistics.median(one / other for one, other in pairs)
    seconds = [statistics.median(side) for side in zip(*pairs, strict=True)]
    print(f"\nan epoch and its scores: {seconds[0]:.3f} s with the Evaluator, {seconds[1]:.3f} s by hand, {ratio:.3f}x")
