"""What `check` says of a problem, warns of and refuses; the counting is tested in wellposed."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from pinnsolve import check, load, setup
from pinnsolve.checks import memory
from pinnsolve.checks.preflight import Report
from pinnsolve.cli.app import main
from pinnsolve.errors import ProblemError
from pinnsolve.geometry.pointclouds import write
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, SQUARE, pose, text_of

POISSON = "laplace(u) = 1"
WALLS = [("left right bottom top", "u = 0")]


@pytest.fixture(autouse=True)
def _memory(monkeypatch):
    """Let there be as much memory on every machine."""
    monkeypatch.setattr(memory, "memory", lambda: {"total": 16.0, "free": 8.0})


@pytest.fixture
def report(tmp_path):
    """Return the report of a problem."""

    def report(*equations, **parts) -> Report:
        return check(pose(tmp_path, *equations, **parts))

    return report


@pytest.fixture
def refusal(tmp_path):
    """Return what a problem is refused with."""

    def refusal(*equations, **parts) -> str:
        with pytest.raises(ProblemError) as refused:
            check(pose(tmp_path, *equations, **parts))
        return str(refused.value).replace(f"{tmp_path}/", "")

    return refusal


FULL = """\
A membrane on a spring

  domain       rectangle, 2-D
  unknowns     u, v
  equations    laplace(u) - 0.5*u = v   linear, order 2
               d((1 + u**2)*u_x, x) + d((1 + u**2)*u_y, y) + laplace(v) - v = 0
                                        nonlinear, order 2
  conditions   u = x                    on left, right, bottom, top
               v = 0                    on left, right
               dn(v) + v**3 = 0         on bottom, top; nonlinear
  nodes        300 at spacing 0.065: 240 inside, 60 on the boundary; 60 ghosts outside
  boundary     left 16, right 16, bottom 14, top 14
  derivatives  d_xx + d_yy, d_y, d_x
  stencils     31 nodes, for order 3: exact for polynomials of degree 4
  system       nonlinear, 720 unknowns, condition about 3e+03
  method       dt-pinn, network with hidden layers of 20, 100
  memory       about 510 MiB at the peak; 8.0 GiB are free
               report 510 MiB, evaluation 450 MiB, training: head 430 MiB, direct solution 160 MiB
