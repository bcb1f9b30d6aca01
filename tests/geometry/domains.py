"""Domains of every kind, for tests that hold for all of them."""

from pinnsolve.geometry import csg, planar, solids
from pinnsolve.geometry.shapes import interval
from tests.lanes import parameters


def named(domain, name):
    """Return the domain as a named part of a combination."""
    return csg.renamed(domain, lambda piece: f"{name}.{piece}")


UNIT_SQUARE = planar.rectangle((0, 0), (1, 1))
LINE = {
    "interval": interval(-1, 2),
    "two intervals": csg.difference(interval(0, 1), named(interval(0.3, 0.5), "hole")),
}
PLANE = {
    "disk": planar.disk((1, -2), 3),
    "ellipse": planar.ellipse((1, 0), (2, 0.5), 0.7),
    "annulus": planar.annulus((0, 0), 0.3, 1),
    "star": planar.star((0, 1), 1, 0.3, 5),
    "rectangle": planar.rectangle((-1, 0), (2, 1)),
    "polygon": planar.polygon([(0, 0), (0, 1), (2, 3), (2, 0), (1, 0.2)]),  # clockwise
    "plate with a hole": csg.difference(
        named(planar.rectangle((0, 0), (2, 1)), "plate"), named(planar.disk((1, 0.5), 0.25), "hole")
    ),
    "bitten square": csg.difference(
        named(UNIT_SQUARE, "plate"), named(planar.disk((0, 0.5), 0.3), "bite")
    ),
    "lens": csg.intersection(
        named(planar.disk((0, 0), 1), "a"), named(planar.disk((1, 0), 1), "b")
    ),
    "L of two rectangles": csg.union(
        named(UNIT_SQUARE, "a"), named(planar.rectangle((1, 0), (2, 0.5)), "b")
    ),
    "overlapping rectangles": csg.union(
        named(UNIT_SQUARE, "a"), named(planar.rectangle((0.5, 0), (2, 1)), "b")
    ),
    "disk and star": csg.union(
        named(planar.disk((0, 0), 1), "a"), named(planar.star((1, 1), 0.5, 0.3, 6), "b")
    ),
    "nested": csg.difference(
        csg.union(
            named(planar.disk((0, 0), 1), "a"), named(planar.rectangle((0, -0.3), (2, 0.3)), "b")
        ),
        named(planar.ellipse((0, 0), (0.5, 0.2)), "c"),
    ),
}
CUBE = solids.box((0, 0, 0), (1, 1, 1))
SPACE = {
    "ball": solids.ball((1, 0, -1), 2),
    "box": solids.box((0, 0, 0), (2, 1, 1)),
    "box with a hole": csg.difference(
        named(CUBE, "box"), named(solids.ball((0.5, 0.5, 0.5), 0.3), "hole")
    ),
    "bitten box": csg.difference(named(CUBE, "box"), named(solids.ball((1, 1, 1), 0.5), "bite")),
    "two balls": csg.union(
        named(solids.ball((0, 0, 0), 1), "a"), named(solids.ball((1, 0, 0), 0.7), "b")
    ),
    "rounded prism": csg.intersection(
        named(solids.ball((0, 0, 0), 1), "a"),
        named(solids.box((-0.5, -0.5, -2), (0.5, 0.5, 2)), "b"),
    ),
    "stacked boxes": csg.union(
        named(solids.box((0, 0, 0), (2, 2, 1)), "a"),
        named(solids.box((0.5, 0.5, 1), (1.5, 1.5, 2)), "b"),
    ),
}
DOMAINS = {**LINE, **PLANE, **SPACE}


def by_name(names=DOMAINS):
    """Return the names as parameters; of the domains in space two stay in the fast lane."""
    return parameters(names, set(SPACE) - {"ball", "box"})
