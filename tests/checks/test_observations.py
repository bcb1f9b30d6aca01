"""What is said of observations before any work is done."""

import numpy as np
import pytest

from pinnsolve.checks.preflight import check
from pinnsolve.errors import ProblemError
from tests.posing import written

TEXT = """\
[domain]
shape = "interval"
bounds = [0, 2]
time = [0, 1]
[nodes]
count = 20
time_levels = 5
[unknowns]
fields = ["u"]
parameters = { k = { initial = 1 } }
[pde]
equations = ["u_t = k*u_xx"]
[solver]
method = "pinn"
[[data]]
file = "a.csv"
fields = ["u"]
"""
SAMPLES = np.random.default_rng(0).random((40, 2)) * [2, 1]


def checked(tmp_path, x, u, more=""):
    table = np.column_stack([x, u])
    np.savetxt(tmp_path / "a.csv", table, delimiter=",", header="x,t,u", comments="")
    return check(written(tmp_path, TEXT + more))


def test_data_alone_pose_a_problem_and_stand_in_the_outline(tmp_path):
    report = checked(tmp_path, SAMPLES, SAMPLES.sum(1))
    assert report.warnings == ()
    (line,) = report.figures["data"]
    assert line.startswith("u at 40 points, x from 0.0")
    assert any("u at 40 points" in text for text in report.lines)
    # nobody solves directly for what has no conditions
    assert "direct solution" not in report.figures["memory_bytes_by_stage"]


def test_points_in_other_units_are_refused_with_the_first_of_them(tmp_path):
    with pytest.raises(ProblemError) as caught:
        checked(tmp_path, SAMPLES * [1, 1000], SAMPLES.sum(1))
    message = str(caught.value)
    assert "a.csv:2: 40 of 40 points lie outside of the domain, the first at x = " in message
    assert "but the domain has x from 0 to 2, t from 0 to 1." in message
    assert "Bring the columns to the units and the origin of [domain]." in message
    assert 'file = "a.csv"' in message


def test_a_few_points_outside_repetitions_and_narrow_columns_are_doubtful(tmp_path):
    x = np.concatenate([SAMPLES, [[2.5, 0.5]], SAMPLES[:3]])
    outside, repeated = checked(tmp_path, x, x.sum(1)).warnings
    assert outside.startswith(
        "data u: 1 of 44 points lie outside of the domain, the first at x = 2.5, t = 0.5 ("
    )
    assert "a.csv:42" in outside
    assert repeated.startswith("data u: 3 rows repeat others.")
    (narrow,) = checked(tmp_path, SAMPLES * [1, 1e-3], SAMPLES.sum(1)).warnings
    assert narrow.startswith("data u: t spans 0.000")
    assert narrow.endswith("only, but 1 in the domain. Are the units the same?")


def test_values_that_contradict_a_condition_are_doubtful(tmp_path):
    x = SAMPLES * [0, 1]
    condition = '[[boundary]]\non = "left"\ncondition = "u = 3"\n'
    assert checked(tmp_path, x, 3 + 1e-3 * SAMPLES[:, 0], "sigma = 0.01\n" + condition)
    (doubt,) = checked(tmp_path, x, 4 + 1e-3 * SAMPLES[:, 0], condition).warnings
    assert doubt.startswith('data u: on left the values contradict "u = 3", by 1')


FLOW = """\
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 1]
time = [0, 1]
[nodes]
count = 60
[unknowns]
fields = ["psi", "p"]
[pde]
definitions = { u = "d(psi, y)", v = "-d(psi, x)" }
equations = ["u_t + u*u_x + v*u_y + p_x = 0", "v_t + u*v_x + v*v_y + p_y = 0"]
[[data]]
from = "exact"
fields = ["u", "v", "psi"]
count = 50
[[data]]
from = "exact"
fields = ["p"]
count = 20
at = { x = 0.5, y = 0.5, t = 0.0 }
[exact]
psi = "y"
p = "sin(t)"
[solver]
method = "pinn"
"""


