"""The problems that come with the package."""

import pytest

from pinnsolve import shipped
from pinnsolve.errors import FileError


@pytest.fixture(autouse=True)
def package(tmp_path, monkeypatch):
    """A package with one shipped problem."""
    folder = tmp_path / "pinnsolve" / "_problems"
    folder.mkdir(parents=True)
    (folder / "disk.toml").write_text(
        'title = "A disk"\n[nodes]\nspacing = 0.1\n[solver]\nmethod = "rbf-fd"\n'
    )
    monkeypatch.setattr(shipped, "PACKAGE", folder.parent)
    return folder.parent


def test_entries_say_what_each_problem_is():
    assert shipped.entries() == [shipped.Entry("disk", "A disk", "rbf-fd", "spacing 0.1")]


def test_a_checkout_has_its_problems_beside_the_package(package):
    (package / "_problems").rename(package.parent / "problems")
    assert shipped.names() == ["disk"]


def test_copy_goes_into_a_folder_or_to_a_file(tmp_path):
    assert shipped.copy("disk", tmp_path) == tmp_path / "disk.toml"
    assert shipped.copy("disk.toml", tmp_path / "mine.toml").read_text().startswith("title")


def test_copy_never_overwrites(tmp_path):
    target = tmp_path / "disk.toml"
    target.write_text("mine")
    with pytest.raises(FileError) as error:
        shipped.copy("disk", tmp_path)
    assert str(error.value) == f"{target} already exists. Choose another name, or move it away."
    assert target.read_text() == "mine"


def test_a_misspelt_name_gets_a_suggestion(tmp_path):
    with pytest.raises(FileError) as error:
        shipped.copy("dsk", tmp_path)
    message = 'no shipped problem is called "dsk". Did you mean "disk"? Known: disk.'
    assert str(error.value) == message


def test_an_installation_without_problems_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "PACKAGE", tmp_path / "elsewhere" / "pinnsolve")
    with pytest.raises(FileError, match="missing from this installation"):
        shipped.names()
