import os
from pathlib import Path

import pytest

from genharness.errors import ConfigError
from genharness.spec.options import checked
from genharness.study.reading import load_suite, read_suite
from genharness.study.suite import Suite


def suite_file(tmp_path, text):
    path = tmp_path / "suite.toml"
    path.write_text(text)
    return path


def test_without_a_file_the_embedded_default_is_read():
    suite = load_suite(None, {})
    assert suite.datasets == ("digits",)
    assert suite.budget == ("smoke",)


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
    assert lines == [
        f"{path} has no option 'model'; did you mean 'models'?",
        f"{path}: seeds=x must be a count such as 3, or different whole numbers such as 0,7,11",
        f"{path}: compile=3 is not true or false",
        f"{path}: datasets=[1] is not a list of names",
    ]


WRONG = {
    "samples": ["1", "0", "-5", "x", "1.5", "nan", "9" * 5000, str(10**9 + 1)],
    "reference": ["1", "999999999999999999999"],
    "limit": ["1", "1e400"],
    "seeds": ["18446744073709551616,1", "-1,0", "1,1", "999999999999", "9" * 5000],
    "protocol_seed": ["18446744073709551616", "-1", "0.5"],
    "budget": ["0steps", "9" * 400 + "steps", "1e3steps", "-3steps", "2000000000000s", "\u0663steps"],
    "precision": ["BF16", "fp8", ""],
    "device": ["gpu", "cuda:", "cpu:0", "cuda:\u00b2", "cuda:" + "9" * 5000],
    "compile": ["maybe", "2"],
    "features": ["a\0b", "\udcff"],
    "models": ["a\0b", "v\udcffe"],
    "metrics": ["fi\0d"],
    "reference_split": ["\udcff"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_what_is_wrong_in_a_suite_is_wrong_in_the_same_words_on_the_command_line_and_from_python(name, value):
    (here,) = read_suite(None, {name: value})[1]
    (python,) = checked(Suite(**{name: value}))[1]
    assert here == f"--{name.replace('_', '-')}{python.removeprefix(name)}"
    assert len(here) < 250
    assert "\n" not in here


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('precision = "BF16"', "precision=BF16 is not one of: auto | fp32 | tf32 | bf16"),
        ("samples = 1", "samples=1 is out of range: it must be >= 2, <= 1000000000"),
        ("samples = true", "samples=True is not a whole number"),
        ("protocol_seed = -1", "protocol_seed=-1 is out of range: it must be >= 0, <= 2^64 - 1"),
        ("seeds = 1_000_000_000_000", "seeds=1000000000000 is out of range: at most 100,000 seeds"),
        ('set.vae = "fast"', "set={'vae': 'fast'} is not a table of tables, such as [set.dcgan] with lr = 1e-4"),
        (
            'sweep.budget = ["9steps"]',
            "sweep={'budget': ['9steps']} is not a table of tables, such as [sweep.dcgan] with lr = [1e-4, 2e-4]: "
            "budget is an option of the whole run",
        ),
        ("budget = 3", "budget=3 is not a list of names"),
        (
            'budget = "smok"',
            "budget=smok is none of smoke, standard, paper, 20epochs, 5000steps, 200kimg, 90s, 2e15flops; did you",
        ),
    ],
)
def test_a_file_is_read_strictly(tmp_path, text, message):
    path = suite_file(tmp_path, text)
    (line,) = read_suite(path, {})[1]
    assert line.startswith(f"{path}: {message}")


@pytest.mark.parametrize("name", ["protocol_seed", "seeds"])
def test_the_largest_seed_is_kept_to_the_last_digit(name):
    suite, mistakes = read_suite(None, {name: "18446744073709551615,0" if name == "seeds" else "18446744073709551615"})
    assert not mistakes
    assert getattr(suite, name) in (2**64 - 1, (2**64 - 1, 0))


