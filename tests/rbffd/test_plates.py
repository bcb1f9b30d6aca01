"""Equations of order four: two conditions on each edge, one ring of ghosts or two."""

import numpy as np
import pytest

from pinnsolve.rbffd import direct
from pinnsolve.rbffd.matching import match
from tests.posing import DISK, SQUARE, manufactured, text_of
from tests.posing import INTERVAL as BEAM
from tests.rbffd.worlds import world

RING = 'shape = "annulus"\ninner = 0.4\nouter = 1'
MOMENT = "0.3*laplace(u) + 0.7*dn(dn(u))"  # Poisson's ratio 0.3
CLAMPED = ("u = g", "dn(u) = g")
SUPPORTED = ("u = g", f"{MOMENT} = g")
FREE = (f"{MOMENT} + u = g", "dn(laplace(u)) + u = g")  # on springs
BIHARMONIC = "biharmonic(u) = f"
ANISOTROPIC = "u_xxxx + 2*3*u_xxyy + 2*u_yyyy = f"
WAVE = "1 + sin(3*x + 0.4)*cos(3*y)"
SHORT_WAVE = "1 + sin(6*x + 0.4)*cos(6*y)"


def along(pieces, conditions):
    """Return the same conditions on some pieces."""
    return [(pieces, condition) for condition in conditions]


def plate(domain, conditions, exact=WAVE, equation=BIHARMONIC):
    """Return the text of a problem with manufactured data."""
    more = manufactured("f", "g", u=exact)
    return text_of(equation, on=along("all", conditions), domain=domain, more=more)


def polynomial(degree):
    """Return a polynomial of this degree, without symmetry."""
    return " + ".join(f"{1 / (1 + k)}*(x - 0.3)**{k}*y**{degree - k}" for k in range(degree + 1))


@pytest.mark.slow
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("conditions", [CLAMPED, SUPPORTED, FREE])
@pytest.mark.parametrize("domain", [DISK, SQUARE])
def test_polynomials_of_the_degree_satisfy_the_discrete_problem(
    tmp_path, domain, conditions, order
):
    exact = polynomial(order + 3)
    d = world(tmp_path, plate(domain, conditions, exact), 300)
    system = d.discretise(order)
    # each row is off by rounding in its weights, which grow with the fourth power of 1/h
    rounding = 1e-13 * abs(system.jacobian(d.exact)).sum(axis=1) * np.abs(d.exact).max()
    assert (np.abs(system.residual(d.exact)) < rounding).all()


@pytest.mark.parametrize("conditions", [SUPPORTED, FREE])
@pytest.mark.parametrize("domain", [DISK, SQUARE, RING])
def test_two_conditions_and_the_equation_determine_a_node_and_its_two_ghosts(
    tmp_path, domain, conditions
):
    w = world(tmp_path, plate(domain, conditions), 300)
    assert w.nodes.rings == 2
    d = w.discretise(2)
    found = match(d)
    np.testing.assert_array_equal(np.sort(found.determined), np.arange(d.n_nodes))
    n, b = w.nodes.n_interior, w.nodes.n_boundary
    equation, first, second = np.split(found.determined, [n + b, n + 2 * b])
    for k, rows in enumerate((first, second, equation[n:])):  # from the inside outwards
        assert set(rows) == set(range(n + k * b, n + (k + 1) * b))


def test_value_and_slope_determine_a_node_and_its_only_ghost(tmp_path):
    w = world(tmp_path, plate(DISK, CLAMPED), 300)
    assert w.nodes.rings == 1
    n, b = w.nodes.n_interior, w.nodes.n_boundary
    np.testing.assert_array_equal(match(w.discretise(2)).determined, np.arange(n + 2 * b))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("domain", "conditions", "equation", "exact"),
    [
        (DISK, CLAMPED, BIHARMONIC, WAVE),
        (SQUARE, SUPPORTED, BIHARMONIC, SHORT_WAVE),
        (RING, CLAMPED, ANISOTROPIC, WAVE),
    ],
)
@pytest.mark.parametrize("order", [2, 4])
def test_errors_of_plates_fall_with_the_order(tmp_path, domain, conditions, equation, exact, order):
    counts = (500, 1000, 2000, 4000, 8000)
    errors = []
    for count in counts:
        w = world(tmp_path, plate(domain, conditions, exact, equation), count)
        errors.append(w.relative_error(direct.solve(w.discretise(order)).values)[0])
    assert -2 * np.polyfit(np.log(counts), np.log(errors), 1)[0] > order - 0.3


