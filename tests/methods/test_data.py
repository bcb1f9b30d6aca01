"""Problems with data, from the file to what is written: what is found, and what is doubted."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from pinnsolve import load, solve
from pinnsolve.checks.preflight import check
from pinnsolve.cli import shipped
from pinnsolve.cli.summary import summary
from pinnsolve.conditions.noise import Noise
from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain
from pinnsolve.leastsquares.inference import inference
from pinnsolve.methods.data import about_constants, about_data, doubt_of_fits
from pinnsolve.output.report.findings import findings
from pinnsolve.output.report.report import html
from pinnsolve.output.vtk.grid import grid
from pinnsolve.solution.found import Fit, FoundConstant, Profile
from tests.posing import written

pytestmark = pytest.mark.usefixtures("no_pictures")

TEXT = """\
[domain]
shape = "interval"
bounds = [0, 2]
[nodes]
count = 40
[unknowns]
fields = ["u"]
[unknowns.parameters]
a = { initial = 2.0, true = 0.7 }
[pde]
equations = ["u_x = -a*u"]
[[data]]
from = "exact"
fields = ["u"]
count = 60
noise = 0.02
[exact]
u = "3*exp(-0.7*x)"
[solver]
method = "pinn"
[network]
hidden = [40, 60]
"""


@pytest.fixture(scope="module")
def solution(tmp_path_factory):
    return solve(written(tmp_path_factory.mktemp("decay"), TEXT))


def test_a_parameter_comes_with_an_interval_that_holds_it(solution):
    (a,) = solution.constants.values()
    low, high = a.interval
    assert low < 0.7 < high
    # as by nonlinear regression with the exact solutions of the equation, c exp(-a x)
    (fit,) = solution.data
    x = fit.x[:, 0]
    slopes = np.column_stack([np.exp(-0.7 * x), -3 * x * np.exp(-0.7 * x)])
    bound = fit.estimate * np.sqrt(np.linalg.inv(slopes.T @ slopes)[1, 1])
    assert a.standard_error == pytest.approx(bound, rel=0.05)
    assert high - low == pytest.approx(2 * 2.0 * a.standard_error, rel=0.1)
    assert solution.verdict.word == "resolved"
    assert str(solution.verdict).startswith("Resolved: data and equations determine a = 0.7")
    assert fit.is_white
    assert fit.estimate == pytest.approx(0.02 * fit.spread, rel=0.4)  # 4/sqrt(2*58)


def test_it_is_told_in_the_figures_on_the_terminal_and_in_the_report(solution):
    figures = json.loads(json.dumps(solution.metrics()))
    assert figures["unknown_parameters"]["a"]["interval"] == list(solution.constants["a"].interval)
    assert figures["data"][0]["residual_is_white"] is True
    lines = "\n".join(summary(solution, []))
    assert "95 % interval" in lines
    assert "data u, 60 rows: errors of " in lines
    assert "% of the spread; what is left looks like noise." in lines
    assert any("with 95 % confidence" in sentence for sentence in findings(solution))
    domain = build_domain(solution.problem)
    page = html(solution, grid(solution, domain), domain)
    assert "The data" in page
    assert "95 % interval" in page


def test_an_equation_that_is_not_the_datas_is_not_believed(tmp_path):
    wrong = solve(written(tmp_path, TEXT.replace("3*exp(-0.7*x)", "3*exp(-x^2)")))
    assert wrong.verdict.word == "not resolved"
    # where equations weigh little they are not met, else the data are missed; which is a trifle
    says = ("the equations are not those of it", "contradict one another")
    assert any(text in wrong.verdict.reason for text in says)


def test_a_table_of_temperatures_tells_what_regression_tells():
    found = solve(load(shipped.folder() / "coffee.toml", {"output.profile": ["rate"]}))
    rate, room = found.constants.values()
    (fit,) = found.data
    minutes = fit.x[:, 0]
    fall = np.exp(-0.045 * minutes)
    slopes = np.column_stack([fall, -64 * minutes * fall, np.ones(len(minutes))])
    errors = fit.estimate * np.sqrt(np.diag(np.linalg.inv(slopes.T @ slopes)))
    assert rate.standard_error == pytest.approx(errors[1], rel=0.1)
    assert room.standard_error == pytest.approx(errors[2], rel=0.1)
    assert rate.interval[0] < 0.045 < rate.interval[1]
    assert room.interval[0] < 21 < room.interval[1]
    # as good as linear, data are followed worse by the square of the distance in standard errors
    assert rate.profile.rises == pytest.approx((9, 4, 1, 0, 1, 4, 9), rel=0.02, abs=1e-9)
    half = 1.96 * rate.standard_error
    assert rate.profile.interval == pytest.approx((rate.found - half, rate.found + half), rel=1e-3)
    assert room.profile is None
    assert FoundConstant.of(json.loads(json.dumps(rate.metrics()))) == rate
    # the slower it cools, the colder the room may be
    assert 0.9 < rate.correlations["room"] < 1
    assert found.verdict.word == "resolved"


def test_parameters_before_every_term_are_refused(tmp_path):
    text = TEXT.replace("u_x = -a*u", "b*u_x = -a*u").replace("[pde]", "b = { initial = 1 }\n[pde]")
    with pytest.raises(ProblemError) as caught:
        check(written(tmp_path, text))
    assert "if a and b are zero, any data satisfy it. Only their ratios are determined." in str(
        caught.value
    )
    assert "Give one of them a number, in [constants]." in str(caught.value)


# what moves a vortex on a chessboard of them is a pressure, whatever stands before it
TAYLOR_GREEN = """\
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1.5, 1.5]
time = [0, 1]
[nodes]
count = 60
time_levels = 4
[unknowns]
fields = ["psi", "p"]
[unknowns.parameters]
convection = { initial = 0.5, true = 1.0 }
viscosity = { initial = 0.0, true = 0.1 }
[pde]
definitions = { u = "d(psi, y)", v = "-d(psi, x)" }
equations = [
    "u_t + convection*(u*u_x + v*u_y) + p_x = viscosity*laplace(u)",
    "v_t + convection*(u*v_x + v*v_y) + p_y = viscosity*laplace(v)",
]
[[data]]
from = "exact"
fields = ["u", "v"]
count = 200
noise = 0.01
[exact]
psi = "-cos(x)*cos(y)*exp(-0.2*t)"
p = "-(cos(2*x) + cos(2*y))/4*exp(-0.4*t)"
[solver]
method = "pinn"
[network]
features = "waves"
"""


def test_convection_that_a_pressure_takes_up_is_not_determined(tmp_path):
    found = solve(written(tmp_path, TAYLOR_GREEN))
    convection, viscosity = found.constants.values()
    assert convection.is_determined is False
    assert convection.remark == "not determined by the data"
    assert viscosity.interval[0] < 0.1 < viscosity.interval[1]
    assert found.verdict.word == "not resolved"
    assert found.verdict.reason == "equations and data do not determine convection."


def test_constants_that_act_together_are_told_in_combination(tmp_path):
    text = TEXT.replace("u_x = -a*u", "u_x = -(a + b)*u")
    text = text.replace("[pde]", "b = { initial = 1, true = 0 }\n[pde]", 1)
    found = solve(written(tmp_path, text))
    a, b = found.constants.values()
    # a + b alone is known, of which each has a share of its size
    share = np.array([a.found, b.found]) / np.hypot(a.found, b.found)
    known = f"{share[0]:.2f} δa/a {'-' if share[1] < 0 else '+'} {abs(share[1]):.2f} δb/b"
    assert a.remark == f"not determined by the data, which tell only {known}"
    assert a.found + b.found == pytest.approx(0.7, rel=0.05)
    assert found.verdict.word == "not resolved"


def test_constants_that_move_or_go_together_are_told():
    draw = torch.Generator().manual_seed(0)
    one, other, e = torch.randn(3, 100, generator=draw, dtype=torch.float64)
    B = torch.stack([one, one + 0.05 * other], 1)
    told = inference(B[:, :0], B, 0.01 * e, [Noise(100)])
    errors = told.errors.numpy()
    constants = {name: FoundConstant(1.0, 1.0, is_determined=True) for name in "ab"}
    still, moved = np.zeros(2), np.array([3 * errors[0], 0.0])
    *others, apart = about_constants(constants, told, np.ones(2), moved)
    correlation = float(told.covariance[0, 1]) / (errors[0] * errors[1])
    assert apart == (
        f"a and b can hardly be told apart: the correlation of their errors is {correlation:.4f}."
    )
    assert [text for text in others if "moves" in text] == [
        f"a: it still moves by {moved[0]:.2g} when the weight of the equations is changed, which "
        "its interval allows for. More features (network.hidden), or more nodes, hold it."
    ]
    said = about_constants(constants, told, np.ones(2), still)
    assert not [text for text in said if "moves" in text]


def test_a_sigma_that_the_misfit_contradicts_is_told(solution):
    (fit,) = solution.data
    small = replace(fit, sigma=fit.estimate / 3)
    large = replace(fit, sigma=fit.estimate * 3)
    (said,) = about_data([small])
    assert "larger than sigma" in said
    doubt, _ = doubt_of_fits([small])
    assert doubt == "data u are missed by 3 times the errors that they are said to have."
    (said,) = about_data([large])
    assert "smaller than sigma" in said
    assert doubt_of_fits([large]) == ("", "")
    assert about_data([replace(fit, sigma=fit.estimate)]) == []


def test_neighbours_that_are_alike_are_no_noise():
    x = np.random.default_rng(0).random((300, 2))
    noise = np.random.default_rng(1).normal(size=300)
    zero = np.zeros(300)
    white = Fit("data u", ("x", "t"), x, noise, zero, None, 1.0, 300)
    wave = replace(white, values=noise + 1.5 * np.sin(6 * x[:, 0]))
    assert white.is_white
    assert not wave.is_white
    assert "no noise" in about_data([wave])[0]
    told = "what is left of data u is no noise: "
    assert doubt_of_fits([wave])[0] == f"{told}the equations are not those of it."
    # the features leave most of it without any equations, too
    alone = replace(wave, least=0.9 * np.sqrt(np.mean(np.square(wave.residuals))))
    said = "More nodes, or time levels, give it more features."
    assert doubt_of_fits([alone]) == (f"{told}the network cannot follow.", said)
    assert about_data([alone], of_constants=False)[0].endswith(
        "The network cannot follow: without any equations, too, it would leave "
        f"{100 * alone.least / alone.spread:.2g} % of the spread. {said}"
    )
    # of independent numbers the statistic is standard normal
    many = [
        replace(white, values=np.random.default_rng(k).normal(size=300)).alikeness
        for k in range(200)
    ]
    assert abs(np.mean(many)) < 4 / np.sqrt(200)
    assert np.std(many) == pytest.approx(1, abs=4 / np.sqrt(400))


def test_data_without_unknown_parameters_give_the_fields(tmp_path):
    text = TEXT.replace("[unknowns.parameters]\na = { initial = 2.0, true = 0.7 }\n", "")
    found = solve(written(tmp_path, text.replace("-a*u", "-0.7*u").replace("noise = 0.02", "")))
    assert found.accuracy.errors.worst < 1e-5


def test_a_run_is_read_back_with_its_intervals(solution):
    told = json.loads(json.dumps(solution.constants["a"].metrics()))
    assert FoundConstant.of(told).interval == solution.constants["a"].interval


def test_equations_that_lose_all_of_their_terms_are_not_believed(tmp_path):
    # p is not seen: where a is zero p may be, and any u satisfies the equations
    text = TEXT.replace('fields = ["u"]\n[unknowns', 'fields = ["u", "p"]\n[unknowns')
    text = text.replace('["u_x = -a*u"]', '["a*u_x = p", "p_x = -a*0.7*u_x"]')
    text = text.replace("[solver]", 'p = "-2.1*0.7*exp(-0.7*x)"\n[solver]')
    with pytest.raises(ProblemError, match="if a and p are zero, any data satisfy it"):
        solve(written(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "field", "near"), [("diffusivity_inverse", "k", 0.01), ("pinnacle/pinv", "a", 0.02)]
)
def test_a_coefficient_is_found_as_a_function(name, field, near):
    found = solve(load(shipped.folder() / f"{name}.toml"))
    i = found.problem.fields.index(field)
    values, x = found.sample.values[:, i], found.sample.nodes.x[found.sample.nodes.rows]
    true = found.problem.exact[i](x)
    assert np.linalg.norm(values - true) < near * np.linalg.norm(true)
    assert found.data[0].is_white


def test_without_data_every_field_needs_an_equation(tmp_path):
    text = (shipped.folder() / "diffusivity_inverse.toml").read_text()
    stated = 'fields = ["u"]\n\n[unknowns.functions]\nk = { of = ["x"], lower = 0.0 }'
    assert stated in text
    text = text.replace(stated, 'fields = ["u", "k"]')
    assert len(written(tmp_path, text).equations) == 1
    begin, end = text.index("[[data]]"), text.index("[exact]")
    with pytest.raises(ProblemError, match="one equation for each field: 2 fields, 1 found"):
        written(tmp_path, text[:begin] + text[end:])


def test_profiles_are_of_parameters_only():
    with pytest.raises(ProblemError) as refused:
        load(shipped.folder() / "coffee.toml", {"output.profile": ["rat"]})
    assert '"rat" is no unknown parameter. Did you mean "rate"? Known: rate, room.' in str(
        refused.value
    )


def test_a_profile_that_does_not_rise_bounds_nothing():
    flat = Profile((1.0, 2.0, 3.0, 4.0), (9.0, 0.0, 1.0, 1.1))
    assert flat.interval is None
    # the root of the rise is linear between values
    steep = Profile((1.0, 2.0, 3.0), (4 * Profile.RISE, 0.0, Profile.RISE))
    assert steep.interval == pytest.approx((1.5, 3.0))
