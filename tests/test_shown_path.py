import pytest

from mnist_growth.shown_path import shown_path, with_shown_paths


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_path_in_the_project_is_relative_and_another_one_is_its_name(project):
    assert shown_path(project / "digits" / "train") == shown_path("digits/train") == "digits/train"
    assert shown_path(project.parent / "private" / "digits.npz") == "digits.npz"
    assert shown_path("~/digits") == "digits"


def test_only_paths_of_files_of_the_user_change():
    parameters = {"archive": {"path": "/home/me/digits", "resize": True}, "predict": {"folder": None}, "device": "/x"}
    parameters["active"] = {"folder": "/home/me/images", "images": 5}

    shown = {"archive": {"path": "digits", "resize": True}, "active": {"folder": "images", "images": 5}}
    assert with_shown_paths(parameters) == {**parameters, **shown}
    assert with_shown_paths({}) == {}
