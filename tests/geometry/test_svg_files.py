"""SVG drawings as domains: curves, holes, ids, transformations; and what is refused."""

from math import pi

import numpy as np
import pytest

from pinnsolve.errors import FileError
from pinnsolve.geometry.facets import faceted
from pinnsolve.problem.surface_files import read_boundary

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="100mm" height="50mm" viewBox="0 0 20 10">'
PLATE = (
    '<defs><rect id="unused" width="3" height="3"/></defs>'
    '<g transform="translate(2,0)"><path id="plate" d="M0 0 H10 V8 H0 Z M2 2 h2 v2 h-2 z"/></g>'
    '<circle id="bore" cx="9" cy="5" r="1.5"/><circle cx="9" cy="5" r="0.5"/>'
)


def drawn(folder, content, head=HEAD):
    """Return the path of a drawing."""
    path = folder / "drawing.svg"
    path.write_text(f"{head}{content}</svg>")
    return path


def test_paths_within_paths_are_holes_with_the_ids_of_the_file(tmp_path):
    boundary = read_boundary(drawn(tmp_path, PLATE))
    assert set(boundary.names) == {"plate", "plate-2", "bore", "surface"}
    domain = faceted(boundary)
    # a plate without a square and a ring: the inner disk belongs to it again
    exact = 80 - 4 - pi * (1.5**2 - 0.5**2)
    assert domain.size_within == pytest.approx(exact, rel=1e-4)
    # in units of the viewBox, from its lower left corner
    np.testing.assert_allclose(boundary.box, [(2, 2), (12, 10)], atol=1e-9)
    inside = domain.distance(np.array([[3.0, 3.0], [5.0, 7.0], [9.0, 5.0], [9.0, 6.2]])) < 0
    assert inside.tolist() == [True, False, True, False]


def test_curves_are_followed_to_the_tolerance(tmp_path):
    """Four Bézier curves of a circle are 2.7e-4 of its radius off it, arcs are not."""
    k = 4 * (np.sqrt(2) - 1) / 3
    curves = f"M 1 0 C 1 {k} {k} 1 0 1 S -1 {k} -1 0 S {-k} -1 0 -1 S 1 {-k} 1 0 Z"
    arcs = "M 1 0 A 1 1 0 0 1 -1 0 A 1 1 0 0 1 1 0 Z"
    for path, most in ((curves, 3e-4), (arcs, 1e-9)):
        boundary = read_boundary(drawn(tmp_path, f'<path d="{path}"/>'))
        r = np.linalg.norm(boundary.vertices - [0, 10], axis=1)
        assert abs(r - 1).max() < most
        chords = np.linalg.norm(np.diff(boundary.vertices[boundary.cells], axis=1), axis=2)
        assert (chords**2 / 8).max() < 4e-5  # how far a chord of this length is from the circle


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('<path id="cut" d="M0 0 H10 V8"/>', 'the path "cut" is not closed: it begins at (0, 10) '),
        ("<text>no path</text>", "there is no path in the file."),
        ('<path d="M0 0 H10 V8 H0 Z M5 5 h20 v2 h-20 z"/>', "the outline is none: "),
        ('<path d="M0 0 L2 2 H0 L2 0 Z"/>', "the outline is none: "),
    ],
)
def test_drawings_that_bound_nothing_are_refused(tmp_path, content, message):
    with pytest.raises(FileError) as caught:
        read_boundary(drawn(tmp_path, content))
    assert message in str(caught.value)


def test_entities_are_refused_before_they_are_read(tmp_path):
    entities = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    with pytest.raises(FileError, match="entities are not read"):
        read_boundary(drawn(tmp_path, "<text>&b;</text>", f"{entities}{HEAD}"))
