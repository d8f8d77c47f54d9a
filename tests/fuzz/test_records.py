"""Records that a stranger wrote: read, ranked, compared and shown in every form, or named in a warning."""

import functools
import json

from hypothesis import strategies as st

from board_records import record, rendered
from fuzzing import INPUTS, campaign, damaged, refusable, value_campaign, values
from genharness.results.store import Store
from json_fuzz import with_value

FORMS = ["table", "md", "csv", "json", "latex"]


def sound():
    """Return records of two models and three seeds, as plain values."""
    made = [record(model, 3.0 + seed, seed=seed) for model in ("vae", "gan") for seed in range(2)]
    made[0].errors, made[0].bands = {"fid": 0.1}, {"fid": {"low": 1.0, "high": 2.0, "draws": 9, "count": 10}}
    made[1].skipped, made[2].failed = {"kid": "too few samples"}, {"prdc": "broke"}
    made[3].notes, made[3].artefacts = ["a note"], {"samples": "samples.png"}
    made[0].environment = {"threads": 1, "device": "cpu", "packages": {"torch": "2.6"}, "hostname": "here"}
    return [json.loads(json.dumps(one.as_plain())) for one in made]


PLAIN = sound()
SOUND = [json.dumps(one, indent=2).encode() for one in PLAIN]
WORDS = [b"null", b"true", b"[]", b"{}", b'""', b'"ok"', b'"failed"', b'"interrupted"', b"1.5", b"3", b'"digits"']
NAMES = sorted({key for one in PLAIN for key in (*one, *one["cell"])})


def shown_with(folder):
    """Return a check that puts a record between sound ones and shows all of them."""
    store = Store(folder / "results")
    store.open_for_writing()
    for number, content in enumerate(SOUND[1:]):
        (store.records_folder / f"sound-{number}.json").write_bytes(content)
    counts = {"inputs": 0}

    def check(content):
        counts["inputs"] += 1
        (store.records_folder / "strange.json").write_bytes(content)
        reading = Store(store.folder)
        records = list(reading.records())
        assert len(records) + len(reading.warnings) == len(SOUND)
        if reading.warnings:  # all that is left was shown already
            return
        seeds = ("mean", "each")[counts["inputs"] % 2]
        with refusable():
            text = rendered(records, FORMS[counts["inputs"] % len(FORMS)], seeds=seeds)
            assert "\x1b" not in text

    return check


@INPUTS
def test_records_whose_bytes_are_damaged(tmp_path, monkeypatch, inputs):
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path / "home"))
    campaign(inputs, damaged(SOUND, WORDS), shown_with(tmp_path), tmp_path)


@INPUTS
def test_records_of_which_one_value_is_another(tmp_path, monkeypatch, inputs):
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path / "home"))
    strategy = st.builds(functools.partial(with_value, PLAIN, NAMES), st.integers(0, 2**64), values(NAMES))
    value_campaign(inputs, strategy, shown_with(tmp_path), tmp_path)
