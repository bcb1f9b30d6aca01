"""What the report and the terminal tell of a flow."""

import re

from pinnsolve.cli.summary import summary
from pinnsolve.output.report.flow import flow as section
from pinnsolve.output.vtk.grid import grid
from tests.flows import NAVIER_STOKES, flow

CHANNEL = 'shape = "rectangle"\nlower = [0, -1]\nupper = [3, 1]'
POISEUILLE = {"u": "1 - y^2", "v": "0", "p": "-2*nu*x"}
OUTPUT = 'forces = ["top"]'


def channel(folder):
    return flow(folder, CHANNEL, POISEUILLE, equations=NAVIER_STOKES, output=OUTPUT)


def test_the_report_tells_forces_fluxes_and_the_reynolds_number(tmp_path):
    made = channel(tmp_path)
    text = section(made.solution, grid(made.solution, made.domain), made.domain)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", text)
    assert cells[:5] == ["top", "3", "−4.5", "−2.25", "1.5, 1"]
    assert cells[5:9] == ["left", "−1.3333", "right", "1.3333"]
    assert "all: mass defect" in cells
    assert "the diameter of top, 3, and the kinematic viscosity 0.5.</p>" in text
    assert "Streamlines, everywhere along the velocity" in text


def test_the_report_has_no_section_on_a_flow_where_there_is_none(case):
    made = case()
    assert section(made.solution, grid(made.solution, made.domain), made.domain) == ""


def test_the_terminal_tells_forces_and_what_is_lost(tmp_path):
    lines = summary(channel(tmp_path).solution, [])
    (head,) = (i for i, line in enumerate(lines) if line.startswith("force on"))
    assert lines[head].split() == ["force", "on", "x", "y", "moment"]
    assert lines[head + 1].split() == ["top", "3", "-4.5", "-2.25"]
    assert lines[head + 2].startswith("Flow through the boundary: 1.33333, of which ")
    assert lines[head + 3].endswith(", by the largest speed and the diameter of top.")
