"""Families of problems: exact where they can be, the same again, and refused where they cannot."""

import re

import numpy as np
import pytest

import pinnsolve
from pinnsolve import solve
from pinnsolve.checks.preflight import check
from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain
from pinnsolve.problem.families import functions_of
from pinnsolve.progress import unwatched
from pinnsolve.references.families import truths
from tests.lanes import studied
from tests.posing import written

pytestmark = pytest.mark.usefixtures("no_pictures")

BEAM = """\
[domain]
shape = "interval"
bounds = [0.0, 1.0]
[nodes]
count = 60
[unknowns]
fields = ["u"]
[pde]
equations = ["-u_xx = q"]
[[boundary]]
on = "all"
condition = "u = 0"
[operator]
input = "q"
held_out = 10
[operator.family]
kind = "coefficients"
basis = "sin(r*pi*x)"
indices = { r = [1, 3] }
count = 40
[exact]
u = "sin(r*pi*x)/(r*pi)**2"
[solver]
method = "operator"
[network]
trunk = [30]
[output]
test_points = 200
"""


def changed(*pairs):
    text = BEAM
    for old, new in pairs:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


def worst(solution):
    return max(float(errors.max()) for errors in solution.accuracy.held_out.errors.values())


def test_a_linear_family_is_exact_but_for_its_features(tmp_path):
    solution = solve(written(tmp_path, BEAM))
    assert worst(solution) < 1e-8
    assert solution.verdict.word == "resolved"
    assert solution.verdict.error == solution.accuracy.held_out.decisive
    told = solution.metrics()["held_out"]["u"]
    errors = solution.accuracy.held_out.errors["u"]
    assert told == {
        "mean": errors.mean(), "median": np.median(errors), "worst": errors.max(), "count": 10,
    }  # fmt: skip


def test_what_is_shown_is_the_problem_in_the_middle(tmp_path):
    solution = solve(written(tmp_path, BEAM))
    held_out, x = solution.accuracy.held_out, np.linspace(0, 1, 9)
    c = functions_of(solution.problem.family, held_out=True)["q"].coefficients[held_out.median]
    r = np.arange(1, 4) * np.pi
    assert np.allclose(solution(x)[:, 0], np.sin(np.outer(x, r)) @ (c / r**2), atol=1e-8)
    middle = sorted(held_out.errors["u"])[4]
    assert held_out.errors["u"][held_out.median] == middle


def test_a_stored_family_is_read_again_to_the_bit(tmp_path):
    solution = solve(written(tmp_path, BEAM))
    pinnsolve.write(solution, tmp_path / "run")
    again = pinnsolve.load_solution(tmp_path / "run")
    x = np.random.default_rng(0).random((20, 1))
    assert np.array_equal(again(x), solution(x))
    codes = [own.codes() for own in functions_of(solution.problem.family, held_out=True).values()]
    heads = solution.answer.heads(codes)
    assert np.array_equal(again.answer.values(heads, x), solution.answer.values(heads, x))
    assert again.metrics()["held_out"] == solution.metrics()["held_out"]


def test_work_that_is_taken_up_again_gives_the_same_to_the_bit(tmp_path):
    problem, kept = written(tmp_path, changed(("-u_xx = q", "-u_xx + u^2/10 = q"))), []
    whole = solve(problem.replace({"output.checkpoint": 1e-9}), keep=kept.append)
    again = solve(problem, state=kept[3])
    assert len(kept) > 5
    assert np.array_equal(whole.answer.C, again.answer.C)


INITIAL = """
[domain]
shape = "interval"
bounds = [0.0, 1.0]
[nodes]
count = 80
[unknowns]
fields = ["u"]
[pde]
equations = ["u_x + u**2/2 = f_x + f**2/2"]
[[boundary]]
on = "left"
condition = "u = f"
[operator]
input = "f"
held_out = 10
[operator.family]
kind = "gaussian-process"
length_scale = 0.5
variance = 0.25
count = 200
[exact]
u = "f"
[solver]
method = "operator"
[network]
trunk = [40]
[output]
test_points = 200
"""


def test_newtons_method_solves_a_nonlinear_family(tmp_path):
    solution = solve(written(tmp_path, INITIAL))
    assert solution.course.iterations > 3
    assert worst(solution) < 1e-3
    assert solution.accuracy.held_out.errors["u"].mean() < 1e-4


TWO = INITIAL.replace('"u_x + u**2/2 = f_x + f**2/2"', '"u_x + k*u = f_x + k*f"')


