import numpy as np
import pytest
from PIL import Image

from pinnsolve.output.figures.figures import nodes_figure, svg, write_nodes_figure
from pinnsolve.output.figures.projection import is_facing, project, quartered, section, surface

CUBE = np.array([[x, y, z] for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)])
FIVE = np.array([[0, 2, 1, 4], [3, 1, 2, 7], [5, 7, 4, 1], [6, 4, 7, 2], [1, 4, 2, 7]])  # fill it


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["interval", "plate", "box"])
def test_the_picture_of_nodes_is_an_image_with_every_piece_in_its_colour(case, tmp_path, shape):
    made = case(shape, 200)
    write_nodes_figure(tmp_path / "nodes.png", made.solution.sample.nodes, made.domain)
    with Image.open(tmp_path / "nodes.png") as image:
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    assert (pixels[0] == 255).all()  # white paper
    assert {(0, 0x72, 0xB2)} <= set(map(tuple, pixels))


def test_ink_in_a_page_is_the_page_s_own(case):
    made = case("plate", 100)
    text = svg(nodes_figure(made.solution.sample.nodes), "The nodes")
    assert text.startswith('<svg role="img" aria-label="The nodes"')
    assert "currentColor" in text
    assert "hole.surface (" in text  # text is text


def test_the_outside_of_tetrahedra_faces_outwards():
    faces = surface(FIVE)
    corners = CUBE[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert len(faces) == 12  # two triangles on each side of a cube
    assert (np.einsum("fd,fd->f", normals, corners.mean(axis=1) - 0.5) > 0).all()


@pytest.mark.parametrize("height", [0.3, 0.5, 0.9])
def test_a_section_of_a_cube_is_a_square_with_linear_values(height):
    values = CUBE @ [[1.0], [2.0], [3.0]]
    x, triangles, cut = section(CUBE, FIVE, values, CUBE[:, 2] - height)
    np.testing.assert_allclose(x[:, 2], height, atol=1e-15)
    np.testing.assert_allclose(cut, x @ [[1.0], [2.0], [3.0]], atol=1e-14)
    a, b, c = x[triangles].swapaxes(0, 1)
    assert np.abs(np.cross(b - a, c - a)[:, 2]).sum() / 2 == pytest.approx(1)


def test_quarters_fill_a_triangle():
    whole = np.array([[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
    parts = quartered(quartered(whole))
    assert len(parts) == 16
    edges = parts[:, 1:] - parts[:, :1]
    np.testing.assert_allclose(np.linalg.det(edges), 1 / 16)


def test_up_stays_up_and_the_eye_sees_what_faces_it():
    view = np.array([1.0, 0.0, 0.0])
    np.testing.assert_allclose(project(np.array([[5.0, 2.0, 3.0]]), view), [[2.0, 3.0]])
    assert is_facing(np.array([[1.0, 0, 0], [-1.0, 0, 0]]), view).tolist() == [True, False]
