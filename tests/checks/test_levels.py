"""Problem files with constraints: solved by every method, or refused with place and remedy."""

import numpy as np
import pytest

from pinnsolve import solve
from pinnsolve.checks.preflight import check
from pinnsolve.errors import ProblemError
from tests.posing import DISK, PIN, SQUARE, manufactured, pose

MEAN = "[[constraint]]\nequation = 'mean(u) = 0'\n"
EXACT = manufactured("f", "g", u="x*y + sin(x)")
FEW = "\n[network]\nhidden = [100]\n"


def posed(folder, more=MEAN, condition="dn(u) = g", **parts):
    parts = {"on": [("all", condition)], "domain": DISK, "count": 250, "order": 4} | parts
    return pose(folder, "laplace(u) = f", more=more + EXACT, **parts)


@pytest.mark.parametrize("method", ["rbf-fd", "dt-pinn", "pinn"])
@pytest.mark.parametrize(
    "fix",
    [
        MEAN,
        '[[boundary]]\nat = [0, 0.5]\ncondition = "u = 0"\n',
        "[[constraint]]\nequation = \"integral(u, on = 'surface') = 0\"\n",
    ],
    ids=["mean", "point", "boundary"],
)
def test_the_pure_neumann_problem_is_solved(tmp_path, method, fix):
    more = fix + ("" if method == "rbf-fd" else FEW)
    solution = solve(posed(tmp_path, more, method=method))
    assert solution.accuracy.errors.relative_l2["u"] < 3e-5  # of the order of the nodes: 1e-6
    assert solution.outcome.warnings == ()


def test_on_a_square_a_flux_is_kept_that_the_data_have(tmp_path):
    more = "[[constraint]]\nequation = 'mean(u) = 1 - cos(1) + 1/4'\n"
    solution = solve(posed(tmp_path, more, domain=SQUARE, method="rbf-fd"))
    assert solution.accuracy.errors.relative_l2["u"] < 1e-5


def test_incompatible_data_are_told_with_the_amount(tmp_path):
    problem = pose(
        tmp_path, "laplace(u) = 1", on=[("all", "dn(u) = 1")], domain=DISK, more=MEAN, order=4
    )
    assert check(problem).warnings == (
        "the data contradict one another: the condition on all cannot hold, and is off by -0.5 "
        "all over. Let sources and fluxes balance.",
    )


@pytest.mark.parametrize(("flux", "word"), [("0", "not resolved"), ("0.499", "resolved")])
def test_fields_that_meet_half_of_what_is_asked_are_not_resolved(tmp_path, flux, word):
    """Whatever their estimated error is: that of another problem, whose fluxes balance."""
    on = [("all", f"dn(u) = {flux}")]
    problem = pose(tmp_path, "laplace(u) = 1", on=on, domain=DISK, more=MEAN, order=4, count=250)
    solution = solve(problem, method="rbf-fd")
    assert solution.verdict.word == word
    assert ("the data contradict one another" in solution.verdict.reason) is (word != "resolved")
    assert any("off by" in warning for warning in solution.outcome.warnings)


@pytest.mark.parametrize(
    ("more", "condition", "message"),
    [
        (
            MEAN,
            "u = g",
            '"mean(u) = 0" is one condition too many: the equations and the other conditions fix '
            "all levels already. Leave it out, or the condition that fixes the same.",
        ),
        (
            MEAN + MEAN,
            "dn(u) = g",
            '"mean(u) = 0" is one condition too many: the equations and the other conditions fix '
            "all levels already. Leave it out, or the condition that fixes the same.",
        ),
        (
            '[[boundary]]\nat = [2, 0]\ncondition = "u = 0"\n',
            "dn(u) = g",
            "the point lies 1 outside the domain. Give a point inside, or on the boundary.",
        ),
        (
            "[[constraint]]\nequation = 'mean(u_x) = 1'\n",
            "dn(u) = g",
            '"mean(u_x) = 1" is one condition too many: the equations and the other conditions '
            "fix all levels already. Leave it out, or the condition that fixes the same.",
        ),
    ],
    ids=["dirichlet", "twice", "outside", "no level"],
)
def test_constraints_that_fix_nothing_are_refused(tmp_path, more, condition, message):
    with pytest.raises(ProblemError) as caught:
        check(posed(tmp_path, more, condition))
    assert message in str(caught.value).replace("\n", " ")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            "[[constraint]]\nequation = \"mean(u, on = 'surfac') = 0\"\n",
            'unknown piece of the boundary "surfac". Did you mean "surface"?',
        ),
        ("[[constraint]]\nequation = 'meam(u) = 0'\n", 'unknown function "meam". Did you mean'),
        (
            '[[boundary]]\nat = [0]\ncondition = "u = 0"\n',
            "the point has 1 coordinates, but the domain 2. Give one number for each.",
        ),
        (
            '[[boundary]]\nat = [0, 0]\non = "all"\ncondition = "u = 0"\n',
            "at and on are both given. Remove on: the condition holds at a point.",
        ),
        ("[[constraint]]\nweight = 2\n", 'key "equation" is missing in [[constraint]]'),
    ],
)
def test_what_is_written_wrongly_is_refused(tmp_path, more, message):
    with pytest.raises(ProblemError) as caught:
        posed(tmp_path, more)
    assert message in str(caught.value)


