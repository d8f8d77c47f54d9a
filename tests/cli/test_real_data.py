"""The design's own command line on the real pictures: every model on CIFAR-10 and chest X-rays."""

import json

import pytest
from click.testing import CliRunner

from genharness.cli.main import cli
from genharness.results.store import Store

SMALL = {
    "ae": ["width=16"],
    "vae": ["width=16"],
    "beta-vae": ["width=16"],
    "vae-gmm": ["width=16"],
    "vq-vae": ["hidden=32", "prior_width=16", "prior_layers=2"],
    "gan": ["width=64"],
    "dcgan": ["width=16"],
    "deep-dcgan": ["width=16"],
    "acgan": ["width=16"],
    "wgan": ["width=16"],
    "wgan-gp": ["body=dcgan", "width=16"],
    "sn-wgan-gp": ["body=dcgan", "width=16"],
    "sngan": ["width=16", "generator_width=16"],
}
"""Options that make every trained model small."""


def invoke(*arguments):
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="module")
def results(shared_data, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("real")
        patch.setenv("GENHARNESS_HOME", str(folder / "home"))
        invoke("data", "prepare", "cifar10", "--from", shared_data / "cifar10-jpeg.tar.xz")
        invoke("data", "prepare", "covid", "--from", shared_data / "covid-chestxray-dataset")
        options = [f"{model}.{option}" for model, chosen in SMALL.items() for option in chosen]
        fast = ["--samples", 60, *(part for option in (*options, "classifier.steps=20") for part in ("--set", option))]
        datasets = "cifar10#300,covid@32"
        invoke(
            "run",
            "--no-baselines",
            "--models",
            "all",
            "--datasets",
            datasets,
            "--budget",
            "2steps",
            *fast,
            "--results",
            folder,
        )
        yield folder


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["cifar10#300", "covid@32"])
def test_every_image_model_trains_and_is_scored_on(dataset, results):
    from genharness.plugin.registry import load_registry

    models = [spec for spec in load_registry().models.values() if not spec.argument]
    image_models = {spec.name for spec in models if "image" in spec.modalities}
    records = [record for record in Store(results).records() if record.cell.dataset == dataset]
    assert {record.cell.model for record in records} == image_models
    assert {record.status for record in records} == {"ok"}
    for record in records:
        assert {"fid", "kid", "coverage"} <= record.scores.keys(), record.cell.id
        assert (results / "cells" / record.cell.id / record.artefacts["grid"]).is_file()


@pytest.mark.slow
def test_the_leaderboard_ranks_both(results):
    groups = json.loads(invoke("leaderboard", results, "--format", "json").stdout)
    assert {group["dataset"] for group in groups} == {"cifar10#300", "covid@32"}
    assert all(group["rows"][0]["model"] in ("real", "memoriser") for group in groups)
