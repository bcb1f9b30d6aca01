"""Complex unknowns, solved by their real and imaginary parts."""

import numpy as np
import pytest

from pinnsolve import solve
from pinnsolve.errors import ProblemError
from tests.posing import written

WAVE = """\
[domain]
shape = "interval"
bounds = [0, 1]
[nodes]
count = {count}
[constants]
k = 6
[unknowns]
fields = ["u"]
complex = true
[functions]
medium = "1 + 0.2*i"
wave = "k*medium"
[pde]
equations = ["u_xx + wave^2*u = {source}"]
[[boundary]]
on = "left"
condition = "u = 1"
[[boundary]]
on = "right"
condition = "{leaves}"
[exact]
u = "exp(i*wave*x)"
[solver]
method = "{method}"
order = {order}
[output]
test_points = 500
"""
PARTS = {
    "count": 40,
    "source": "0",
    "leaves": "dn(u) = i*wave*u",
    "method": "rbf-fd",
    "order": 4,
}


def posed(folder, text=WAVE, **parts):
    return written(folder, text.format(**{**PARTS, **parts}))


def test_the_error_of_a_damped_wave_falls_with_the_order(tmp_path):
    errors = []
    for count in (40, 80):
        solution = solve(posed(tmp_path, count=count))
        errors.append(max(solution.accuracy.errors.relative_l2.values()))
    assert errors[0] / errors[1] > 2**3.5


def test_both_parts_and_the_modulus_are_fields_of_the_solution(tmp_path):
    solution = solve(posed(tmp_path, count=80))
    x = np.linspace(0, 1, 20)
    truth = np.exp(1j * 6 * (1 + 0.2j) * x)
    assert solution.problem.fields == ("u_real", "u_imag")
    assert solution(x) @ [1, 1j] == pytest.approx(truth, abs=1e-6)
    assert list(solution.problem.derived) == ["u_abs"]
    # what is written is a problem of real numbers, which gives the same again
    again = solve(written(tmp_path, solution.problem.to_toml()))
    assert np.array_equal(again.sample.values, solution.sample.values)


def test_a_network_solves_it_too(tmp_path):
    text = WAVE + 'baseline = "never"\n[network]\nhidden = [40]\n'
    text = text.replace("[output]\ntest_points = 500\n", "")
    solution = solve(posed(tmp_path, text, method="pinn", count=60))
    assert max(solution.accuracy.errors.relative_l2.values()) < 1e-6


def test_a_nonlinear_equation_in_time_with_manufactured_sources(tmp_path):
    text = WAVE.replace("bounds = [0, 1]", "bounds = [0, 1]\ntime = [0, 0.02]")
    text = text.replace('u = "exp(i*wave*x)"', 'u = "exp(i*k*(x - t))"\n[initial]\nu = "exact"')
    text = text.replace('u = "exact"', 'u = "manufactured"').replace("condition =", "condition  =")
    text = text.replace('wave = "k*medium"', 'f = "manufactured"\ng = "manufactured"')
    text = text.replace("u_xx + wave^2*u", "i*u_t + u_xx/2 + abs(u)^2*u")
    text = text.replace('"u = 1"', '"u = g"')
    solution = solve(posed(tmp_path, text, count=24, source="f", leaves="u = g"))
    assert max(solution.accuracy.errors.relative_l2.values()) < 1e-3


@pytest.mark.parametrize(
    ("parts", "line", "message"),
    [
        ({"source": "log(u)"}, 15, "log takes real numbers here, and this is complex."),
        ({"leaves": "dn(u) = i*wav*u"}, 21, 'unknown name "wav".'),
        ({"source": "v"}, 15, 'unknown name "v".'),
    ],
)
def test_faults_are_shown_where_the_user_wrote_them(tmp_path, parts, line, message):
    with pytest.raises(ProblemError) as refused:
        posed(tmp_path, **parts)
    told = {(fault.message, fault.place.rpartition(":")[2]) for fault in refused.value.faults}
    assert told == {(message, str(line))}


def test_the_imaginary_unit_has_no_other_meaning(tmp_path):
    with pytest.raises(ProblemError, match='"i" means the imaginary unit') as refused:
        posed(tmp_path, WAVE.replace("k = 6", "k = 6\ni = 2"))
    assert refused.value.faults[0].place.endswith(":8")


def test_eigenvalues_are_sought_without(tmp_path):
    text = WAVE.replace("complex = true", 'complex = true\neigenvalue = {{ name = "z" }}')
    with pytest.raises(ProblemError, match="not sought together with complex unknowns"):
        posed(tmp_path, text)