@pytest.mark.slow
def test_in_time_a_level_is_fixed_at_every_instant(tmp_path):
    problem = pose(
        tmp_path,
        "laplace(u) = f",
        "v_t = laplace(v) + u - h",
        on=[("all", "dn(u) = g"), ("all", "v = x*t")],
        domain=DISK + "\ntime = [0, 1]",
        count=200,
        order=4,
        more=MEAN
        + manufactured("f", "g", "h", u="(x*y + sin(x))*(1 + t)", v="x*t")
        + '[initial]\nv = "0"\n[output]\ntest_points = 500\n',
    )
    solution = solve(problem)
    assert max(solution.accuracy.errors.relative_l2.values()) < 1e-5
    assert np.isfinite(solution.sample.values).all()


def test_an_exact_solution_with_another_mean_is_told(tmp_path):
    more = "[[constraint]]\nequation = 'mean(u) = 2'\n"
    (warning,) = check(posed(tmp_path, more)).warnings
    assert warning == '[exact] does not satisfy "mean(u) = 2": it leaves 2.'


def test_an_enclosed_flow_that_does_not_balance_is_told_where_a_piece_fixes_its_pressure(tmp_path):
    everywhere = "left bottom top right pin"
    on = [(everywhere, "u = x"), (everywhere, "v = 0"), ("pin", "p = 0")]
    equations = ("u*u_x + v*u_y + p_x = laplace(u)", "u*v_x + v*v_y + p_y = laplace(v)")
    domain = f"{SQUARE}\n{PIN}"
    flow = pose(tmp_path, *equations, "u_x + v_y = 0", on=on, domain=domain, count=200)
    (warning,) = check(flow).warnings
    assert warning == (
        "the velocities given on the boundary do not balance: nothing flows in, 1 (right) out. "
        "In a closed vessel div(velocity) = 0 cannot hold then; the solution gains 1 along the "
        "boundary. Let as much flow out as in, or open a piece, with p = 0 as its only condition."
    )


@pytest.mark.parametrize("order", [2, 4])
def test_a_force_that_the_nodes_hardly_resolve_is_no_imbalance_of_an_enclosed_flow(tmp_path, order):
    """No velocity is given but zero; what the multiplier takes up are errors of the nodes."""
    source = "20*exp(-((x - 0.44)^2 + (y - 0.56)^2)/0.06^2)"
    on = [("all", "u = 0"), ("all", "v = 0")]
    equations = (f"p_x = laplace(u) + {source}", "p_y = laplace(v)", "u_x + v_y = 0")
    mean = "[[constraint]]\nequation = 'mean(p) = 0'\n"
    flow = pose(tmp_path, *equations, on=on, count=300, order=order, more=mean)
    assert check(flow).warnings == ()


def test_what_flows_into_an_enclosed_flow_and_out_of_it_is_told_by_piece(tmp_path):
    on = [("left", "u = 6*y*(1 - y)"), ("right", "u = 4*y*(1 - y)"), ("bottom top", "u = 0")]
    on += [("all", "v = 0")]
    equations = ("p_x = laplace(u)", "p_y = laplace(v)", "u_x + v_y = 0")
    mean = "[[constraint]]\nequation = 'mean(p) = 0'\n"
    (warning,) = check(pose(tmp_path, *equations, on=on, count=300, more=mean)).warnings
    assert "do not balance: 1 (left) flows in, 0.667 (right) out." in warning
    assert "the solution loses 0.333 along the boundary." in warning


def test_a_flux_of_zero_all_around_is_not_contradicted_by_rounding(tmp_path):
    problem = pose(
        tmp_path, "laplace(u) = cos(pi*x)", on=[("all", "dn(u) = 0")], more=MEAN, order=4
    )
    assert check(problem).warnings == ()
