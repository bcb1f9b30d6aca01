from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from pinnsolve.output.report import report
from pinnsolve.output.report.page import mathml
from pinnsolve.output.report.statement import shape_in_words
from pinnsolve.output.vtk.grid import grid
from pinnsolve.solution.course import Record
from tests.lanes import parameters, studied
from tests.solutions import changed

VOID = {"meta", "br", "img"}


class Page(HTMLParser):
    """The tags of a page, its text, and whatever it would fetch; refuses tags that do not match."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.words, self.fetched = [], [], [], []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.open += [tag] if tag not in VOID else []
        links = [value for name, value in attributes if name in ("src", "href", "xlink:href")]
        self.fetched += [link for link in links if not link.startswith(("#", "data:image/png"))]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "svg"} & set(self.open):
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def page(made):
    return Page(report.html(made.solution, grid(made.solution, made.domain), made.domain))


@pytest.mark.parametrize("shape", parameters(["interval", "plate", "box"], {"box"}))
def test_the_report_is_one_whole_page_that_fetches_nothing(case, shape):
    made = case(shape, 200)
    html = report.html(made.solution, grid(made.solution, made.domain), made.domain)
    found = Page(html)
    assert found.fetched == []
    assert "script" not in found.tags
    assert "@import" not in html
    assert html.count("url(#") == html.count("url(")  # clip paths within the page
    assert found.tags.count("figure") == 4  # two fields, convergence, nodes
    assert "The field u, and its distance from the exact solution." in found.text
    assert found.tags.count("svg") > 6  # a field and its error, loss and error: one picture each
    assert len(html) < 1_500_000  # light enough to be sent by mail


@pytest.mark.slow
@pytest.mark.parametrize(
    "shape", studied(["two intervals", "plate", "box"], {"two intervals", "plate"})
)
def test_the_report_of_a_solution_in_time_is_one_whole_page(case_in_time, shape):
    made = case_in_time(shape, 200, levels=9)
    html = report.html(made.solution, grid(made.solution, made.domain), made.domain)
    found = Page(html)
    assert found.fetched == []
    assert found.tags.count("figure") == 5  # two fields, errors, convergence, nodes
    for time in ("t = 1<", "t = 1.5<", "t = 2<", "t = 2.5<", "t = 3<"):
        assert html.count(time) >= 4  # beside each picture of u, of v, and of their errors
    assert "is given on them at 9 time levels, from t = 1 to t = 3." in found.text
    assert "in Ω, at t = 1" in found.text  # the initial values
    assert "t from 1 to 3" in found.text
    assert found.tags.count("math") == 8  # equations, conditions, initial values, exact solution
    assert len(html) < 3_000_000  # forty pictures of bodies, whose errors compress badly


@pytest.mark.usefixtures("no_pictures")
def test_a_solution_in_time_that_is_not_finite_has_a_report_too(case_in_time):
    made = case_in_time()
    values = np.full_like(made.solution.sample.values, np.nan)
    broken = changed(made.solution, values=values, errors=None, baseline=None)
    assert "The values are not finite" in page(replace(made, solution=broken)).text


@pytest.mark.slow
@pytest.mark.usefixtures("no_pictures")
def test_what_stands_in_the_problem_file_is_text_not_markup(case):
    made = case(title="<script>alert(1)</script> & more")
    found = page(made)
    assert "script" not in found.tags
    assert "b" not in found.tags
    assert "<script>alert(1)</script> & more" in found.text
    assert "Made up <b>for tests</b> & nothing else." in found.text
    assert "A. Author (2024), <i>On tests</i>" in found.text


@pytest.mark.usefixtures("no_pictures")
def test_the_problem_is_typeset(case):
    found = page(case())
    assert found.tags.count("math") == 6  # two equations, two conditions, two exact solutions
    assert "in Ω" in found.text
    assert "on ∂Ω" in found.text


@pytest.mark.usefixtures("no_pictures")
def test_the_report_says_how_good_the_solution_is_and_what_each_phase_did(case):
    text = page(case()).text
    assert "1.00·10⁻⁵ 3.00·10⁻⁵" in text  # u in the table of errors
    assert "head 1 100 ms 100 0.001 0.01 solved by least squares." in text
    assert "gauss-newton 1 800 ms 0.001 1.0·10⁻¹² 1.0·10⁻⁵ the loss no longer falls." in text


@pytest.mark.slow
@pytest.mark.usefixtures("no_pictures")
def test_the_report_of_a_direct_solution_has_no_training(case):
    made = case(method="rbf-fd", history=(), phases=(), baseline=None)
    assert "Training" not in page(made).text
    assert "No network was trained." in page(made).text


@pytest.mark.slow
@pytest.mark.usefixtures("no_pictures")
def test_without_exact_solution_the_direct_one_is_the_measure(case):
    text = page(case(has_exact=False)).text
    assert "u − direct solution" not in text  # it stands in the figures
    assert "difference from the direct solution" in text


@pytest.mark.slow
@pytest.mark.usefixtures("no_pictures")
def test_a_diverged_solution_has_a_report_too(case):
    made = case()
    broken = changed(
        made.solution,
        values=np.full_like(made.solution.sample.values, np.nan),
        history=(
            Record(0, "adam", 0, 1.0),
            Record(1, "adam", 1, np.inf),
            Record(2, "adam", 2, np.nan),
        ),
        status="diverged",
        message="the loss is not finite.",
        errors=None,
    )
    text = page(replace(made, solution=broken)).text
    assert "The training diverged; what is shown here is its last finite state." in text
    assert "The values are not finite" in text


def test_shapes_are_told_in_words():
    disk = {"shape": "disk", "center": (0.0, -0.5), "radius": 1.0}
    assert shape_in_words(disk) == "disk: center (0, −0.5), radius 1"
    square = {"shape": "rectangle", "lower": (0.0, 0.0), "upper": (1.0, 1.0)}
    plate = {"shape": "difference", "of": [square, disk | {"name": "hole"}]}
    assert shape_in_words(plate) == (
        "(rectangle: lower (0, 0), upper (1, 1)) without (hole = disk: center (0, −0.5), radius 1)"
    )


@pytest.mark.parametrize("latex", [r"\left(", r"\text{<script>alert(1)</script>}", r"\text{&}"])
def test_what_cannot_be_typeset_safely_stands_as_text(latex):
    assert mathml(latex, "a < b") == "<code>a &lt; b</code>"