def test_what_fits_is_kept_beside_what_does_not(tmp_path):
    suite, mistakes = read_suite(suite_file(tmp_path, 'models=["vae"]\nsamples=1\nseeds=3\n'), {})
    assert (suite.models, suite.samples, suite.seeds) == (("vae",), None, (0, 1, 2))
    assert len(mistakes) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("models = " + "[" * 3000, "nested too deeply"),
        ("seeds = " + "9" * 5000, "is not TOML"),
        ("#" * (2**22 + 1), "larger than 4 MiB"),
        ("set.vae.lr" + ".a" * 5000 + " = 1", "nested too deeply"),
        ("set.vae.lr" + "." * 100_000 + " = 1", "nested too deeply"),
        ("set" + '."a" . b' * 1000 + " = 1", "nested too deeply"),
    ],
    ids=["deep", "a huge number", "huge", "dotted", "dots", "quoted dots"],
)
def test_a_file_that_nobody_could_mean_is_one_line(tmp_path, content, message):
    with pytest.raises(ConfigError, match=message) as caught:
        read_suite(suite_file(tmp_path, content), {})
    assert len(caught.value.lines) == 1


def test_dots_in_names_nest_nothing(tmp_path):
    names = [f"folder:a.b.{'c.' * 60}d", 'folder:"."' + "." * 60]
    path = suite_file(tmp_path, f'models = ["vae"]\ndatasets = {names!r}  # {"." * 100}\n')
    assert load_suite(path, {}).datasets == tuple(names)


def test_a_file_of_nothing_but_mistakes_is_not_read_to_its_end(tmp_path):
    path = suite_file(tmp_path, "".join(f"[a{index}]\n" for index in range(20_000)))
    assert 100 <= len(read_suite(path, {})[1]) <= 102


def test_a_file_with_a_byte_order_mark_and_dos_lines_is_read(tmp_path):
    path = tmp_path / "suite.toml"
    path.write_bytes(b'\xef\xbb\xbfmodels = ["vae"]\r\nseeds = 2\r\n')
    assert load_suite(path, {}).seeds == (0, 1)


def test_a_mistake_in_toml_is_shown_where_it_stands(tmp_path):
    path = tmp_path / "suite.toml"
    path.write_text('seeds = 1\nmodels = ["vae"]\nseeds = 2\n[set.vae]\n')
    with pytest.raises(ConfigError, match=r"is not TOML: .*\(at line 3, column \d+\): seeds = 2$"):
        load_suite(path, {})


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


def test_a_model_in_the_place_of_a_suite_is_told_where_models_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"the suite vae: .*, and a model is named by --models vae$"):
        load_suite(Path("vae"), {})
    with pytest.raises(ConfigError, match=r"the suite vae\.toml: No such file or directory$"):
        load_suite(Path("vae.toml"), {})


def test_every_option_of_run_can_stand_in_a_file_and_the_command_line_goes_over_it(tmp_path):
    path = suite_file(
        tmp_path, 'jobs=2\nkeep="samples"\nresults="runs"\nfail_fast=true\ntrackers=["log"]\ntimeout=60\n'
    )
    study = load_suite(path, {"keep": "nothing", "timeout": "5"})
    assert (study.jobs, study.keep, str(study.results), study.fail_fast) == (2, "nothing", "runs", True)
    assert (study.trackers, study.timeout) == (("log",), 5.0)
    lines = read_suite(suite_file(tmp_path, 'jobs=0\nkeep="all"\nweights="absent"\n'), {})[1]
    assert [line.removeprefix(f"{path}: ").partition(" ")[0] for line in lines] == [
        "jobs=0",
        "keep=all",
        "weights=absent",
    ]


def test_a_file_extends_another_beside_it_option_by_option(tmp_path):
    (tmp_path / "base.toml").write_text(
        'models=["vae"]\nseeds=3\n[set.vae]\nlatent=8\nlr=1e-3\n[sweep.vae]\nsigma=[1,2]\n'
    )
    path = suite_file(tmp_path, 'extends="base.toml"\nseeds=5\n[set.vae]\nsigma=1\n[sweep.vae]\nlr=[1e-4]\n')
    study = load_suite(path, {"sweep": {"vae": {"latent": "1,2"}}})
    assert (study.models, len(study.seeds)) == (("vae",), 5)
    assert study.set == {"vae": {"sigma": 1}}
    assert study.sweep == {"vae": {"lr": [1e-4], "latent": "1,2"}}


