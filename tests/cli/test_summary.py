from pathlib import Path

from pinnsolve.cli.summary import summary


def test_the_summary_names_the_errors_and_the_files(case):
    lines = summary(case().solution, [Path("runs/disk/solution.hdf"), Path("runs/disk/a.vtu")])
    assert lines[1] == "dt-pinn on 300 nodes, cpu, float64: finished in 1.7 s"
    assert lines[-1] == f"{Path('runs/disk')}: solution.hdf, a.vtu"
    assert not any("the end" in line for line in lines)


def test_the_summary_of_a_solution_in_time_names_levels_and_the_error_at_the_end(case_in_time):
    lines = summary(case_in_time(levels=25).solution, [])
    assert lines[1] == "dt-pinn on 300 nodes, 25 time levels, cpu, float64: finished in 1.7 s"
    assert [line.split(maxsplit=1) for line in lines if line.endswith("at the end")] == [
        ["3.00e-05", "the nodes, at the end"]
    ] * 2