def test_two_inputs_one_of_them_a_number(tmp_path):
    families = """
[operator.family.f]
kind = "gaussian-process"
length_scale = 0.5
count = 200
[operator.family.k]
kind = "uniform"
lower = 0.5
upper = 1.0
count = 200
"""
    start, stop = TWO.index("[operator.family]"), TWO.index("[exact]")
    text = TWO[:start].replace('input = "f"', 'input = ["f", "k"]') + families + TWO[stop:]
    assert solve(written(tmp_path, text)).accuracy.held_out.errors["u"].mean() < 1e-4


def table(path, functions, n=21, lower=0.0):
    """Write a file of parabolas."""
    x = np.linspace(lower, 1, n)[::-1]
    c = np.random.default_rng(0).standard_normal((functions, 3))
    rows = np.column_stack([x, (c @ np.stack([x**0, x, x**2])).T])
    names = ",".join(["x", *(f"f{i}" for i in range(functions))])
    np.savetxt(path, rows, delimiter=",", header=names, comments="")


def of_file(more=""):
    start, stop = INITIAL.index("[operator.family]"), INITIAL.index("[exact]")
    return (
        INITIAL[:start]
        + f'[operator.family]\nkind = "file"\nfile = "f.csv"\n{more}\n'
        + (INITIAL[stop:].replace("u**2", "u").replace("f**2", "f"))
    )


def test_a_family_from_a_file_whose_last_functions_are_held_out(tmp_path):
    table(tmp_path / "f.csv", 40)
    text = of_file().replace("u**2/2", "u").replace("f**2/2", "f")
    solution = solve(written(tmp_path, text))
    family = solution.problem.family
    assert (family.count, family.n_held_out) == (30, 10)
    assert worst(solution) < 1e-7
    rows = np.loadtxt(tmp_path / "f.csv", delimiter=",", skiprows=1)[:, 1:]
    x = np.linspace(0, 1, 21)[::-1, None]
    assert np.allclose(family.inputs[0].held_out.values(x), rows[:, 30:].T)


# no sum of products of the input: u = x + sin(8 g)/8
COEFFICIENT = (
    INITIAL.replace('"u_x + u**2/2 = f_x + f**2/2"', '"d(u_x/(1 + cos(8*f)*f_x), x) = 0"')
    .replace('on = "left"', 'on = "all"')
    .replace('"u = f"', '"u = x + sin(8*f)/8"')
    .replace('u = "f"', 'u = "x + sin(8*f)/8"')
    .replace("variance = 0.25", "variance = 0.01")
    .replace("trunk = [40]", "trunk = [30]")
)


def test_an_input_that_multiplies_derivatives_is_solved_for_function_by_function(tmp_path):
    problem, kept = written(tmp_path, COEFFICIENT), []
    solution = solve(problem.replace({"output.checkpoint": 1e-9}), keep=kept.append)
    held_out = solution.accuracy.held_out
    ratios = held_out.estimates["u"] / held_out.errors["u"]
    assert held_out.errors["u"].mean() < 5e-3  # with slopes of the mean it is 1
    assert np.mean((ratios > 0.5) & (ratios < 2)) >= 0.9
    assert solution.outcome.message == "all functions are solved for"
    again = solve(problem, state=kept[-3])  # with some of them solved for
    codes = [own.held_out.codes() for own in problem.family.inputs]
    assert np.array_equal(solution.answer.heads(codes), again.answer.heads(codes))


BY = (
    BEAM.replace("{", "{{")
    .replace("}", "}}")
    .replace('method = "operator"', 'method = "operator"\nderivatives = "{}"')
)


FLOW = """\
[domain]
shape = "rectangle"
lower = [0.0, 0.0]
upper = [1.0, 1.0]
[nodes]
count = 150
[constants]
mu = 0.01
[unknowns]
fields = ["u", "v", "p"]
[pde]
equations = ["mu*laplace(u) = p_x", "mu*laplace(v) = p_y", "u_x + v_y = 0"]
[[boundary]]
on = "all"
condition = "u = c*y*(1 - y)"
[[boundary]]
on = "all"
condition = "v = 0"
[[boundary]]
at = [0.5, 0.0]
condition = "p = 0"
[operator]
input = "c"
held_out = 3
[operator.family]
kind = "uniform"
lower = 1.0
upper = 2.0
count = 10
[solver]
method = "operator"
[network]
trunk = [60]
[output]
test_points = 200
"""
KNOWN = FLOW + '[exact]\nu = "c*y*(1 - y)"\nv = "0"\np = "2*mu*c*(1/2 - x)"\n'


def test_velocity_and_pressure_whose_level_a_point_fixes(tmp_path):
    solution = solve(written(tmp_path, KNOWN))
    assert worst(solution) < 1e-4
    stated = written(tmp_path, FLOW + '[reference]\nsolver = "chebyshev"\n')
    exact, found = (
        truths(p, build_domain(p), functions_of(p.family, held_out=True), unwatched)
        for p in (solution.problem, stated)
    )
    x = np.random.default_rng(0).random((50, 2))
    # Chebyshev's rows are solved to 1e-10 of the largest, and the pressure counts for a hundredth
    assert np.allclose(found.at(range(3), x), exact.at(range(3), x), rtol=0, atol=1e-7)


