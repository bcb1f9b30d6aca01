"""Pictures of flows: streamlines follow the stream function and stay in the domain."""

import numpy as np
import pytest

from pinnsolve.output.figures.figures import svg
from pinnsolve.output.figures.streams import force_figure, stream_figure
from pinnsolve.output.vtk.grid import grid
from tests.flows import flow
from tests.solutions import SHAPES

HOLLOW = """shape = "difference"
of = [{ shape = "rectangle", lower = [-2, -1.5], upper = [3, 1.5], name = "channel" },
      { shape = "disk", center = [0, 0], radius = 0.5, name = "cylinder" }]"""
PAST = {  # a cylinder without friction, of the stream function y (1 - 1/(4 r²))
    "u": "1 - (x^2 - y^2)/(4*(x^2 + y^2)^2)",
    "v": "-x*y/(2*(x^2 + y^2)^2)",
    "p": "0",
}
IN_TIME = {
    "equations": ("u_t + p_x = laplace(u)", "v_t + p_y = laplace(v)", "u_x + v_y = 0"),
    "initial": '[initial]\nu = "0"\nv = "0"',
    "levels": "time_levels = 3",
}


def drawn(made):
    return stream_figure(made.solution, grid(made.solution, made.domain), made.domain)


def test_along_streamlines_the_stream_function_stays(tmp_path):
    made = flow(tmp_path, HOLLOW, PAST)
    lines = drawn(made).axes[0].collections[-1].get_segments()
    change, steps = 0.0, 0.0
    for x, y in (line.T for line in lines):
        stream = y * (1 - 1 / (4 * (x**2 + y**2)))
        change += np.abs(np.diff(stream)).sum()
        steps += np.hypot(np.diff(x), np.diff(y)).sum()
        assert (made.domain.distance(np.column_stack([x, y])) < 1e-3).all()
    assert steps > 50
    # a hundredth of the change straight across the lines, by linear interpolation between
    # points of the lattice 0.03 apart and the steps of the picture's tracer
    assert change < 0.01 * steps


def test_the_picture_names_its_colours_and_its_instant(tmp_path):
    swirl = {"u": "-y*t", "v": "x*t", "p": "0"}
    made = flow(tmp_path, SHAPES["annulus"] + "\ntime = [0, 2]", swirl, **IN_TIME)
    figure = drawn(made)
    assert figure.axes[0].get_title(loc="left") == "speed and streamlines, t = 2"
    assert figure.axes[1].get_title(loc="left") == "speed"
    low, high = figure.axes[1].get_ylim()
    assert (low, high) == pytest.approx((0.8, 2), abs=1e-9)  # r t at the end
    assert svg(figure, "A flow").startswith('<svg role="img" aria-label="A flow"')


def test_a_field_keeps_its_name_and_half_a_fluid_may_rest(tmp_path):
    sheared = {"velocity": "max(y, 0)", "v": "0", "p": "0"}
    momentum = ("p_x = laplace(velocity)", "p_y = laplace(v)", "velocity_x + v_y = 0")
    made = flow(tmp_path, SHAPES["disk"], sheared, equations=momentum, on=[("all", "v = 0")])
    values = grid(made.solution, made.domain).values["velocity"]
    np.testing.assert_array_equal(values, made.solution.sample.values[:, 0])
    assert drawn(made) is not None


@pytest.mark.parametrize("shape", ["disk", "box"])
def test_there_is_no_picture_of_what_is_no_plane_flow(case, shape):
    assert drawn(case(shape, 200)) is None


def test_there_is_no_picture_of_a_fluid_at_rest(tmp_path):
    made = flow(tmp_path, SHAPES["disk"], {"u": "0", "v": "0", "p": "x"})
    assert drawn(made) is None
    assert force_figure(made.solution) is None


def test_the_course_of_the_forces_has_a_curve_for_each_piece(tmp_path):
    swirl = {"u": "-y*t", "v": "x*t", "p": "x*t"}
    parts = {**IN_TIME, "output": 'forces = ["inner", "outer"]'}
    made = flow(tmp_path, SHAPES["annulus"] + "\ntime = [0, 2]", swirl, **parts)
    along_x, along_y = force_figure(made.solution).axes
    inner, outer = along_x.get_lines()
    # buoyancy: minus the integral of the gradient over the hole, and over all of it
    np.testing.assert_allclose(inner.get_ydata(), -np.pi * 0.16 * np.array([0, 1, 2]), atol=1e-9)
    np.testing.assert_allclose(outer.get_ydata(), np.pi * np.array([0, 1, 2]), atol=1e-9)
    assert [line.get_label() for line in (inner, outer)] == ["inner", "outer"]
    assert along_y.get_title(loc="left") == "force along y"
