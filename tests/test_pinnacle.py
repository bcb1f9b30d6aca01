"""The problems of PINNacle are well posed as they are stated, and their solutions are solutions."""

from pathlib import Path

import pytest

from pinnsolve import check, load
from pinnsolve.cli import shipped
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.build import network
from pinnsolve.setup import Setup
from pinnsolve.training.schedule import default_schedule

FILES = sorted((shipped.folder() / "pinnacle").glob("*.toml"), key=lambda path: path.stem)
FEW = 1100  # nodes
LONG = {"ns_2d_lt", "ns_2d_cg", "gray_scott"}  # to check
GATE = [
    pytest.param(path, id=path.stem, marks=pytest.mark.study if path.stem in LONG else ())
    for path in FILES
]
OUTFLOW = "is all that holds on"


@pytest.mark.parametrize("path", GATE)
def test_a_problem_is_well_posed(path: Path):
    """Where it has an exact solution, `check` says if that does not satisfy what is stated."""
    nodes = load(path).settings.nodes
    problem = load(path, {"nodes.count": min(nodes.count, FEW)})
    told = check(problem).warnings
    assert [said for said in told if OUTFLOW not in said] == []


def test_what_pinnacle_calls_the_solution_of_wave_2d_ms_is_none():
    """Of both terms ``u_xx + 2 u_yy`` is ``pi^2 u``, and ``u_tt`` is ``-pi^2 u``."""
    path = shipped.folder() / "pinnacle" / "wave_2d_ms.toml"
    claimed = {"exact.u": "shown*cos(pi*t)", "nodes.count": 300, "nodes.time_levels": 21}
    told = check(load(path, {**claimed, "domain.time": [0, 1]})).warnings
    assert any("does not satisfy" in said for said in told)


def test_where_no_differences_are_taken_their_error_ends_no_growth():
    """In five dimensions a spacing is half the width, and its fourth power no small number."""
    path = shipped.folder() / "pinnacle" / "pnd.toml"
    tolerances = []
    for baseline in ("auto", "always"):
        setup = Setup(load(path, {"nodes.count": 200, "solver.baseline": baseline}))
        setup.reference = lambda _: None  # which the sizes of the fields would ask for
        objective = pointwise_objective(network(setup), setup)
        (phase,) = default_schedule(objective, setup.problem, setup.nodes)
        tolerances.append(phase.tolerance)
    assert tolerances[0] == 0 < tolerances[1]