# a plate whose edges are held alone, as it was published
FREE = (
    BEAM.replace("-u_xx = q", "biharmonic(u) = q")
    .replace(
        '"interval"\nbounds = [0.0, 1.0]', '"rectangle"\nlower = [0.0, 0.0]\nupper = [1.0, 1.0]'
    )
    .replace("count = 60", "count = 150")
    .replace("sin(r*pi*x)", "sin(r*pi*x)*sin(pi*y)")
    .replace("(r*pi)**2", "((r**2 + 1)*pi**2)**2")
    .replace('method = "operator"', 'method = "operator"\nallow = ["underdetermined"]')
)


def test_what_is_underdetermined_is_refused_or_by_wish_warned_of_and_not_resolved(tmp_path):
    said = "but the equations need 2 on each."
    with pytest.raises(ProblemError, match=re.escape(said)):
        check(written(tmp_path, FREE.replace('allow = ["underdetermined"]', "")))
    solution = solve(written(tmp_path, FREE))
    (warning,) = [text for text in solution.outcome.warnings if "not determined" in text]
    assert said in warning
    assert solution.verdict.word == "not resolved"


REFUSED = {
    "no use": (BEAM.replace("= q", "= 1"),
               ':14: the input "q" is in no equation and in no condition.'),
    "field": (BEAM.replace('input = "q"', 'input = "u"'),
              ':14: the input "u" has the name of a field.'),
    "no coordinate": (BEAM.replace("count = 40", 'count = 40\nof = ["z"]'),
                      ':21: "z" is no coordinate. Known: x.'),
    "few": (BEAM.replace("count = 40", "count = 3"),
            ":20: 3 functions are fewer than the 4 that tell the 3 coordinates of the family and "
            "its mean apart. Raise count."),
    "other method": (BEAM.replace('method = "operator"', 'method = "pinn"')
                     .replace("trunk", "hidden"),
                     ':13: method "pinn" solves one problem, and not a family. '
                     'Set method = "operator" in [solver].'),
    "rough": (INITIAL.replace("length_scale = 0.5", 'length_scale = 0.5\nkernel = "exponential"'),
              ':10: "f" has derivatives up to order 0 only, as all functions of its family. '
              'Choose a smoother one, as kernel = "rbf".'),
    "hard": (INITIAL.replace('condition = "u = f"', 'condition = "u = f"\nhard = true'),
             ':13: the value of a hard condition is one, but "f" varies. Leave out hard.'),
    "symmetries": (BEAM.replace("held_out = 10", 'symmetries = ["translation"]\nheld_out = 10'),
                   ':15: symmetries are made use of with [network] features = "reference" alone. '
                   "Remove them."),
    "optimizer": (BEAM + '[[training]]\noptimizer = "lbfgs"\n',
                  ':30: a family is not trained by "lbfgs". Choose "head" or "adam".'),
    "no steps": (BEAM.replace("held_out = 10", "points = 5\nheld_out = 10"),
                 ':15: points is read by steps of "adam" alone, and there are none. '
                 'Add [[training]] optimizer = "adam", or remove it.'),
    "no use of zcs": (BY.format("zcs"),
                      ':25: derivatives is read by steps of "adam" alone, and there are none.'),
    "nodal points": (BEAM.replace("held_out = 10", "points = 5\nheld_out = 10")
                     .replace('method = "operator"', 'method = "operator"\nderivatives = "rbf-fd"')
                     + '[[training]]\noptimizer = "adam"\n',
                     ':15: derivatives "rbf-fd" are those at all points. Remove points'),
    "autograd": (BY.format("autograd"),
                 ':25: derivatives "autograd" would add up those of functions that share points. '
                 'Choose "taylor" or "rbf-fd" or "zcs" or "loop" or "vectorised".'),
    "outputs of one field": (BEAM.replace("trunk", 'outputs = "split-branch"\ntrunk'),
                             ":26: there is one field, which shares nothing. Remove it."),
    "outputs": (FLOW.replace("trunk", 'outputs = "independent"\ntrunk'),
                ":33: each field has weights of its own between functions of position and of the "
                'input that all share; with functions of its own, as by "independent", it would '
                'have fewer. Remove it, or write "split-branch" or "split-trunk", which say '
                "the same."),
    "leak": (of_file("count = 35"),
             ":20: of 40 functions the last 10 are held out: to train with them, too, would make "
             "errors small that are not. Take 30 at most."),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_family_is_refused_with_place_and_remedy(tmp_path, name):
    text, message = REFUSED[name]
    table(tmp_path / "f.csv", 40)
    with pytest.raises(ProblemError) as caught:
        written(tmp_path, text)
    assert f"problem.toml{message}" in str(caught.value)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"lower": 0.2}, "f.csv: x goes from 0.2 to 1, but the domain from 0 to 1."),
        ({"functions": 11}, "the file has 11 functions, of which 10 are held out."),
    ],
)
def test_a_file_that_is_no_family_is_refused(tmp_path, made, message):
    table(tmp_path / "f.csv", **({"functions": 40} | made))
    with pytest.raises(ProblemError, match=re.escape(message)):
        written(tmp_path, of_file())


