"""The files of one training, and what is known of it without torch."""

import pytest

from genharness.results.training_folder import TrainingFolder


@pytest.fixture
def folder(tmp_path):
    return TrainingFolder(tmp_path / "trainings" / "vae-1")


def test_every_file_has_a_name_of_its_own(folder):
    paths = {folder.checkpoint, folder.best_checkpoint, folder.lock}
    assert len(paths) == 3
    assert folder.lock.parent == folder.path.parent  # it outlives the folder


def test_it_is_finished_once_it_says_so_and_its_checkpoint_is_there(folder):
    assert not folder.finished
    folder.note(finished=True, begun_by="")
    assert not folder.finished
    folder.checkpoint.touch()
    assert folder.finished
    folder.note(finished=False, begun_by="a")
    assert (folder.finished, folder.begun_by) == (False, "a")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_damaged_note_says_nothing(folder, content):
    folder.note(finished=True, begun_by="a")
    (note,) = folder.path.iterdir()
    note.write_bytes(content)
    folder.checkpoint.touch()
    assert (folder.finished, folder.begun_by) == (False, "")


def test_what_is_forgotten_is_gone_and_may_have_been(folder):
    folder.note(finished=True, begun_by="")
    folder.forget()
    assert not folder.path.exists()
    folder.forget()


def test_a_linked_training_is_forgotten_and_what_it_leads_to_stays(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "checkpoint.pt").write_bytes(b"state")
    folder = TrainingFolder(tmp_path / "results" / "trainings" / "t")
    folder.path.parent.mkdir(parents=True)
    folder.path.symlink_to(tmp_path / "far")
    folder.forget()
    assert not folder.checkpoint.exists()
    assert (tmp_path / "far" / "checkpoint.pt").is_file()