def test_what_one_source_both_sets_and_sweeps_stays_a_contradiction(tmp_path):
    path = suite_file(tmp_path, "[set.vae]\nlr=1\n[sweep.vae]\nlr=[1]\n")
    study = load_suite(path, {})
    assert study.set["vae"] == {"lr": 1}
    assert study.sweep["vae"] == {"lr": [1]}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_suite_that_is_extended_is_no_pipe_which_would_be_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "suite.toml").write_text('extends = "pipe"\n')
    with pytest.raises(ConfigError, match=r"cannot read the suite .*: it is no regular file"):
        load_suite(tmp_path / "suite.toml", {})


@pytest.mark.parametrize("key", ["extend", "extens", "Extends"])
def test_a_misspelt_base_is_not_passed_over(tmp_path, key):
    (tmp_path / "suite.toml").write_text(f'{key} = "base.toml"\n')
    with pytest.raises(ConfigError, match=rf"suite.toml has no option '{key}'; did you mean 'extends'\?"):
        load_suite(tmp_path / "suite.toml", {})


@pytest.mark.parametrize("files", [{"suite": "suite"}, {"suite": "a", "a": "b", "b": "a"}])
def test_suites_that_extend_each_other_in_a_circle_are_refused(tmp_path, files):
    for name, base in files.items():
        (tmp_path / f"{name}.toml").write_text(f'extends = "{base}.toml"\n')
    with pytest.raises(ConfigError, match=r"suites extend each other in a circle: \w+.toml extends "):
        load_suite(tmp_path / "suite.toml", {})


@pytest.mark.parametrize(
    ("extends", "message"), [("3", "extends=3 is not the path"), ('"no.toml"', "cannot read the suite")]
)
def test_a_base_that_cannot_be_is_one_line(tmp_path, extends, message):
    with pytest.raises(ConfigError, match=message):
        load_suite(suite_file(tmp_path, f"extends = {extends}\n"), {})


def test_a_mistake_in_a_base_is_told_under_its_own_name(tmp_path):
    (tmp_path / "base.toml").write_text("samples=1\n")
    lines = read_suite(suite_file(tmp_path, 'extends="base.toml"\nseeds="x"\n'), {})[1]
    assert [line.partition(": ")[0].rpartition("/")[2] for line in lines] == ["base.toml", "suite.toml"]


def test_a_long_chain_of_suites_is_refused(tmp_path):
    for number in range(103):
        (tmp_path / f"{number}.toml").write_text(f'extends = "{number + 1}.toml"\n')
    (tmp_path / "103.toml").write_text("seeds = 3\n")
    assert load_suite(tmp_path / "3.toml", {}).seeds == (0, 1, 2)
    with pytest.raises(ConfigError, match=r"^0.toml extends more than 100 suites, one over the other$"):
        load_suite(tmp_path / "0.toml", {})


def test_suites_that_extend_each_other_are_as_large_as_one_may_be_together(tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.toml").write_text(f'extends = "{number + 1}.toml"\n#{"é" * 2**20}\n')
    with pytest.raises(ConfigError, match=r"1.toml: it is larger than 4 MiB with those that extend it$"):
        load_suite(tmp_path / "0.toml", {})


def test_a_long_circle_is_told_in_a_line_that_can_be_read(tmp_path):
    names = [f"{number}{'b' * 200}.toml" for number in range(90)]
    for name, base in zip(names, [*names[1:], names[0]], strict=True):
        (tmp_path / name).write_text(f'extends = "{base}"\n')
    with pytest.raises(ConfigError, match="suites extend each other in a circle: 0b") as caught:
        load_suite(tmp_path / names[0], {})
    assert len(str(caught.value)) < 500