"""
MEMBRANE = (
    "laplace(u) - 0.5*u = v",
    "d((1 + u**2)*u_x, x) + d((1 + u**2)*u_y, y) + laplace(v) - v = 0",
)
ON = [
    ("left right bottom top", "u = x"),
    ("left right", "v = 0"),
    ("bottom top", "dn(v) + v**3 = 0"),
]


@pytest.fixture
def membrane(tmp_path):
    """A problem with something of everything."""
    problem = pose(tmp_path, *MEMBRANE, on=ON, more="[network]\nhidden = [20, 100]")
    settings = {
        "title": "A membrane on a spring",
        "solver.method": "dt-pinn",
        "solver.device": "cpu",
    }
    return problem.replace(settings)


def test_the_report_in_full(membrane):
    report = check(membrane)
    assert "\n".join(report.lines) + "\n" == FULL
    assert report.warnings == ()


def test_no_line_of_a_report_is_wider_than_a_screen(report):
    pieces = ", ".join(f'{{ name = "storey-{k}", where = "y > {k}/10" }}' for k in range(10))
    lines = report(POISSON, on=[("all", "u = 0")], domain=f"{SQUARE}\npieces = [{pieces}]").lines
    assert max(map(len, lines)) <= 100
    assert any(line.startswith(" " * 15 + "storey") for line in lines)


def test_the_figures_are_plain_json(membrane):
    figures = check(membrane).as_dict()
    assert json.loads(json.dumps(figures)) == figures
    condition, stages = figures.pop("condition"), figures.pop("memory_bytes_by_stage")
    assert 1e3 < condition < 1e4
    assert figures.pop("memory_bytes") == max(stages.values())
    assert figures.pop("spacing") == pytest.approx(0.065, abs=5e-4)
    assert figures == {
        "problem": "problem",
        "title": "A membrane on a spring",
        "shape": "rectangle",
        "dimension": 2,
        "pieces": {"left": 16, "right": 16, "bottom": 14, "top": 14},
        "regions": {},
        "time": None,
        "time_levels": 0,
        "stages": None,
        "reference": None,
        "initial": {},
        "fields": ["u", "v"],
        "parameters": [],
        "equations": list(MEMBRANE),
        "conditions": [{"on": pieces.split(), "condition": text} for pieces, text in ON],
        "constraints": [],
        "data": [],
        "functions": [],
        "linear": False,
        "interior": 240,
        "boundary": 60,
        "ghosts": 60,
        "derivatives": ["d_xx + d_yy", "d_y", "d_x"],
        "order": 3,
        "degree": 4,
        "stencil": 31,
        "unknowns": 720,
        "method": "dt-pinn",
        "hidden": [20, 100],
        "coefficients": None,
        "condition_nodes": 300,
        "memory_free_bytes": 8 * 2**30,
        "warnings": [],
    }


def test_the_command_line_shows_the_report_and_the_warnings(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    pose(tmp_path, "u_x + 0.1*u*u_y = 0", on=[("left bottom", "u = y")])
    assert main(["check", "problem.toml"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("problem\n\n  domain       rectangle, 2-D\n")
    assert err == (
        "pinnsolve: warning: no condition holds on right, top. None is needed where the solution "
        "leaves the domain; elsewhere it is not determined without one.\n"
    )


SINGULAR = (
    "the discrete problem has no unique solution: its matrix of 720 unknowns is singular to "
    "working precision (condition inf). Check that boundary conditions fix every field, constants "
    "included, or change nodes.count or solver.order."
)


def test_a_singular_operator_is_refused_at_the_equations(refusal):
    equations = ("laplace(u) + v = 1", "2*laplace(u) + 2*v = 2")
    assert refusal(*equations, on=[("all", "u = 0"), ("all", "v = 0")]) == (
        f"problem.toml:10: {SINGULAR}\n"
        '  10 | equations = ["laplace(u) + v = 1", "2*laplace(u) + 2*v = 2"]\n'
        "     |             " + "^" * 48
    )


def test_ill_posed_problems_are_refused_with_every_fault(refusal):
    assert refusal(POISSON, on=[("left", "dn(u) = 0")]) == (
        "problem.toml:12: no condition holds on right, bottom, top, but the equations need 1 on "
        'each. Add a [[boundary]] table with on = ["right", "bottom", "top"].\n'
        '  12 | on = ["left"]\n'
        "     |      ^^^^^^^^\n"
        "problem.toml:13: the level of u is not determined: every equation and condition holds for "
        "u plus any constant, as in a pure Neumann problem. Add [[constraint]] equation = "
        '"mean(u) = 0", or a condition at a point.\n'
        '  13 | condition = "dn(u) = 0"\n'
        "     |             ^^^^^^^^^^^"
    )


def test_nodes_that_cannot_carry_the_stencils_are_refused_where_they_are_given(refusal):
    assert refusal(POISSON, on=WALLS, count=10).startswith("problem.toml:6: ")


def test_nodes_from_a_file_are_examined_themselves(tmp_path):
    """Fewer nodes, made afresh, would not show what is wrong with them."""
    problem = pose(tmp_path, POISSON, on=WALLS, count=2500)
    nodes = Setup(problem).nodes
    x = nodes.x[nodes.rows].copy()
    x[:80] = np.column_stack([np.linspace(0.5, 0.501, 80), np.full(80, 0.5)])  # on a line
    write(tmp_path / "nodes.h5", replace(nodes, x=x))
    text = text_of(POISSON, on=WALLS).replace("count = 300", 'file = "nodes.h5"')
    (tmp_path / "problem.toml").write_text(text)
    with pytest.raises(ProblemError, match=r"problem\.toml:6: the 31 nodes nearest to .* do not"):
        check(load(tmp_path / "problem.toml"))


def test_what_will_not_fit_is_a_warning(report, monkeypatch):
    monkeypatch.setattr(memory, "memory", lambda: {"total": 16.0, "free": 0.1})
    assert report(POISSON, on=WALLS).warnings == (
        "rbf-fd on 300 nodes needs about 230 MiB of memory (report), but 100 MiB are free. "
        "Close other programs, or use a machine with more.",
    )


def test_an_interval_is_examined(report):
    found = report("u_xx = 1", on=[("left right", "u = 0")], domain=INTERVAL, count=40)
    assert found.figures["pieces"] == {"left": 1, "right": 1}
    assert found.warnings == ()


@pytest.mark.slow
def test_above_three_dimensions_there_is_no_direct_solution_unless_it_is_asked_for(
    tmp_path, monkeypatch
):
    """There a stencil has hundreds of nodes, which exact derivatives do without."""
    box = 'shape = "box"\nlower = [0, 0, 0, 0]\nupper = [1, 1, 1, 1]'
    problem = pose(
        tmp_path, POISSON, on=[("all", "u = 0")], domain=box, count=120, order=2, method="pinn"
    )
    assert problem.reference is None
    assert problem.replace({"solver.baseline": "always"}).reference == "rbf-fd"

    def unwanted(*_, **__):
        raise AssertionError("stencils were made that nothing needs")

    monkeypatch.setattr(setup, "assemble", unwanted)
    assert check(problem).figures["condition"] is None


def test_torch_is_not_imported(tmp_path):
    pose(tmp_path, POISSON, on=WALLS)
    code = "import sys, pinnsolve; pinnsolve.check(pinnsolve.load('problem.toml').replace("
    code += "{'solver.method': 'pinn'})); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
