"""Pages of a site: one for everything, each with links to the others."""

from board_records import CLOSE, FAR, record, seeds
from genharness.board.build import build
from genharness.board.site import INDEX, pages_of
from genharness.plugin.registry import load_registry


def pages(records):
    return {page.file: page for page in pages_of(build(records, load_registry()))}


def test_there_is_a_page_a_dataset_and_a_model_and_all_know_all():
    found = pages([*seeds("vae", CLOSE), *seeds("gan", FAR), record("vae", 1.0, dataset="mnist"), record("real", 1.0)])
    assert list(found) == [INDEX, "data-digits.html", "data-mnist.html", "model-vae.html", "model-gan.html"]
    for page in found.values():
        place = page.place
        assert [*place.overview.values(), *place.datasets.values(), *place.models.values()] == list(found)
        assert page.place.models == {"vae": "model-vae.html", "gan": "model-gan.html"}
    assert {group.dataset for group in found["data-mnist.html"].board.groups} == {"mnist"}
    assert len(found["model-vae.html"].board.groups) == 2
    assert [group.dataset for group in found["model-gan.html"].board.groups] == ["digits"]


def test_names_of_any_kind_become_files_of_one_folder_each_its_own():
    names = ["../../x", "a b", "A-B", "\u202e", "x" * 400]
    found = pages([record(name, 1.0) for name in names])
    models = [file for file in found if file.startswith("model-")]
    assert len(models) == len(names)
    assert not any("/" in file or len(file) > 100 for file in found)
    assert len({file.lower() for file in found}) == len(found)