def test_a_check_forecasts_the_memory_that_functions_take(tmp_path):
    def needed(count):
        text = changed(("count = 40", f"count = {count}"))
        return check(written(tmp_path, text)).figures["memory_bytes_by_stage"]["training: head"]

    rows = 62  # of the equation at all nodes, and of the conditions
    assert needed(20_040) - needed(40) == pytest.approx(20_000 * rows * 8 * 6, rel=0.1)


def test_a_check_forecasts_the_kernel_of_functions_that_are_solved_for_one_by_one(tmp_path):
    def needed(equation):
        figures = check(written(tmp_path, changed(("-u_xx = q", equation)))).figures
        return figures["memory_bytes_by_stage"]["training: head"]

    kernel = 8 * (3 * 40**2 + 30 * 40)
    assert needed("-(2 + q)*u_xx = 1") - needed("-u_xx = q") == pytest.approx(kernel, rel=0.2)


def test_the_estimate_is_near_the_error_of_most_functions(tmp_path):
    text = changed(("trunk = [30]", "trunk = [9]"))
    held_out = solve(written(tmp_path, text)).accuracy.held_out
    ratios = held_out.estimates["u"] / held_out.errors["u"]
    assert np.mean((ratios > 0.5) & (ratios < 2)) >= 0.8
    assert held_out.errors["u"].mean() > 1e-6
    assert held_out.outside.max() < 1e-6


def test_without_a_true_solution_the_estimate_decides(tmp_path):
    start, stop = BEAM.index("[exact]"), BEAM.index("[solver]")
    solution = solve(written(tmp_path, BEAM[:start] + BEAM[stop:]))
    assert solution.accuracy.held_out is None
    assert solution.verdict.word == "resolved"
    assert solution.verdict.reason.startswith("the estimated relative error is")
    pinnsolve.write(solution, tmp_path / "run")
    told = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "with half as many features more, drawn anew" in told


STEPS = {
    "training": [{"optimizer": "head"}, {"optimizer": "adam", "iterations": 40}],
    "operator.functions": 20,
    "operator.points": 30,
    "network.trunk": [20],
    "network.branch": [20],
}


@pytest.mark.parametrize("first", studied([0, 1], {1}))  # after a head solve, or alone
def test_steps_on_all_weights_that_are_taken_up_again_give_the_same_to_the_bit(tmp_path, first):
    problem, kept = written(tmp_path, INITIAL), []
    training = [*STEPS["training"][first:], {"optimizer": "head"}]
    problem = problem.replace({**STEPS, "training": training})
    whole = solve(problem.replace({"output.checkpoint": 1e-9}), keep=kept.append)
    assert [phase.optimizer for phase in whole.course.phases] == ["head", "adam", "head"][first:]
    on_the_way = [state for state in kept if state["process/place"] == 1 - first]
    again = solve(problem, state=on_the_way[1])
    for name, value in whole.answer.state().items():
        assert np.array_equal(again.answer.state()[name], value)
    x = np.random.default_rng(0).random((20, 1))
    pinnsolve.write(whole, tmp_path / "run")
    assert np.array_equal(pinnsolve.load_solution(tmp_path / "run")(x), whole(x))


def test_steps_on_all_weights_lower_the_loss(tmp_path):
    problem = written(tmp_path, INITIAL)
    training = [{"optimizer": "adam", "iterations": 300, "learning_rate": 1e-2}]
    (adam,) = solve(problem.replace({**STEPS, "training": training})).course.phases
    assert adam.loss_after < 0.05 * adam.loss_before
    assert adam.iterations == 300


def test_steps_that_do_not_pay_leave_the_solutions_as_they_were(tmp_path):
    problem = written(tmp_path, BEAM)
    head = solve(problem)
    training = [{"optimizer": "head"}, {"optimizer": "adam", "iterations": 20}]
    both = solve(problem.replace({"training": training}))
    assert np.array_equal(both.answer.C, head.answer.C)
    first, second = both.course.phases
    assert second.message == "the steps did not pay: the weights from before are kept"
    assert second.loss_after == second.loss_before < 1e-3 * first.loss_before