@pytest.mark.parametrize(
    ("equation", "others", "bound"),
    [(BIHARMONIC, SUPPORTED, 1e-6), (ANISOTROPIC, SUPPORTED, 1e-6), (BIHARMONIC, FREE, 1e-3)],
)
def test_an_edge_may_be_clamped_and_the_others_not(tmp_path, equation, others, bound):
    on = along("left", CLAMPED) + along("right bottom top", others)
    text = text_of(equation, on=on, more=manufactured("f", "g", u=WAVE))
    w = world(tmp_path, text, 900)
    d = w.discretise(4)
    found = match(d)
    ghosts = np.concatenate(found.free)
    everything = np.sort(np.concatenate([found.determined, ghosts]))
    np.testing.assert_array_equal(everything, np.arange(d.n_nodes))
    # the second ghosts of the clamped edge are those left free
    b = w.nodes.n_boundary
    np.testing.assert_array_equal(
        np.sort(ghosts) - w.nodes.ghost.start - b,
        np.flatnonzero(w.nodes.tags == w.nodes.pieces.index("left")),
    )
    assert w.relative_error(direct.solve(d).values) < bound


def test_a_free_edge_gains_by_the_second_ring(tmp_path):
    # its conditions are both about derivatives, the higher a third one
    error = {}
    for rings in (1, 2):
        w = world(tmp_path, plate(DISK, FREE), 900, ghosts=rings)
        error[rings] = w.relative_error(direct.solve(w.discretise(4)).values)[0]
    assert error[2] < error[1] / 2


@pytest.mark.parametrize("right", [("u = g", "dn(u) = g"), ("u_xx = g", "u_xxx = g")])
def test_a_beam_is_clamped_at_one_end_and_held_or_free_at_the_other(tmp_path, right):
    on = along("left", ("u = g", "u_x = g")) + along("right", right)
    more = manufactured("f", "g", u="1 + sin(3*x)")
    w = world(tmp_path, text_of("u_xxxx = f", on=on, domain=BEAM, more=more), 30)
    assert w.relative_error(direct.solve(w.discretise(4)).values) < 1e-5


def test_the_second_ghosts_of_a_field_of_order_two_are_closed(tmp_path):
    # a plate that bends by heat
    text = text_of(
        "biharmonic(u) + laplace(v) = f",
        "laplace(v) + u = h",
        on=along("all", (*SUPPORTED, "v = g")),
        more=manufactured("f", "g", "h", u=WAVE, v="exp(x)*sin(2*y)"),
    )
    w = world(tmp_path, text, 900)
    d = w.discretise(4)
    of_u, of_v = match(d).free
    assert len(of_u) == 0
    np.testing.assert_array_equal(np.sort(of_v), np.arange(d.n_nodes)[-w.nodes.n_boundary :])
    assert (w.relative_error(direct.solve(d).values) < 1e-5).all()


def test_an_equation_of_order_six_takes_three_conditions_and_rings(tmp_path):
    conditions = ("u = g", "dn(u) = g", "laplace(laplace(u)) = g")
    w = world(tmp_path, plate(DISK, conditions, equation="laplace(biharmonic(u)) = f"), 900)
    assert w.nodes.rings == 3
    d = w.discretise(2)
    np.testing.assert_array_equal(np.sort(match(d).determined), np.arange(d.n_nodes))
    assert w.relative_error(direct.solve(d).values) < 1e-2
