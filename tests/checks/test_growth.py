"""An evolution in which the finest ripples grow fastest is refused, and no other."""

import pytest

from pinnsolve import check, solve
from pinnsolve.errors import ProblemError
from tests.posing import INTERVAL, SQUARE, pose

IN_TIME = "\ntime = [0, 1]"
VALUE, CURVATURE = ("all", "u = 0"), ("all", "laplace(u) = 0")
REMEDY = "Change the sign of the highest derivative in space, or solve for -t."
BACKWARDS = (
    "this has no solution that could be computed: forwards in time ripples grow{}, the finer the "
    "faster, as those of heat that flows backwards."
)


@pytest.fixture
def evolving(tmp_path):
    """Return a problem in time that begins at rest."""

    def evolving(*equations, on=(VALUE,), domain=SQUARE):
        names = ["u"] + ["u_t"] * ("u_tt" in equations[0]) + ["v"] * ("v_t" in equations[-1])
        more = "[initial]\n" + "".join(f'{name} = "0"\n' for name in names)
        parts = {"domain": domain + IN_TIME, "count": 100, "order": 2, "more": more}
        return pose(tmp_path, *equations, on=on, **parts)

    return evolving


@pytest.mark.parametrize(
    ("equation", "on"),
    [
        ("u_t = -laplace(u)", [VALUE]),
        ("u_t + 0.01*laplace(u) = u - u**3", [VALUE]),
        ("u_t = u_xx - 0.5*u_yy", [VALUE]),
        ("u_tt = -laplace(u)", [VALUE]),
        ("u_tt + u_t = -laplace(u)", [VALUE]),
        ("u_t = laplace(laplace(u))", [VALUE, CURVATURE]),
        ("u_tt = laplace(laplace(u))", [VALUE, CURVATURE]),
    ],
)
def test_growth_without_bound_is_refused(evolving, equation, on):
    for command in (check, solve):
        with pytest.raises(ProblemError) as refused:
            command(evolving(equation, on=on))
        (fault,) = refused.value.faults
        assert fault.key == ("pde", "equations", 0)
        assert (fault.message, fault.remedy) == (BACKWARDS.format(""), REMEDY)


def test_growth_in_a_part_of_the_domain_is_refused_with_the_place(evolving):
    with pytest.raises(ProblemError) as refused:
        check(evolving("u_t = div((x - 0.3)*grad(u))"))
    head, tail = BACKWARDS.format(" at x = {}").split("{}")
    message = refused.value.faults[0].message
    assert message.startswith(head)
    assert message.endswith(tail)
    assert float(message[len(head) :].split(",")[0]) < 0.3


@pytest.mark.parametrize(
    ("equations", "on"),
    [
        (["u_t = laplace(u)"], [VALUE]),
        (["u_t = 0.01*laplace(u) + 100*u"], [VALUE]),  # grows, but not without bound
        (["u_t = (1 + u**2)*laplace(u)"], [VALUE]),  # not known where the field is not
        (["u_tt = laplace(u)"], [VALUE]),
        (["u_tt + u_t = laplace(u) + u"], [VALUE]),
        (["u_t = -laplace(laplace(u))"], [VALUE, CURVATURE]),
        (["u_t = -laplace(u) - 0.01*laplace(laplace(u))"], [VALUE, CURVATURE]),
        (["u_tt = -laplace(laplace(u))"], [VALUE, CURVATURE]),
        (["u_t = -laplace(v)", "v_t = laplace(u)"], [VALUE, ("all", "v = 0")]),  # Schroedinger's
        (["u_t = laplace(u)", "0 = laplace(v) - u"], [VALUE, ("all", "v = 0")]),
    ],
)
def test_evolutions_that_are_well_posed_are_let_through(evolving, equations, on):
    assert check(evolving(*equations, on=on)).lines


def test_on_a_line_too(evolving):
    check(evolving("u_t = -u_xxx", on=[("left", "u = 0"), ("right", "u = 0"), ("right", "u_x = 0")],
                   domain=INTERVAL))  # fmt: skip
    with pytest.raises(ProblemError, match="forwards in time ripples grow"):
        check(evolving("u_t = -u_xx", domain=INTERVAL))
