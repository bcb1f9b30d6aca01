"""What a comparison is to run, and what it refuses before it begins."""

import pytest

from pinnsolve.errors import ProblemError
from pinnsolve.problem import load
from pinnsolve.studies.plan import HIDDEN, Grid, plan, precisions, whole_numbers

DISK = """\
title = "A small disk"
[domain]
shape = "disk"
radius = 1.0
[nodes]
count = 150
[unknowns]
fields = ["u"]
[functions]
f = "manufactured"
g = "manufactured"
[pde]
equations = ["laplace(u) = f"]
[[boundary]]
on = "all"
condition = "u = g"
[exact]
u = "sin(x)*cosh(y)"
[solver]
order = 3
[output]
test_points = 200
"""


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "disk.toml"
    path.write_text(DISK)
    return load(path)


def labels(made):
    return [configuration.label for configuration in made.entries]


def test_an_order_multiplies_what_uses_it_and_nothing_else(disk):
    grid = Grid(("rbf-fd", "dt-pinn", "pinn"), ("autograd",), (2, 4), ("lbfgs", "default"), seeds=3)
    made = plan(disk, grid)
    assert labels(made) == [
        "rbf-fd p = 2",
        "rbf-fd p = 4",
        "dt-pinn p = 2, lbfgs",
        "dt-pinn p = 2, default",
        "dt-pinn p = 4, lbfgs",
        "dt-pinn p = 4, default",
        "pinn autograd, lbfgs",
        "pinn autograd, default",
    ]
    assert made.orders == (2, 4)
    assert (made.runs, made.trainings) == (2 + 6 * 3, 6 * 3)
    assert made.reference.label == "pinn autograd, lbfgs"


def test_without_orders_the_problem_s_counts(disk):
    assert labels(plan(disk, Grid(("dt-pinn",), optimizers=("adam",)))) == ["dt-pinn p = 3, adam"]


def test_each_node_set_has_all_runs(disk):
    made = plan(disk, Grid(("rbf-fd",), nodes=(100, 200, 100)))
    assert [problem.settings.nodes.count for problem in made.problems] == [100, 200]
    assert made.runs == 2


def test_precisions_belong_to_a_method_or_to_all_networks(disk):
    chosen = precisions("pinn=float32,pinn=float64")
    grid = Grid(derivatives=("autograd",), optimizers=("lbfgs",), precisions=chosen)
    assert labels(plan(disk, grid)) == [
        "rbf-fd p = 3",
        "dt-pinn p = 3, lbfgs",
        "pinn autograd float32, lbfgs",
        "pinn autograd, lbfgs",
    ]
    assert precisions("float32") == {"dt-pinn": ("float32",), "pinn": ("float32",)}


def test_single_optimisers_share_a_network_and_the_default_schedule_has_its_own(disk):
    made = plan(disk, Grid(("dt-pinn",), optimizers=("default", "lbfgs"), seconds=7.0))
    default, single = made.entries.values()
    assert default["training"] == []
    assert "network.hidden" not in default
    assert single["network.hidden"] == list(HIDDEN)
    assert single["training"][0]["seconds"] == 7.0
    chosen = plan(disk, Grid(("dt-pinn",), hidden=(8, 8)))
    assert {tuple(entry["network.hidden"]) for entry in chosen.entries.values()} == {(8, 8)}


def test_the_reference_is_found_by_the_beginning_of_its_name(disk):
    grid = Grid(derivatives=("autograd",))
    assert plan(disk, grid, "dt-pinn").reference.label == "dt-pinn p = 3, default"
    assert plan(disk, grid, "pinn autograd, lbfgs").reference.label == "pinn autograd, lbfgs"


def test_how_much_there_is_to_do_is_announced(disk):
    grid = Grid(seeds=2, seconds=10.0)
    assert plan(disk, grid).announcement == (
        "9 runs, 8 of them trainings of at most 10.0 s each: 1 min 20 s in all, "
        "nodes and operators not counted"
    )
    assert plan(disk, Grid(("rbf-fd",), orders=(2, 3))).announcement == "2 runs, no training"


METHODS = "Known: dt-pinn, pinn, rbf-fd."
OPTIMIZERS = "Known: adam, default, gauss-newton, head, lbfgs, variable-projection."


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        (
            Grid(methods=("pin",)),
            f'--methods: there is no method "pin". Did you mean "pinn"? {METHODS}',
        ),
        (
            Grid(optimizers=("sgd", "lbfgs")),
            f'--optimizers: there is no optimizer "sgd". {OPTIMIZERS}',
        ),
        (
            Grid(precisions={"rbf-fd": ("float32",)}),
            '--precision: there is no method with a network "rbf-fd". Known: dt-pinn, pinn.',
        ),
        (
            Grid(methods=()),
            "--methods, --optimizers: there is nothing to compare. Known: rbf-fd, dt-pinn, pinn.",
        ),
        (Grid(orders=(9,)), "--set solver.order=9: [solver] order must be at most 6, but is 9."),
    ],
    ids=["method", "optimizer", "precision", "nothing", "order"],
)
def test_what_cannot_be_run_is_refused(disk, grid, message):
    with pytest.raises(ProblemError) as refused:
        plan(disk, grid)
    assert str(refused.value) == message


def test_an_unknown_reference_is_refused(disk):
    with pytest.raises(ProblemError) as refused:
        plan(disk, Grid(("rbf-fd",)), "pinn")
    assert str(refused.value) == (
        '--reference: there is no configuration "pinn". Known: rbf-fd p = 3.'
    )


def test_without_an_exact_solution_there_is_nothing_to_compare_by(tmp_path):
    path = tmp_path / "open.toml"
    path.write_text(
        DISK.replace('"manufactured"', '"x"').replace('[exact]\nu = "sin(x)*cosh(y)"', "")
    )
    with pytest.raises(ProblemError, match="no exact solution is given") as refused:
        plan(load(path), Grid())
    assert "Add [exact] with a formula for each field" in str(refused.value)
    assert "or [reference]" in str(refused.value)


@pytest.mark.parametrize("text", ["2,x", "0", "-3", "1.5", "²"])
def test_numbers_are_whole_and_above_zero(text):
    with pytest.raises(ProblemError, match=r"^--orders: \"[^\"]+\" is not a whole number above"):
        whole_numbers("orders", text)