def test_a_level_that_is_known_for_an_instant_is_unknown_later(tmp_path):
    told = [text for text in check(written(tmp_path, FLOW)).warnings if "function of t" in text]
    assert told == [
        "every statement holds for p plus any function of t, and values of it are given at few "
        "instants. Give some over all of the time as [[data]], as at one point: at without t."
    ]
    everywhen = check(written(tmp_path, FLOW.replace(", t = 0.0 }", " }")))
    assert not [text for text in everywhen.warnings if "function of t" in text]


STEADY = """\
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 1]
[nodes]
count = 60
[unknowns]
fields = ["psi", "p"]
[unknowns.parameters]
convection = { initial = 1 }
viscosity = { initial = 1 }
[pde]
definitions = { u = "d(psi, y)", v = "-d(psi, x)" }
equations = [
    "convection*(u*u_x + v*u_y) + p_x = viscosity*laplace(u)",
    "convection*(u*v_x + v*v_y) + p_y = viscosity*laplace(v)",
]
[[data]]
from = "exact"
fields = ["u", "v"]
count = 50
[exact]
psi = "y - x^2*y"
p = "x"
[solver]
method = "pinn"
"""


def test_of_a_steady_flow_velocities_tell_ratios_alone(tmp_path):
    with pytest.raises(ProblemError) as caught:
        check(written(tmp_path, STEADY))
    assert (
        "each term holds an unknown parameter or a field that nothing tells of: if convection, "
        "viscosity and p are zero, any data satisfy it. Only their ratios are determined. Give one "
        "of them a number, in [constants], or observe p as [[data]]."
    ) in str(caught.value)
    # what else is known of any of them tells the size of all
    for others in (
        STEADY.replace('["u", "v"]', '["u", "v", "p"]'),
        STEADY.replace("convection = { initial = 1 }", "").replace("convection*", "2*"),
        STEADY.replace("convection*(u*u_x", "u + convection*(u*u_x"),
    ):
        check(written(tmp_path, others))


def test_a_coefficient_without_any_source_has_no_size(tmp_path):
    text = (
        STEADY[: STEADY.index("[unknowns]")]
        + """\
[unknowns]
fields = ["u", "k"]
[pde]
equations = ["div(k*grad(u)) = 0", "k_y = 0"]
[[data]]
from = "exact"
fields = ["u"]
count = 50
[exact]
u = "log(1 + x)"
k = "1 + x"
[solver]
method = "pinn"
"""
    )
    with pytest.raises(ProblemError) as caught:
        check(written(tmp_path, text))
    assert (
        "nothing tells how large k is: if zero, any data satisfy it. "
        "Observe k as [[data]], at a point at least."
    ) in str(caught.value)


def test_data_of_fixed_features_take_no_more_memory_the_more_they_are(tmp_path):
    def head(count, features):
        text = STEADY.replace('["u", "v"]', '["u", "v", "p"]').replace(
            "count = 50", f"count = {count}"
        )
        report = check(written(tmp_path, f'{text}[network]\nfeatures = "{features}"\n'))
        return report.figures["memory_bytes_by_stage"]["training: head"]

    assert head(8000, "waves") == head(4000, "waves")
    assert head(8000, "mlp") > head(4000, "mlp")


def test_fewer_rows_than_parameters_tell_nothing(tmp_path):
    more = "count = 1\n"
    text = TEXT.replace("k = { initial = 1 }", "k = { initial = 1 }, c = { initial = 1 }")
    text = text.replace("k*u_xx", "k*u_xx + c*u")
    table = np.column_stack([SAMPLES, SAMPLES.sum(1)])
    np.savetxt(tmp_path / "a.csv", table, delimiter=",", header="x,t,u", comments="")
    with pytest.raises(ProblemError, match="1 rows of data cannot tell 2 unknown parameters"):
        check(written(tmp_path, text + more))
