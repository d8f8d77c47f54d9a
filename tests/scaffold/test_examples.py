"""The examples of the hooks, under other names."""

import pytest

from genharness.errors import ConfigError
from genharness.scaffold.examples import KINDS, example_of, named


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_the_old_name_is_left(kind):
    example = example_of(kind)
    (old,) = {line.split('"')[1] for line in example["pyproject.toml"].splitlines() if line.startswith("name =")}
    files = named(example, "other-thing")
    assert not [path for path in files if old in path or old.replace("-", "_") in path]
    light = files["other_thing/__init__.py"]
    assert 'name="other-thing"' in light
    assert f'"{old}"' not in light
    assert 'other-thing = "other_thing"' in files["pyproject.toml"]


def test_classes_and_columns_are_renamed_with_it():
    files = named(example_of("model"), "my-gan")
    assert 'factory="my_gan.model:MyGan"' in files["my_gan/__init__.py"]
    assert "class MyGanConfig" in files["my_gan/__init__.py"]
    assert "my_metric_gap" in named(example_of("metric"), "my-metric")["my_metric/metric.py"]


def test_a_name_that_holds_the_old_one_is_no_trap():
    files = named(example_of("dataset"), "my-stripes")
    assert 'name="my-stripes"' in files["my_stripes/__init__.py"]
    assert "my_stripes.prepare:prepare" in files["my_stripes/__init__.py"]


@pytest.mark.parametrize("name", ["", "My", "a_b", "a--b", "-a", "a/../b", "json", "class", "genharness", "x" * 41])
def test_a_name_that_no_package_can_have_is_refused(name):
    with pytest.raises(ConfigError, match="name"):
        named(example_of("model"), name)


def test_an_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'metric'"):
        example_of("metrik")
