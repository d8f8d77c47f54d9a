"""Pages of studies that never were, for tests of what is on them."""

import numpy as np

from board_records import ALIKE, CLOSE, FAR, record, seeds
from genharness.board.build import build
from genharness.board.render import RenderOptions
from genharness.figures.latents import Ellipses, latent_map, write_latents
from genharness.images.grid import save_grid
from genharness.plugin.registry import load_factory, load_registry
from genharness.results.store import Store


def page(records, folder=None, form="report", **asked):
    registry = load_registry()
    board = build(records, registry, **asked)
    return load_factory(registry.reporters[form])(board, RenderOptions(folder=folder))


def studied():
    """Return the records of a study in which much happened."""
    records = [*seeds("vae", CLOSE), *seeds("dcgan", FAR), *seeds("gan", ALIKE), record("real", 1.0)]
    for one in records:
        one.scores |= {"precision": 0.5, "recall": 0.25 + 0.1 * one.cell.seed, "density": 0.4, "coverage": 0.3}
        one.measurements |= {"latency_p50_ms": 0.1, "train_steps": 300.0, "generator_parameters": 43_000}
        if one.cell.model != "real":
            one.history.losses = {"step": [100, 200, 300], "loss": [3.0, 2.0, 1.0 + 0.1 * one.cell.seed]}
            one.history.scores = {"step": [100, 200, 300], "fid": [90.0, 50.0, 20.0], "samples": [10, 10, 10]}
            one.history.held_out = {"step": [100, 200, 300], "loss": [3.5, 2.5, 2.25]}
        if one.cell.model == "vae":
            one.scores["ssim"], one.history.scores["ssim"] = 0.75, [0.25, 0.5, 0.75]
    records[-1].bands = {"fid": {"low": 0.5, "high": 1.5, "draws": 20, "count": 10}}
    return [*records, record("wgan", None, status="timeout", reason="it took longer than the limit")]


def swept():
    """Return the records of a grid of one model, and of single changes from a base of another, two seeds each."""
    grid = [
        record("vae", 2.0 + 1000 * lr + latent / 4 + seed / 8, seed=seed, options={"lr": lr, "latent": latent})
        for lr in (1e-4, 1e-3, 1e-2)
        for latent in (2, 8, 16)
        for seed in (0, 1)
    ]
    base = {"optimizer": "adam", "width": 32}
    changes = [base, {**base, "optimizer": "sgd"}, {**base, "optimizer": "rmsprop"}, {**base, "width": 64}]
    single = [
        record("dcgan", 10.0 + 4 * place + seed, seed=seed, options=options)
        for place, options in enumerate(changes)
        for seed in (0, 1)
    ]
    return [*grid, *single, record("gan", 9.0), record("real", 1.0)]


def with_pictures(folder, records):
    """Write what cells keep."""
    store = Store(folder)
    rng = np.random.default_rng(0)
    for one in records:
        if not one.finished:
            continue
        place = store.cell(one.cell.id)
        features = place.features / "entry"
        features.mkdir(parents=True)
        images = rng.integers(0, 256, (72, 1, 8, 8), dtype=np.uint8)
        for name, count in (("grid", 64), ("strip", 72), ("reconstructions", 16), ("nearest_train", 16)):
            save_grid(place.picture(name), images[:count], 8)
        if one.cell.model == "vae":
            codes = rng.normal(size=(72, 3))
            write_latents(
                place.latents, latent_map(codes, np.arange(72) % 3, Ellipses(np.zeros((1, 3)), np.eye(3)[None]))
            )
        np.savez(place.samples, images=images, labels=np.arange(72) % 3)
        np.save(features / "features.npy", rng.normal(size=(72, 5)).astype(np.float32))
        np.save(features / "logits.npy", rng.normal(size=(72, 3)).astype(np.float32))
        (features / "entry.json").write_text('{"key": {"extractor": "classifier"}}')
    return folder
