"""The pictures of a figure, one by one: on a wide page they are the figure again."""

import re

import pytest

from pinnsolve.output.figures.apart import rows_of_pictures, set_apart
from pinnsolve.output.figures.evolution import evolution_figure
from pinnsolve.output.figures.fields import field_figure
from pinnsolve.output.figures.figures import WIDTH, nodes_figure
from pinnsolve.output.vtk.grid import grid


def drawn(made, draw):
    return draw(made.solution, grid(made.solution, made.domain), made.domain, "u")


def heights(row):
    """Return the heights of the pictures of a row, in points."""
    return [float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', text)[1]) for text, _ in row]


def test_a_field_and_its_error_are_a_picture_each(case):
    figure = drawn(case("disk", 100), field_figure)
    ((field, error),) = rows = rows_of_pictures(figure, "The field u")
    assert field[1] + error[1] == pytest.approx(WIDTH)
    assert len(set(heights(rows[0]))) == 1  # side by side they stand level
    assert "u − exact" in error[0]
    assert "u − exact" not in field[0]
    assert all(axes.get_visible() for axes in figure.axes)
    used = [set(re.findall(r'(?:url\(|href=")#([\w-]+)', text)) for text, _ in rows[0]]
    assert not used[0] & used[1]  # in one page each refers to its own


def test_instants_stand_in_rows_that_fill_the_page(case_in_time):
    figure = drawn(case_in_time("disk", 100), evolution_figure)
    rows = rows_of_pictures(figure, "The field u")
    assert [len(row) for row in rows] == [4, 4]  # the levels, of the field and of its error
    for row in rows:
        assert sum(width for _, width in row) == pytest.approx(WIDTH)
        assert len(set(heights(row))) == 1
    tall = sum(heights(row)[0] for row in rows) / 72
    assert tall == pytest.approx(figure.get_figheight(), abs=1e-4)  # of the digits in SVG


def test_a_scale_of_colours_says_what_it_is_of(case):
    figure = drawn(case("disk", 100), field_figure)
    bars = [axes.get_title(loc="left") for axes in figure.axes if axes.get_position().width < 0.03]
    assert [name.partition("⁻")[0] for name in bars] == ["u", "error\nin 10"]


def test_one_picture_stays_as_it_is(case):
    made = case("disk", 100)
    html = set_apart(nodes_figure(made.solution.sample.nodes, made.domain), "The nodes")
    assert html.startswith('<figure><svg role="img" aria-label="The nodes"')
    assert html.count("<svg") == 1
    two = set_apart(drawn(made, field_figure), "The field u", "u < v")
    assert two.endswith("<figcaption>u &lt; v</figcaption></figure>")
    assert two.count("<svg") == two.count("<div style='flex:") == 2
