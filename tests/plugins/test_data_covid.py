"""The covid dataset: which rows are used, which class they have, and that no patient is in two splits."""

from __future__ import annotations

import csv
import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from genharness import DataError
from genharness.data import ensure_prepared
from genharness_data_chest_xray import COVID
from genharness_data_chest_xray.copies import near_copies
from genharness_data_chest_xray.metadata import CLASS_NAMES, class_of, read_rows, select
from packed import encoded

COVID_19, NO_FINDING, OTHER = range(3)
COLUMNS = ("patientid", "offset", "finding", "view", "modality", "folder", "filename", "clinical_notes", "")


def row(patient, finding="COVID-19", **changes):
    usual = {"patientid": patient, "offset": "0", "finding": finding, "view": "PA", "modality": "X-ray"}
    return {**usual, "folder": "images", "filename": f"{patient}.png", "clinical_notes": "", "": "", **changes}


def as_csv(rows, encoding="utf-8"):
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def write_copy(folder, rows, pictures=None, encoding="utf-8"):
    """Lay out a copy of the repository; every row's file is there unless `pictures` says otherwise."""
    (folder / "images").mkdir()
    (folder / "metadata.csv").write_bytes(as_csv(rows, encoding))
    if pictures is None:
        pictures = {entry["filename"].strip(): encoded(Image.new("L", (140, 150), 90)) for entry in rows}
    for name, content in pictures.items():
        (folder / "images" / name).write_bytes(content)
    return folder


def enough_rows(per_class=4):
    findings = ("COVID-19", "No Finding", "SARS")
    return [row(f"{finding[:2]}{number}", finding) for finding in findings for number in range(per_class)]


def prepare(source, reference="covid"):
    return ensure_prepared(COVID, reference, source=source)


@pytest.mark.parametrize(
    ("finding", "label"),
    [
        ("COVID-19", COVID_19),
        ("COVID-19, ARDS", COVID_19),
        ("Pneumonia/Viral/COVID-19", COVID_19),
        (" Pneumonia/Viral/COVID-19 ", COVID_19),
        ("No Finding", NO_FINDING),
        ("SARS", OTHER),
        ("ARDS", OTHER),
        ("Pneumonia", OTHER),
        ("Pneumonia/Viral/Herpes ", OTHER),
        ("Pneumonia/Bacterial/Staphylococcus/MRSA", OTHER),
        ("Pneumonia/Fungal/Pneumocystis", OTHER),
        ("Mycoplasma Bacterial Pneumonia", OTHER),
        ("Tuberculosis", OTHER),
        ("todo", None),
        ("Unknown", None),
        ("", None),
    ],
)
def test_finding_of_either_schema_has_its_class(finding, label):
    assert class_of(finding) == label


def test_classes_of_the_spec_are_those_of_the_table():
    assert COVID.class_names == CLASS_NAMES


def test_both_schemas_give_the_same_selection():
    old = ["COVID-19, ARDS", "COVID-19", "SARS", "Pneumocystis", "No Finding"]
    new = ["Pneumonia/Viral/COVID-19"] * 2 + ["Pneumonia/Viral/SARS", "Pneumonia/Fungal/Pneumocystis", "No Finding"]
    files = {f"{number}.png" for number in range(5)}
    first, second = (select([row(str(i), finding) for i, finding in enumerate(names)], files) for names in (old, new))
    assert first.xrays == second.xrays
    assert [xray.label for xray in first.xrays] == [COVID_19, COVID_19, OTHER, OTHER, NO_FINDING]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"modality": "CT", "view": "Axial"}, "no X-ray"),
        ({"folder": "volumes"}, "no X-ray"),
        ({"view": "L"}, "no frontal view"),
        ({"finding": "todo"}, "no class"),
        ({"finding": "Unknown"}, "no class"),
        ({"patientid": ""}, "no patient"),
        ({"filename": "missing.png"}, "no file"),
        ({"filename": "../metadata.csv"}, "no file"),
    ],
)
def test_row_that_cannot_be_used_is_counted_with_the_reason(changes, reason):
    selection = select([row("1"), row("2", **changes)], {"1.png", "2.png"})
    assert [xray.patient for xray in selection.xrays] == ["1"]
    assert selection.left_out == {reason: 1}


@pytest.mark.parametrize("view", ["PA", "AP", "AP Supine", "AP Erect", "AP erect"])
def test_frontal_views_are_kept(view):
    assert len(select([row("1", view=view)], {"1.png"}).xrays) == 1


