"""Parts of the plane bounded by zeros of a function: on the curve, at its distance, or refused."""

import numpy as np
import pytest

from pinnsolve.errors import ProblemError
from pinnsolve.geometry import planar
from pinnsolve.geometry.level_sets import NotSmooth, negative
from pinnsolve.geometry.regions import region_domains
from pinnsolve.rbffd.solve import solve
from pinnsolve.references.exact import exact_at
from pinnsolve.setup import Setup
from pinnsolve.solution.norms import overall_l2
from tests.posing import INTERVAL, SQUARE, pose

BOX = np.array([-1.0, -1.0]), np.array([1.0, 1.0])
RADII = 0.7, 0.4


def ellipse(x):
    """Return the function that is negative in an ellipse, and its gradient."""
    scaled = x / RADII
    return (scaled**2).sum(axis=1) - 1, 2 * scaled / RADII


def test_a_traced_ellipse_is_the_ellipse():
    traced, known = negative(ellipse, *BOX), planar.ellipse([0, 0], RADII)
    (curve,) = traced.curves
    t = np.linspace(curve.start, curve.stop, 777)
    assert np.abs(ellipse(curve.point(t))[0]).max() < 1e-14
    assert traced.size_within == pytest.approx(np.pi * np.prod(RADII), rel=1e-9)
    x = np.random.default_rng(0).uniform(-1, 1, (500, 2))
    # far inside, beyond the centre of curvature, the nearest of many samples is taken
    assert np.abs(traced.distance(x) - known.distance(x)).max() < 1e-4
    # six steps, of which each leaves the share distance * curvature, a fifth here at most
    near = np.abs(known.distance(x)) < 0.1
    assert np.abs(traced.distance(x) - known.distance(x))[near].max() < 1e-10
    on = known.curves[0].point(t[:-1])
    assert np.abs(traced.distance(on)).max() < 1e-15


def test_a_curve_that_crosses_itself_is_told_where():
    with pytest.raises(NotSmooth) as caught:
        negative(lambda x: (x[:, 0] ** 2 - x[:, 1] ** 2, 2 * x * [1, -1]), *BOX)
    assert np.abs(caught.value.place).max() < 0.02


REGIONS = """
[[region]]
name = "part"
where = "%s"
[[region]]
name = "rest"
"""


def parted(where, folder, domain=SQUARE):
    """Return a problem of two regions, of which the first is where a condition holds."""
    return pose(
        folder,
        "laplace(u) = 0",
        on=[("all", "u = 0")],
        domain=domain,
        count=200,
        more=REGIONS % where,
    )


@pytest.mark.parametrize(
    ("where", "share"),
    [
        ("abs(x - 0.5) < 0.2", 0.4),
        ("abs(x - 0.5) + abs(y - 0.5) < 0.4", 0.32),
        ("max(x, y) > 0.6 and x < 0.9", 0.54),
        ("min(x, y) > 0.2", 0.64),
        ("not (x - 0.5)*(y - 0.3) > 0", 0.5),
        ("sqrt((x - 0.5)^2 + (y - 0.5)^2) > 0.4", 1 - np.pi * 0.16),
        ("abs((x - 0.5)^2 + (y - 0.5)^2 - 0.1) < 0.05", np.pi * 0.1),
        ("(x - 0.5)^2/0.16 + (y - 0.5)^2/0.04 < 1", np.pi * 0.08),
        ("y < 0.5 + 0.2*sin(2*pi*x)", 0.5),
        ("x*y < 0.2", 0.2 + 0.2 * np.log(5)),
    ],
)
def test_conditions_of_many_kinds_bound_regions(where, share, tmp_path):
    problem = parted(where, tmp_path)
    part, rest = region_domains(problem, Setup(problem).domain)
    assert part.size_within == pytest.approx(share, rel=1e-6)
    assert part.size_within + rest.size_within == pytest.approx(1, rel=1e-6)
    x = np.random.default_rng(0).uniform(0, 1, (300, 2))
    assert ((part.distance(x) < 0) == problem.regions[0].where(x)).all()


@pytest.mark.parametrize(
    ("where", "bounds"),
    [
        ("x^2 < 0.09", [0.3]),
        ("abs(x - 0.4) < 0.2", [0.2, 0.6]),
        ("sin(2*pi*x) > 0.5", [1 / 12, 5 / 12]),
    ],
)
def test_zeros_on_a_line_bound_regions(where, bounds, tmp_path):
    regions = Setup(parted(where, tmp_path, INTERVAL)).nodes
    found = regions.x[regions.regions.pairs[:, 0], 0]
    assert np.sort(found) == pytest.approx(bounds, abs=1e-14)


def test_what_is_not_smooth_is_refused_with_its_place(tmp_path):
    problem = parted("(x - 0.5)^2 < (y - 0.5)^2", tmp_path)
    with pytest.raises(ProblemError) as caught:
        region_domains(problem, Setup(problem).domain)
    message = str(caught.value)
    assert 'where = "(x - 0.5)^2 < (y - 0.5)^2"' in message
    assert "is bounded by a curve with a corner, or a crossing, at (0.5, 0.5)." in message
    assert "Give the region a shape, or put together where of smooth parts by and, or." in message


@pytest.mark.study
def test_beside_a_traced_interface_the_order_is_that_asked_for(tmp_path):
    text = """
[functions]
ue = "(y - 0.5 - 0.1*sin(4*x))*exp(x)/k"
f = "manufactured"
[[region]]
name = "low"
where = "y < 0.5 + 0.1*sin(4*x)"
[region.constants]
k = 10
[[region]]
name = "high"
[region.constants]
k = 1
[exact]
u = "ue"
"""
    errors = []
    for count in (400, 1600):
        problem = pose(
            tmp_path,
            "div(k*grad(u)) = f",
            on=[("all", "u = ue")],
            domain=SQUARE,
            count=count,
            order=4,
            more=text,
        )
        setup = Setup(problem)
        found = solve(problem, setup.discretisation(), setup.placement).fields.values
        errors.append(overall_l2(found[setup.nodes.rows], exact_at(problem, setup.nodes)))
    assert np.log2(errors[0] / errors[1]) > 3.5
    assert errors[1] < 1e-6
