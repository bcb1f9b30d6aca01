"""The problems that come with the package."""

import re
import tomllib
from pathlib import Path

import pytest

from pinnsolve.cli import shipped
from pinnsolve.errors import FileError
from pinnsolve.problem import load
from tests.lanes import studied

# one without files, those that name points and data, and one of several regions
COPIED = {"disk_poisson", "coffee", "star_poisson", "two_materials"}

ROOT = Path(__file__).parents[2]
DISK = 'title = "A disk"\n[nodes]\nspacing = 0.1\n[solver]\nmethod = "rbf-fd"\n'
STAR = 'title = "A star"\n[nodes]  # of the best\nfile = "../pointclouds/star.h5"\n'


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with two shipped problems and one node set."""
    folder = tmp_path / "pinnsolve" / "_shipped"
    for name in ("problems", "pointclouds"):
        (folder / name).mkdir(parents=True)
    (folder / "problems" / "disk.toml").write_text(DISK)
    (folder / "problems" / "star.toml").write_text(STAR)
    (folder / "pointclouds" / "star.h5").write_bytes(b"\x89HDF: nodes")
    monkeypatch.setattr(shipped, "PACKAGE", folder.parent)
    return folder.parent


@pytest.fixture
def here(tmp_path):
    """A folder for copies."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.mark.usefixtures("package")
def test_entries_say_what_each_problem_is():
    assert shipped.entries() == [
        shipped.Entry("disk", "A disk", "rbf-fd", "spacing 0.1"),
        shipped.Entry("star", "A star", "", "file star.h5"),
    ]


def test_a_checkout_has_its_problems_beside_the_package(package, here):
    for name in ("problems", "pointclouds"):
        (package / "_shipped" / name).rename(package.parent / name)
    assert shipped.names() == ["disk", "star"]
    shipped.copy("star", here)
    assert (here / "star.h5").read_bytes() == b"\x89HDF: nodes"


@pytest.mark.usefixtures("package")
def test_copy_goes_into_a_folder_or_to_a_file(here):
    assert shipped.copy("disk", here) == here / "disk.toml"
    assert shipped.copy("disk.toml", here / "mine.toml").read_text() == DISK
    assert sorted(path.name for path in here.iterdir()) == ["disk.toml", "mine.toml"]


@pytest.mark.usefixtures("package")
def test_a_copy_has_its_nodes_beside_it(here):
    copy = shipped.copy("star", here / "mine.toml")
    assert copy.read_text() == STAR.replace("../pointclouds/", "")
    assert (here / "star.h5").read_bytes() == b"\x89HDF: nodes"
    shipped.copy("star", here)  # a second copy shares the nodes
    assert sorted(path.name for path in here.iterdir()) == ["mine.toml", "star.h5", "star.toml"]


@pytest.mark.usefixtures("package")
def test_copy_never_overwrites(here):
    target = here / "star.toml"
    target.write_text("mine")
    with pytest.raises(FileError) as error:
        shipped.copy("star", here)
    assert str(error.value) == f"{target} already exists. Choose another name, or move it away."
    assert target.read_text() == "mine"
    assert not (here / "star.h5").exists()


@pytest.mark.usefixtures("package")
def test_copy_never_overwrites_other_nodes(here):
    nodes = here / "star.h5"
    nodes.write_text("mine")
    with pytest.raises(FileError) as error:
        shipped.copy("star", here)
    message = f"{nodes} is another file. Copy to another folder, or move it away."
    assert str(error.value) == message
    assert nodes.read_text() == "mine"
    assert not (here / "star.toml").exists()


@pytest.mark.usefixtures("package")
def test_a_copy_does_not_follow_a_link_to_nowhere(here):
    (here / "disk.toml").symlink_to(here / "nowhere")
    with pytest.raises(FileError, match="already exists"):
        shipped.copy("disk", here)
    assert not (here / "nowhere").exists()


@pytest.mark.usefixtures("package")
def test_a_copy_into_a_folder_that_is_not_there_is_refused(here):
    target = here / "missing" / "disk.toml"
    with pytest.raises(FileError) as error:
        shipped.copy("disk", target)
    assert str(error.value) == f"{target} cannot be written: No such file or directory."


@pytest.mark.usefixtures("package")
def test_a_misspelt_name_gets_a_suggestion(here):
    with pytest.raises(FileError) as error:
        shipped.copy("dsk", here)
    message = 'no shipped problem is called "dsk". Did you mean "disk"? Known: disk, star.'
    assert str(error.value) == message


def test_an_installation_without_problems_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "PACKAGE", tmp_path / "elsewhere" / "pinnsolve")
    with pytest.raises(FileError, match="missing from this installation"):
        shipped.names()


@pytest.mark.parametrize("name", studied(shipped.names(), COPIED))
def test_a_copy_of_every_shipped_problem_loads(name, here):
    copy = load(shipped.copy(name, here))
    original = load(shipped.folder() / f"{name}.toml")
    differing = {
        key
        for key, value in copy.settings.model_dump().items()
        if value != original.settings.model_dump()[key]
    }
    lie_elsewhere = {"nodes"} if copy.settings.nodes.file else set()
    lie_elsewhere |= {"data"} if any(entry.file for entry in copy.settings.data) else set()
    assert differing == lie_elsewhere


def test_the_wheel_takes_along_what_problems_need():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert build["targets"]["wheel"]["force-include"] == {
        "problems": "pinnsolve/_shipped/problems",
        "pointclouds": "pinnsolve/_shipped/pointclouds",
    }


def test_no_node_set_is_shipped_in_vain():
    texts = [path.read_text() for path in (ROOT / "problems").glob("*.toml")]
    named = {name for text in texts for name in re.findall(r'"\.\./pointclouds/(.+)"', text)}
    assert named == {path.name for path in (ROOT / "pointclouds").iterdir()}
