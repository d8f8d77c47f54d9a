"""`genharness animate` as a user meets it."""

from genharness.results.store import Store
from report_pages import studied, with_pictures


def test_a_cell_becomes_a_film_under_its_name(genharness, tmp_path):
    records = studied()[:1]
    folder = with_pictures(tmp_path / "results", records)
    store = Store(folder)
    store.open_for_writing()
    store.save(records[0])
    done = genharness("animate", "vae", "--results", folder)
    name = f"{records[0].cell.id}-training.gif"
    assert done.stdout == f"{name}: 9 pictures\n"
    assert (tmp_path / name).read_bytes().startswith(b"GIF8")
    missing = genharness("animate", "vae", "--results", folder, "--what", "interpolation")
    assert "keeps no pictures of interpolation" in missing.stderr