def test_file_listed_under_two_patients_is_taken_once_and_told():
    rows = [row("285", filename="a.png"), row("339", filename="b.png"), row("339", filename="a.png")]
    selection = select(rows, {"a.png", "b.png"})
    assert [(xray.filename, xray.patient) for xray in selection.xrays] == [("a.png", "285"), ("b.png", "339")]
    assert selection.same_person == (("285", "339"),)
    assert selection.left_out == {"listed again": 1}


def test_stray_spaces_in_columns_and_cells_are_removed():
    table = b" Patientid,finding , view,modality,folder,filename\n 7 , COVID-19 ,PA , X-ray,images , a.png \n"
    rows = read_rows(table, "metadata.csv")
    assert len(select(rows, {"a.png"}).xrays) == 1
    assert rows[0]["patientid"] == "7"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_notes_in_any_encoding_are_tolerated(encoding):
    (first,) = read_rows(as_csv([row("1", clinical_notes="fièvre à 39 °C")], encoding), "metadata.csv")
    assert first["clinical_notes"] == "fièvre à 39 °C"


def test_table_without_a_needed_column_is_refused():
    with pytest.raises(DataError, match=r"metadata\.csv has no column view, modality"):
        read_rows(b"patientid,finding,folder,filename\n1,COVID-19,images,a.png\n", "metadata.csv")


@pytest.mark.parametrize("data", [b"", b'"open quote', b"\x00\x01\x02"])
def test_file_that_is_no_table_is_refused(data):
    with pytest.raises(DataError, match=r"metadata\.csv"):
        read_rows(data, "metadata.csv")


def test_every_mode_of_picture_becomes_grey(tmp_path):
    rows = enough_rows()
    grey = Image.new("L", (140, 150), 90)
    pictures = {entry["filename"]: encoded(grey) for entry in rows}
    for number, mode in enumerate(("RGB", "RGBA", "P", "LA")):
        pictures[f"CO{number}.png"] = encoded(grey.convert(mode))
    values = np.full((150, 140), round(90 * 4095 / 255), np.uint16)  # 12 bits: white is the whole set's
    values[0] = 4095  # beyond the square that is kept
    deep = Image.fromarray(values)
    pictures["No0.png"] = encoded(deep)
    data = prepare(write_copy(tmp_path, rows, pictures))
    assert data.meta.shape == (1, 128, 128)
    for split in data.splits:
        np.testing.assert_allclose(data.samples(split).astype(int), 90, atol=1)
    assert data.meta.touched == {"resized": 12, "cropped": 12, "converted": 5}


def test_rows_without_a_file_are_counted_and_not_fatal(tmp_path):
    rows = [*enough_rows(), row("gone")]
    folder = write_copy(tmp_path, rows)
    (folder / "images" / "gone.png").unlink()
    data = prepare(folder)
    assert sum(data.meta.counts.values()) == 12
    assert any("1 of 13 rows were left out (no file: 1)" in note for note in data.meta.notes)


def test_zip_of_the_repository_gives_the_same(tmp_path, tmp_path_factory):
    folder = write_copy(tmp_path, enough_rows())
    expected = prepare(folder).content_hash
    path = tmp_path_factory.mktemp("zip") / "covid-chestxray-dataset-master.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*.*"):
            archive.write(file, f"covid-chestxray-dataset-master/{file.relative_to(folder).as_posix()}")
    assert ensure_prepared(COVID, "covid", source=path, force=True).content_hash == expected


def picture(seed):
    return Image.fromarray(np.random.RandomState(seed).randint(0, 256, (8, 8)).astype(np.uint8)).resize((140, 150))


def test_copies_are_found_whatever_their_name_and_compression(tmp_path):
    rows = enough_rows()
    pictures = {entry["filename"]: encoded(picture(number)) for number, entry in enumerate(rows)}
    pictures["SA0.png"] = encoded(picture(0).resize((300, 320)), "JPEG")  # the picture of CO0
    notes = prepare(write_copy(tmp_path, rows, pictures)).meta.notes
    assert "patients with the same pictures count as one (CO0 and SA0)" in notes


def test_blank_pictures_are_no_copies():
    assert near_copies(np.full((3, 1, 32, 32), 7, np.uint8)) == []


