import pytest

from genharness.errors import ConfigError
from genharness.study.suite import load_suite, parse_seeds, parse_setting


def suite_file(tmp_path, text):
    path = tmp_path / "suite.toml"
    path.write_text(text)
    return path


def test_without_a_file_the_embedded_default_is_read():
    suite = load_suite(None, {})
    assert suite.datasets == ("digits",)
    assert suite.budget == "smoke"


def test_the_command_line_goes_over_the_file_and_settings_are_merged(tmp_path):
    path = suite_file(tmp_path, 'models=["vae"]\ndatasets="mnist"\n[set.vae]\nlatent=8\nlr=1e-3\n')
    suite = load_suite(path, {"datasets": ("digits",), "set": {"vae": {"lr": "1e-4"}}})
    assert suite.datasets == ("digits",)
    assert suite.set == {"vae": {"latent": 8, "lr": "1e-4"}}


def test_every_mistake_of_a_file_is_told_at_once(tmp_path):
    path = suite_file(tmp_path, 'model=["vae"]\nseeds="x"\ncompile=3\ndatasets=[1]\n')
    with pytest.raises(ConfigError) as caught:
        load_suite(path, {})
    lines = str(caught.value).splitlines()
    assert any("unknown key 'model'; did you mean 'models'?" in line for line in lines)
    assert any("models is missing" in line for line in lines)
    assert len(lines) == 6  # and seeds, compile, datasets wrong, datasets missing


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot read the suite"), (b"models = [", "is not TOML"), (b"\xff\xfe", "is not UTF-8")],
)
def test_an_unusable_file_is_named(tmp_path, content, message):
    path = tmp_path / "suite.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        load_suite(path, {})


@pytest.mark.parametrize(
    ("given", "seeds"), [("3", (0, 1, 2)), (2, (0, 1)), ("0,7,11", (0, 7, 11)), ([5], (5,)), ("4,5", (4, 5))]
)
def test_seeds_are_a_count_or_a_list(given, seeds):
    assert parse_seeds(given) == seeds


@pytest.mark.parametrize("given", ["", "x", "1.5", "-1", "1,1", "0", [], [1, -2], True, "1,", None])
def test_other_seeds_are_refused(given):
    with pytest.raises(ConfigError, match="must be a count"):
        parse_seeds(given)


@pytest.mark.parametrize("text", ["lr=1", "vae.lr", "=3", ".lr=1", "vae.=1"])
def test_a_setting_must_name_owner_option_and_value(text):
    with pytest.raises(ConfigError, match=r"NAME.OPTION=VALUE"):
        parse_setting(text)
