"""Slices, marginals and numbers in time, as files and in the report."""

import os
from dataclasses import replace

import meshio
import numpy as np
import pytest

from pinnsolve.output.numbers import scientific
from pinnsolve.output.report.observables import observables as section
from pinnsolve.output.run_directory import write_run
from pinnsolve.solution.observables import InTime, Observables, Table

TIMES = np.array([0.0, 1.0])
ALONG = ["slice-x-y.csv", "slice-x-y.pvd", "marginal-x.csv", "moments.csv", "conserved.csv"]


def seen():
    """Return observables that are known: x + 2 y + t, and its integral over y."""
    x, y = np.linspace(0, 1, 3), np.linspace(0, 1, 2)
    grid = np.stack(np.meshgrid(x, y, indexing="ij"), -1).reshape(-1, 2)
    values = np.stack([grid @ [1.0, 2.0] + t for t in TIMES])[..., None]
    values = np.concatenate([values, -values], axis=-1)  # of two fields
    values[:, 0] = np.nan  # a corner outside
    line = np.stack([x + 1 + t for t in TIMES])[..., None] * np.ones(2)
    mass = InTime(np.array([1.5, 2.5]), np.array([0.1, 0.2]), np.array([1.5, 2.4]))
    return Observables(
        TIMES,
        (
            Table("slice", ("x", "y"), (x, y), TIMES, values, truth=values + 1),
            Table("marginal", ("x",), (x,), TIMES, line, half_widths=0.1 * line),
        ),
        {"u": {"mass": mass}},
        {"energy": mass},
    )


@pytest.mark.usefixtures("no_pictures")
def test_files_hold_what_is_told_and_go_with_the_next_run(case_in_time, tmp_path):
    made = case_in_time()
    solution = replace(made.solution, observables=seen())
    write_run(solution, made.domain, tmp_path / "run", ("vtu",))
    assert set(ALONG) < set(os.listdir(tmp_path / "run"))
    rows = np.genfromtxt(tmp_path / "run" / "slice-x-y.csv", delimiter=",", names=True)
    assert rows.dtype.names == ("x", "y", "t", "u", "v", "exact_u", "exact_v")
    known = rows[np.isfinite(rows["u"])]
    np.testing.assert_array_equal(known["u"], known["x"] + 2 * known["y"] + known["t"])
    np.testing.assert_array_equal(known["exact_u"], known["u"] + 1)
    level = meshio.read(tmp_path / "run" / "slice-x-y" / "0001.vtu")
    assert len(level.cells_dict["triangle"]) == 2  # of four, two have a corner outside
    np.testing.assert_array_equal(level.point_data["u"][1:], rows["u"][7:])
    moments = (tmp_path / "run" / "moments.csv").read_text().splitlines()
    assert moments[0] == "t,mass_of_u,mass_of_u_half_width,exact_mass_of_u"
    assert moments[2] == "1.0,2.5,0.2,2.4"
    write_run(made.solution, made.domain, tmp_path / "run", ("vtu",), overwrite=True)
    assert not {*ALONG, "slice-x-y"} & set(os.listdir(tmp_path / "run"))


def test_the_report_shows_all_of_it(case_in_time):
    solution = replace(case_in_time().solution, observables=seen())
    text = section(solution)
    assert text.count("<figure>") == 5  # two fields on a plane and on a line, and the change
    assert "u over x, integrated over all other coordinates" in text
    assert "<td>mass of u</td><td class='number'>1.5</td>" in text
    assert f"{scientific(2 / 3)}</td></tr>" in text  # of 1.5 has become 2.5
    assert section(replace(solution, observables=None)) == ""
