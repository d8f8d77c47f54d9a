"""The keys of a suite file, and the schema that editors are given."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from genharness.study.reading import read_suite
from genharness.study.schema import file_keys, json_schema

ROOT = Path(__file__).resolve().parents[2]
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


SUITES = sorted((ROOT / "benchmarks").glob("*.toml"))


def test_the_published_schema_is_the_one_that_the_command_prints():
    published = json.loads((ROOT / "docs" / "suite.schema.json").read_text())
    assert published == json.loads(json.dumps(json_schema()))
    VALIDATOR.check_schema(published)


@pytest.mark.parametrize("path", SUITES, ids=[path.stem for path in SUITES])
def test_every_suite_of_the_project_fits_it(path):
    assert not list(VALIDATOR.iter_errors(tomllib.loads(path.read_text())))


@pytest.mark.parametrize(
    "content",
    [
        {"seeds": 3, "budget": ["smoke", "3s"], "batch_size": [32], "models": "vae"},
        {"sweep": {"vae": {"lr": {"low": 1, "high": 2, "points": 3}, "latent": [1, 2], "zip": [["a", "b"]]}}},
        {"jobs": 2, "results": "runs", "keep": "samples", "fresh": True, "extends": "base.toml"},
    ],
)
def test_what_the_reader_takes_the_schema_takes(content):
    assert not list(VALIDATOR.iter_errors(content))
    content.pop("extends", None)
    assert not read_suite(None, content)[1]


@pytest.mark.parametrize(
    "content", [{"model": ["vae"]}, {"jobs": 0}, {"keep": "all"}, {"precision": ["fp8"]}, {"samples": "x"}, {"set": 3}]
)
def test_what_the_reader_refuses_the_schema_refuses(content):
    assert list(VALIDATOR.iter_errors(content))
    assert read_suite(None, content)[1]


def test_every_key_is_described():
    properties = json_schema()["properties"]
    assert set(properties) == {"extends", *(one.name for one in file_keys())}
    assert all(one["description"] for one in properties.values())
