import numpy as np
import pytest

from pinnsolve.output.figures.errors import error_figure
from pinnsolve.output.figures.evolution import evolution_figure, image, instants
from pinnsolve.output.figures.panels import quantities
from pinnsolve.output.vtk.grid import grid


def pictures(figure):
    """Return the panels with a time for their title."""
    return [axes for axes in figure.axes if axes.get_title(loc="left").startswith("t = ")]


def test_instants_are_spread_over_time_not_over_levels():
    times = np.concatenate([np.linspace(0, 0.1, 91), np.linspace(0.11, 1, 90)])
    np.testing.assert_allclose(times[instants(times)], [0, 0.25, 0.5, 0.75, 1], atol=0.005)


def test_few_levels_are_all_shown():
    assert instants(np.array([0.0, 2.0])).tolist() == [0, 1]
    assert instants(np.linspace(0, 1, 4)).tolist() == [0, 1, 2, 3]


def test_space_and_time_are_linear_between_nodes_and_levels():
    x, times = np.array([0.0, 3.0, 1.0]), np.array([0.0, 1.0, 4.0])
    cells = np.array([[2, 1], [0, 2]])
    values = 1 + 2 * x - 3 * times[:, None]
    found = image(x, cells, values, times)
    t, place = np.linspace(0, 4, len(found))[:, None], np.linspace(0, 3, found.shape[1])
    np.testing.assert_allclose(found, 1 + 2 * place - 3 * t, atol=1e-13)


def test_between_two_parts_of_a_domain_there_is_nothing():
    x, times = np.array([0.0, 1.0, 2.0, 4.0]), np.array([0.0, 1.0])
    found = image(x, np.array([[0, 1], [2, 3]]), np.ones((2, 4)), times)
    place = np.linspace(0, 4, found.shape[1])
    is_empty = (place > 1) & (place < 2)
    np.testing.assert_array_equal(np.isnan(found), np.broadcast_to(is_empty, found.shape))


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "views"), [("plate", 2), ("box", 4)])
def test_instants_of_a_field_share_their_colours(case_in_time, shape, views):
    made = case_in_time(shape, 200, levels=9)
    drawn = grid(made.solution, made.domain)
    figure = evolution_figure(made.solution, drawn, made.domain, "u")
    panels = pictures(figure)
    assert len(panels) == 5 * views
    maps = [image for axes in panels for image in axes.collections if image.get_array() is not None]
    ranges = {image.get_clim() for image in maps}
    expected = {
        (quantity.colours.norm.vmin, quantity.colours.norm.vmax)
        for quantity in quantities(drawn, "u")
    }
    assert ranges == expected


def test_errors_against_time_are_those_of_the_solution_and_of_the_direct_one(case_in_time):
    solution = case_in_time(levels=4).solution
    lines = {line.get_label(): line for line in error_figure(solution).axes[0].lines}
    assert set(lines) == {"u", "u, direct solution", "v", "v, direct solution"}
    np.testing.assert_allclose(lines["u"].get_ydata(), 1e-5 * solution.sample.times, rtol=1e-9)
    np.testing.assert_allclose(
        lines["v, direct solution"].get_ydata(), 1e-6 * solution.sample.times, rtol=1e-8
    )


def test_without_exact_solution_the_distance_from_the_direct_one_is_drawn(case_in_time):
    solution = case_in_time(has_exact=False).solution
    axes = error_figure(solution).axes[0]
    assert axes.get_title(loc="left").startswith("relative L2 difference from the direct solution")
    assert [line.get_label() for line in axes.lines] == ["u", "v"]
    assert error_figure(case_in_time(has_exact=False, baseline=None).solution) is None
