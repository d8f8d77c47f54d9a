"""What makes two records one row."""

import pytest

from board_records import record
from genharness.results.configuration import configuration, settings


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"extractor": "inception"}, {"plugins": {"model": "acme 2"}}, {"dataset": "folder:/copy"}]
)
def test_seed_protocol_versions_and_the_name_of_the_data_do_not_make_another_row(change):
    assert configuration(record("vae", 1.0, **change)) == configuration(record("vae", 1.0))


@pytest.mark.parametrize(
    "change", [{"options": {"lr": 0.1}}, {"batch_size": 7}, {"budget": "paper"}, {"precision": "bf16"}], ids=str
)
def test_whatever_else_a_cell_says_makes_another_row(change):
    assert configuration(record("vae", 1.0, **change)) != configuration(record("vae", 1.0))


def test_the_order_of_the_options_does_not_count():
    one, two = {"lr": 0.1, "latent": 8}, {"latent": 8, "lr": 0.1}
    assert configuration(record("vae", 1.0, options=one)) == configuration(record("vae", 1.0, options=two))


def test_settings_are_the_options_and_what_else_tells_rows_of_a_model_apart():
    found = settings(record("vae", 1.0, options={"lr": 0.1}, batch_size=7))
    assert (found["lr"], found["batch_size"]) == (0.1, 7)
    assert not found.keys() & {"model", "dataset", "options", "seed"}
