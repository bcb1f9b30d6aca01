"""A node set: its parts, and what cannot be one."""

from dataclasses import replace

import numpy as np
import pytest

from pinnsolve.errors import NodesError
from pinnsolve.geometry.generation import Nodes


@pytest.fixture
def rim():
    """Return the centre and twelve nodes on the rim of the unit disk."""
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    normals = np.stack([np.cos(angle), np.sin(angle)], -1)
    x = np.concatenate([np.zeros((1, 2)), normals])
    return Nodes(x, 1, normals, np.zeros(12, dtype=int), ("surface",), 0.5)


def test_parts_are_in_order(rim):
    assert (rim.dim, rim.n_interior, rim.n_boundary) == (2, 1, 12)
    assert (rim.interior, rim.boundary) == (slice(0, 1), slice(1, 13))
    assert (rim.rows, rim.ghost) == (slice(0, 13), slice(13, 13))
    assert not rim.has_ghosts
    assert rim.rings == 0
    ghosted = replace(rim, x=np.concatenate([rim.x, 1.5 * rim.normals]))
    assert ghosted.has_ghosts
    assert ghosted.ghost == slice(13, 25)
    assert ghosted.rings == 1
    assert replace(rim, x=np.concatenate([ghosted.x, 2 * rim.normals])).rings == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda n: {"normals": n.normals * np.linspace(1, 2, 12)[:, None]},
            "the normal of boundary node 11 has length 2; normals must have length 1.",
        ),
        (
            lambda n: {"x": np.concatenate([n.x[:-1], n.x[1:2]])},
            "nodes 1 and 12 are the same point (1, 0), one of 1 such pairs. "
            "Remove one of each pair.",
        ),
        (
            lambda _: {"n_interior": 3},
            "13 nodes cannot be 3 interior and 12 boundary nodes with no ghosts, or equally many "
            "for each boundary node.",
        ),
        (
            lambda n: {"x": np.concatenate([n.x, 2 * n.normals[:7]])},
            "20 nodes cannot be 1 interior and 12 boundary nodes with no ghosts, or equally many "
            "for each boundary node.",
        ),
        (
            lambda n: {"tags": n.tags + 2},
            "boundary node 0 has piece 2, but there are 1 pieces, counted from 0.",
        ),
        (lambda _: {"spacing": 0.0}, "the spacing of nodes must be positive and finite, but is 0."),
        (lambda n: {"x": n.x * np.nan}, "node 0 is (nan, nan), but must be finite numbers."),
    ],
)
def test_what_cannot_be_a_node_set_is_refused(rim, change, message):
    with pytest.raises(NodesError) as caught:
        replace(rim, **change(rim))
    assert str(caught.value) == message
