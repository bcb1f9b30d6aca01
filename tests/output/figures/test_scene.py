import sys

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from pinnsolve.output.figures import panels, scene
from pinnsolve.output.figures.panels import Quantity, body, middle
from pinnsolve.output.figures.projection import VIEW, project, surface
from tests.output.figures.test_figures import CUBE, FIVE

RIGHT, FRONT, TOP = np.array([1, 0.5, 0.5]), np.array([0.5, 0, 0.5]), np.array([0.5, 0.5, 1])


@pytest.fixture
def tried():
    """The obstacle, tried anew before and after."""
    scene.obstacle.cache_clear()
    yield scene.obstacle
    scene.obstacle.cache_clear()


@pytest.fixture(scope="module")
def drawn():
    """A cube whose colours are linear in its coordinates: colours, frame, and the image."""
    if not scene.can_render():
        pytest.skip(scene.obstacle())
    colours = Quantity("u", CUBE @ [1.0, 2.0, 3.0]).colours
    box = project(CUBE, VIEW)
    frame = box.min(axis=0) - 0.1, box.max(axis=0) + 0.1
    image = scene.rendered(CUBE, surface(FIVE), CUBE @ [1.0, 2.0, 3.0], colours, frame)
    return colours, frame, image


@pytest.mark.parametrize("place", [RIGHT, FRONT, TOP])
def test_a_surface_has_the_colours_of_the_scale_in_its_place(drawn, place):
    colours, (low, high), image = drawn
    share = (project((place + 0.02)[None], VIEW)[0] - low) / (high - low)  # not on a diagonal
    row, column = (1 - share[1]) * len(image), share[0] * image.shape[1]
    wanted = 255 * np.array(colours.to_rgba(float((place + 0.02) @ [1.0, 2.0, 3.0])))
    # of 256 colours, of which one lies at most 3 from the next; 0.02 along the normal is 0.06 of 6
    np.testing.assert_allclose(image[int(row), int(column)], wanted, atol=8)


def test_beside_a_surface_nothing_is_drawn(drawn):
    _, _, image = drawn
    assert image.shape[2] == 4
    assert max(image.shape[:2]) == scene.PIXELS
    assert (image[[0, 0, -1, -1], [0, -1, 0, -1], 3] == 0).all()


def test_edges_are_those_of_the_cube_that_may_be_seen_or_turn_from_the_eye():
    lines = scene._lines(CUBE, surface(FIVE)).reshape(-1, 3)
    assert (lines[:, 0] == 2).all()
    ends = CUBE[lines[:, 1:]]
    np.testing.assert_array_equal(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1), 1)
    assert len(lines) == 12  # no diagonal of a side


def test_what_keeps_pyvista_from_drawing_is_told(tried, monkeypatch):
    monkeypatch.setattr(scene, "find_spec", lambda _: None)
    assert tried() == "PyVista is not installed."
    assert scene.painting(3) == ["PyVista is not installed. Surfaces are painted face by face."]
    assert scene.painting(2) == []


def test_a_process_that_opengl_ends_is_not_this_one(tried, monkeypatch):
    monkeypatch.setattr(scene, "find_spec", lambda _: True)
    monkeypatch.setattr(scene, "TRIAL", "import os; os.abort()")
    monkeypatch.setenv(scene.WINDOW, "")
    assert "cannot draw" in tried()
    tried.cache_clear()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert "could not be tried" in tried()


def test_without_pyvista_faces_are_painted(monkeypatch):
    monkeypatch.setattr(panels, "can_render", lambda: False)
    axes = Figure().add_axes((0, 0, 1, 1))
    values = CUBE[:, 0]
    body(axes, CUBE, FIVE, values, Quantity("u", values).colours)
    (painted,) = axes.collections
    assert isinstance(painted, PolyCollection)
    assert not axes.images


def test_bodies_are_cut_beside_a_flat_part_at_half_their_height():
    line = np.linspace(0, 1, 12)
    x = np.stack(np.meshgrid(line, line, line), axis=-1).reshape(-1, 3)
    assert middle(x) == 0.5  # between two layers
    x[(x[:, 2] > 0.4) & (x[:, 2] < 0.5), 2] = 0.5
    assert middle(x) == pytest.approx(0.45)
