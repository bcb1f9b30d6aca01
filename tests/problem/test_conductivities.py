"""Files whose conductivity jumps where a field passes a value are read for its potential."""

import numpy as np
import pytest

from pinnsolve import PinnsolveError
from pinnsolve.checks.preflight import check
from tests.posing import INTERVAL, manufactured, pose

ALL = [("all", "u = 1")]
MELTS = "div((1 + 9*heaviside(u - 0.5))*grad(u)) = 0"
LINE = f"{INTERVAL}\ntime = [0, 1]"


def test_a_problem_is_posed_for_the_potential(tmp_path):
    problem = pose(tmp_path, MELTS, on=ALL)
    assert str(problem.solved.equations[0].expression) == "field 0:0,2 + field 0:2,0"
    # from the jump on: (1 - 0.5)*10
    assert str(problem.solved.boundary[0].equation.expression) == "field 0:0,0 - 5"
    assert problem.equations[0].text == MELTS
    assert list(problem.potentials) == ["u"]
    told = (
        "the conductivity jumps where u = 0.5: its integral over u is solved for, which is smooth "
        "there, and u is found from it."
    )
    report = check(problem)
    assert report.warnings == (told,)
    assert "linear" in " ".join(report.lines)


def test_several_fields_have_potentials_of_their_own(tmp_path):
    problem = pose(
        tmp_path,
        "div((2 + sign(u))*grad(u)) = v",
        "laplace(v + 3*max(v, 2)) = u",
        on=[*ALL, ("all", "v = 1")],
    )
    assert {name: k.values for name, k in problem.potentials.items()} == {"u": (0,), "v": (2,)}
    assert "u = 0: its" in problem.taken_for
    assert "v = 2: its" in problem.taken_for


def test_what_does_not_jump_is_solved_for_as_it_is(tmp_path):
    problem = pose(tmp_path, "div((1 + u^2)*grad(u)) = heaviside(u - 0.5)", on=ALL)
    assert problem.solved is None
    assert problem.potentials == {}


def test_initial_values_and_sources_are_those_of_the_potential(tmp_path):
    made = manufactured("f", u="max(x + t, 0)/3 + min(x + t, 0)")
    problem = pose(
        tmp_path,
        "u_t = d((2 + sign(u))*u_x, x) + f",
        on=[("all", "u = x + t")],
        domain=f"{INTERVAL}\ntime = [-1, 0]",
        more=f'{made}\n[initial]\nu = "manufactured"',
    )
    x = np.array([[0.25], [0.75]])
    (initial,) = problem.solved.initial[0]
    # K(u) is u where u < 0, and 3 u beyond: x + t of the exact solution
    np.testing.assert_allclose(initial(x), [-0.75, -0.25])
    here = np.column_stack([x, [-0.5, -0.5]])
    np.testing.assert_allclose(problem.solved.exact[0](here), [-0.25, 0.25])
    np.testing.assert_allclose(problem.exact[0](here), [-0.25, 0.25 / 3])


SMOOTH = (
    "mooth the jump, as (1 + tanh((u - 0.5)/0.05))/2 does for heaviside(u - 0.5), so wide that u "
    "takes a few spacings of the nodes to pass it."
)
LOST = (
    "what is differentiated here jumps where unknowns pass certain values, and the derivative of "
    "the jump would be lost."
)
ONE_TERM = (
    "Write the flux as one term, as div(k*grad(u)), the conductivity of u the same everywhere."
)


@pytest.mark.parametrize(
    ("stated", "kinds", "told", "at"),
    [
        (
            "div((1 + heaviside(u - x))*grad(u)) = 1",
            {},
            f"{LOST} S{SMOOTH}",
            "div((1 + heaviside(u - x))*grad(u))",
        ),
        (
            f"laplace(u) + {MELTS}",
            {},
            f"{LOST} {ONE_TERM} Or s{SMOOTH}",
            "laplace(u)",
        ),
        (
            "div((2 + sign(u))*grad(u)) + d((3 + sign(u))*u_x, x) = 1",
            {},
            f"{LOST} {ONE_TERM} Or s{SMOOTH}",
            "d((3 + sign(u))*u_x, x)",
        ),
        (
            "d(u + heaviside(u), t) = u_xx",  # latent heat
            {"domain": LINE, "more": '[initial]\nu = "0"'},
            f"{LOST} S{SMOOTH}",
            "d(u + heaviside(u), t)",
        ),
        (
            "u_tt = d((2 + sign(u))*u_x, x)",
            {"domain": LINE, "more": '[initial]\nu = "0"\nu_t = "0"'},
            f"{LOST} {ONE_TERM} Or s{SMOOTH}",
            "u_tt",
        ),
        (
            "div((1 + u^2 + heaviside(u))*grad(u)) = 1",
            {},
            "the conductivity jumps where the field passes certain values, and is not linear in it "
            f"on both sides of given ones. Make it linear on each side. Or s{SMOOTH}",
            "div((1 + u^2 + heaviside(u))*grad(u))",
        ),
        (
            "div(heaviside(u)*grad(u)) = 1",
            {},
            "the conductivity jumps where the field passes certain values, and is zero or negative "
            "at others. Bound it from below, as max(…, 0.01) does.",
            "div(heaviside(u)*grad(u))",
        ),
        (
            "div((2 + sign(u))*(2 + sign(x - 0.5))*grad(u)) = 1",
            {},
            f"where x < 0.5: {LOST} S{SMOOTH}",
            "div((2 + sign(u))*(2 + sign(x - 0.5))*grad(u))",
        ),
    ],
    ids=["moves", "twice", "two", "latent heat", "wave", "curved", "zero", "in space too"],
)
def test_what_has_no_potential_is_refused_at_its_place(stated, kinds, told, at, tmp_path):
    with pytest.raises(PinnsolveError) as error:
        pose(tmp_path, stated, **{"on": [("all", "u = 0")], **kinds})
    (fault,) = error.value.faults
    assert f"{fault.message} {fault.remedy}" == told
    line, carets = fault.excerpt.splitlines()
    assert line[carets.index("^") :][: len(at)] == at or carets.count("^") == len(at)


def test_other_faults_are_told_first(tmp_path):
    with pytest.raises(PinnsolveError) as error:
        pose(tmp_path, MELTS, on=[("all", "u = q")])
    assert 'unknown name "q"' in str(error.value)