def test_other_size_is_derived_from_the_preparation(tmp_path):
    prepare(write_copy(tmp_path, enough_rows()))
    assert ensure_prepared(COVID, "covid@32").meta.shape == (1, 32, 32)


def test_further_validation_split_is_refused_because_it_would_divide_patients(tmp_path):
    prepare(write_copy(tmp_path, enough_rows()))
    with pytest.raises(Exception, match="validation split of its own"):
        ensure_prepared(COVID, "covid#validation=2")


def test_unreadable_picture_is_named(tmp_path):
    folder = write_copy(tmp_path, enough_rows())
    (folder / "images" / "SA1.png").write_bytes(encoded(Image.new("L", (140, 150), 90))[:70])
    with pytest.raises(DataError, match=r"images/SA1\.png"):
        prepare(folder)


def test_class_with_too_few_patients_is_named(tmp_path):
    rows = [*enough_rows(), *(row("No0", "No Finding", filename=f"extra{number}.png") for number in range(5))]
    rows = [entry for entry in rows if entry["patientid"] not in ("No2", "No3")]
    with pytest.raises(DataError, match="too few patients of class 'No Finding': the validation split has none"):
        prepare(write_copy(tmp_path, rows))


def test_copy_without_a_frontal_view_is_refused(tmp_path):
    rows = [row("1", view="L"), row("2", modality="CT")]
    with pytest.raises(DataError, match=r"no usable frontal X-ray \(no frontal view: 1; no X-ray: 1\)"):
        prepare(write_copy(tmp_path, rows))


def test_folder_that_is_no_copy_of_the_repository_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"has no metadata\.csv"):
        prepare(tmp_path)


def test_copy_without_pictures_is_refused(tmp_path):
    (tmp_path / "metadata.csv").write_bytes(as_csv(enough_rows()))
    with pytest.raises(DataError, match="has no folder images/ with pictures"):
        prepare(tmp_path)


def test_without_from_the_message_says_where_to_get_it():
    with pytest.raises(DataError, match=r"git clone .*covid-chestxray-dataset.*--from"):
        prepare(None)


@pytest.fixture
def real(shared_data):
    folder = shared_data / "covid-chestxray-dataset"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    return folder


@pytest.fixture
def real_selection(real):
    rows = read_rows((real / "metadata.csv").read_bytes(), "metadata.csv")
    return rows, select(rows, {path.name for path in (real / "images").iterdir()})


def test_real_rows_are_all_accounted_for(real_selection):
    rows, selection = real_selection
    assert len(rows) == 673
    assert selection.left_out == {"no X-ray": 84, "no frontal view": 47, "no file": 11, "listed again": 4}
    assert len(selection.xrays) == 673 - 84 - 47 - 11 - 4


def test_real_findings_written_in_the_later_schema_give_the_same_classes(real, real_selection):
    rows, selection = real_selection
    later = {"COVID-19, ARDS": "Pneumonia/Viral/COVID-19", "COVID-19": "Pneumonia/Viral/COVID-19"}
    renamed = [{**entry, "finding": later.get(entry["finding"], entry["finding"])} for entry in rows]
    again = select(renamed, {path.name for path in (real / "images").iterdir()})
    assert again.xrays == selection.xrays


def test_real_pictures_are_prepared_by_patient_in_all_classes(real):
    data = prepare(real)
    assert data.meta.counts == {"train": 367, "validation": 53, "test": 107}
    for split in data.splits:
        assert all(count > 0 for count in data.class_counts(split).values())
    assert any("no file: 11" in note for note in data.meta.notes)
    levels = data.samples("train").reshape(367, -1)
    assert (levels.max(axis=1) > levels.min(axis=1)).all()


def test_real_copies_under_two_patients_are_found(real):
    notes = prepare(real).meta.notes
    joined = next(note for note in notes if "same pictures" in note)
    # 285 and 339, 287 and 340 share files; the others are copies of other names, 97 and 178 re-compressed.
    for pair in ("285 and 339", "287 and 340", "78 and 201", "97 and 178"):
        assert pair in joined


def test_no_real_picture_has_a_copy_in_another_split(real):
    data = prepare(real)
    images = np.concatenate([data.samples(split) for split in data.splits])
    home = [split for split in data.splits for _ in range(data.meta.counts[split])]
    copies = near_copies(images)
    assert len(copies) >= 5
    assert all(home[one] == home[other] for one, other in copies)
