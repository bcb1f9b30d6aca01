import os
import re
from contextlib import suppress

import numpy as np
import pytest

from pinnsolve.errors import FileError, ProblemError
from pinnsolve.problem import load
from pinnsolve.problem.names import resolve
from tests.posing import text_of, written
from tests.problem.wrong_files import AT_LOADING, RIGHT, Wrong


@pytest.fixture
def write(tmp_path):
    def written(text):
        path = tmp_path / "problem.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


def message(path, overrides=None):
    with pytest.raises(ProblemError) as caught:
        load(path, overrides)
    return str(caught.value).replace(f"{path.parent}/", "")


@pytest.mark.parametrize("wrong", AT_LOADING, ids=lambda wrong: wrong.name)
def test_a_wrong_file_is_told_with_line_fault_and_remedy(wrong: Wrong, write):
    with pytest.raises((ProblemError, FileError)) as caught:
        load(write(wrong.text))
    assert caught.value.exit_code == wrong.code
    wrong.assert_told(str(caught.value))


def test_a_right_file_is_a_problem(write):
    problem = load(write(RIGHT))
    assert problem.name == "problem"
    assert problem.coordinates == ("x", "y")
    assert problem.fields == ("u",)
    assert problem.settings.solver.derivatives == "rbf-fd"
    (condition,) = problem.boundary
    assert (condition.on, condition.weight, condition.key) == (("all",), 1.0, ("boundary", 0))
    x = np.array([[0.25, 0.5]])
    np.testing.assert_allclose(problem.exact[0](x), 1 + np.sin(np.pi / 4) * np.cos(np.pi / 2))


def test_the_manufactured_source_makes_the_equation_hold(write):
    problem = load(write(RIGHT))
    x = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    normals = x / np.linalg.norm(x, axis=1, keepdims=True)
    exact = [e.expression for e in problem.exact]
    # rounding in second derivatives of size 20
    np.testing.assert_allclose(problem.equations[0].defect(exact, x), 0, atol=1e-12)
    np.testing.assert_allclose(
        problem.boundary[0].equation.defect(exact, x, normals), 0, atol=1e-12
    )


def test_all_faults_are_told_at_once(write):
    text = RIGHT.replace("radius = 1.0", "radius = -1.0").replace('f"]', 'ff"]')
    text = text.replace('on = "all"', 'on = "surfcae"').replace("order = 3", "ordr = 3")
    assert message(write(text)) == (
        "problem.toml:5: [domain] radius must be greater than 0, but is -1.\n"
        "   5 | radius = -1.0\n"
        "     |          ^^^^\n"
        'problem.toml:21: unknown name "ff". Did you mean "f"? Known: f, g, lam, pi, u, x, y.\n'
        '  21 | equations = ["laplace(u) = ff"]\n'
        "     |                            ^^\n"
        'problem.toml:32: unknown key "ordr" in [solver]. Did you mean "order"? '
        "Known: accelerate, accuracy, allow, baseline, derivatives, device, method, order, "
        "precision, seed, slabs.\n"
        "  32 | ordr = 3\n"
        "     | ^^^^"
    )


def test_a_name_that_is_broken_elsewhere_is_told_once(write):
    text = RIGHT.replace('f = "manufactured"', 'f = "sin(2*w)"')
    assert re.findall(r":(\d+): ", message(write(text))) == ["17"]


def test_an_exact_solution_in_terms_of_a_broken_function_is_told_once(write):
    text = RIGHT.replace('g = "manufactured"', 'g = "manufactured"\nh = [true]')
    text = text.replace('u = "1 + ', 'u = "h + ')
    assert re.findall(r":(\d+): ", message(write(text))) == ["19"]


def test_constants_may_use_each_other_in_any_order(write):
    problem = load(write(RIGHT.replace("lam = 2.0", 'nu = "0.01/k"\nk = "2*pi"')))
    assert problem.settings.constants["nu"] == pytest.approx(0.01 / (2 * np.pi), rel=1e-15)


def test_functions_and_definitions_may_use_each_other_in_any_order(write):
    text = RIGHT.replace('g = "manufactured"', 'g = "manufactured"\na = "b**2"\nb = "x + lam"')
    text = text.replace(
        'equations = ["laplace(u) = f"]',
        'definitions = { flux = "a*w", w = "grad(u)" }\nequations = ["div(flux) = f"]',
    )
    assert load(write(text)).equations[0].order == 2


def test_numbers_may_be_expressions_of_constants(write):
    text = RIGHT.replace("radius = 1.0", 'radius = "lam/4"').replace("300", "3e2")
    settings = load(write(text)).settings
    assert (settings.domain.radius, settings.nodes.count) == (0.5, 300)


def test_overrides_count_instead_of_the_file(write):
    problem = load(write(RIGHT), {"nodes.spacing": 0.1, "solver.method": "pinn"})
    assert (problem.settings.nodes.spacing, problem.settings.nodes.count) == (0.1, None)
    assert problem.settings.solver.derivatives == "taylor"
    again = problem.replace({"solver.method": "rbf-fd", "network.hidden": [8]})
    assert again.settings.nodes.spacing == 0.1
    assert again.settings.network.hidden == (8,)


def test_a_fault_in_an_override_names_the_command_line(write):
    told = message(write(RIGHT), {"solver.method": "pin"})
    assert told == '--set solver.method=pin: unknown method "pin". Did you mean "pinn"? Known: ' + (
        "dt-pinn, neural-ivp, operator, pinn, rbf-fd."
    )


def test_an_override_of_an_unknown_key_names_the_command_line(write):
    told = message(write(RIGHT), {"solver.sover.method": "pinn"})
    assert told.startswith('--set solver.sover.method=pinn: unknown key "sover" in [solver].')


def test_a_fault_in_the_formula_of_an_override_has_a_caret(write):
    told = message(write(RIGHT), {"domain.radius": "1/foo"})
    assert told.endswith("     1/foo\n       ^^^")


def test_the_resolved_file_gives_the_same_problem(write, tmp_path):
    (tmp_path / "data.csv").write_text("x,y,q\n0,0,1\n1,0,2\n0,1,3\n")
    text = RIGHT.replace("lam = 2.0", 'lam = "1/3"\n').replace(
        'g = "manufactured"',
        'g = "manufactured"\nq = { file = "data.csv", column = "q" }\nb = ["x", "y"]',
    )
    text = text.replace("= f", "+ q*u = f").replace('"1 + ', '"').replace("laplace(u)", "div(b*u)")
    text = text.replace("[exact]\nu", "# [exact]\n# u").replace('"manufactured"', '"x"')
    problem = load(write(text), {"solver.order": 5})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = elsewhere / "resolved.toml"
    path.write_text(problem.to_toml(), encoding="utf-8")
    again = load(path)
    assert again.settings == problem.settings
    assert [e.expression for e in again.equations] == [e.expression for e in problem.equations]
    assert path.read_text().startswith("# pinnsolve ")


def test_a_function_from_a_file_is_interpolated(write, tmp_path):
    (tmp_path / "data.csv").write_text("x,y,q\n0,0,1\n1,0,2\n0,1,3\n")
    text = RIGHT.replace('g = "manufactured"', 'g = { file = "data.csv", column = "q" }')
    equation = load(write(text)).boundary[0].equation
    residual = equation.bind(np.array([[0.25, 0.25], [1.5, 0.0]]), np.array([[1.0, 0], [1, 0]]))
    zero = {term: np.zeros(2) for term in residual.terms}
    # linear inside of the triangle, the nearest value not far outside
    np.testing.assert_allclose(residual(zero), [-1.75, -2.0])


def test_conditions_may_use_the_general_names_of_a_box(write):
    box = 'shape = "box"\nlower = [0, 0, 0]\nupper = [1, 1, 1]'
    text = RIGHT.replace('shape = "disk"\nradius = 1.0', box)
    problem = load(write(text.replace('"all"', '["low-x1", "high-x3"]')))
    assert problem.boundary[0].on == ("left", "back")
    assert problem.coordinates == ("x", "y", "z")


RECTANGLE = 'shape = "rectangle"\nlower = [0, 0]\nupper = [1, 1]'
BOX = 'shape = "box"\nlower = [0, 0, 0]\nupper = [1, 1, 1]'
HIGH = 'shape = "box"\nlower = [0, 0, 0, 0]\nupper = [1, 1, 1, 1]'
PLATE = """shape = "difference"
of = [{ shape = "rectangle", name = "plate", lower = [0, 0], upper = [1, 1] },
      { shape = "disk", radius = 0.1 }]"""


@pytest.mark.parametrize(
    ("domain", "by_axis", "usual"),
    [
        ('shape = "interval"\nbounds = [0, 1]', "x-low, x-high", "left, right"),
        (RECTANGLE, "x-low, x-high, y-low, y-high", "left, right, bottom, top"),
        (f'{RECTANGLE}\ncoordinates = ["r", "z"]', "r-high, z-low", "right, bottom"),
        (BOX, "y-low, y-high, z-low, z-high", "bottom, top, front, back"),
        (HIGH, "x1-low, x4-high", "low-x1, high-x4"),
        (PLATE, "plate.x-low, plate.y-high", "plate.left, plate.top"),
    ],
)
def test_sides_along_the_axes_have_names_by_coordinate(write, domain, by_axis, usual):
    text = f"""[domain]
{domain}
[nodes]
count = 100
[unknowns]
fields = ["u"]
[pde]
equations = ["laplace(u) = 0"]
[[boundary]]
on = {by_axis.split(", ")}
condition = "u = 0"
"""
    assert load(write(text)).boundary[0].on == tuple(usual.split(", "))


def test_in_space_the_names_by_coordinate_are_suggested(write):
    text = RIGHT.replace('shape = "disk"\nradius = 1.0', BOX).replace('"all"', '"floor"')
    with pytest.raises(ProblemError, match=r"Known: all, back, .*, z-high, z-low\."):
        load(write(text))


def test_a_name_by_coordinate_is_taken(write):
    text = RIGHT.replace('shape = "disk"\nradius = 1.0', RECTANGLE)
    piece = '[[domain.pieces]]\nname = "x-low"\nwhere = "x < 0.1"\n[nodes]'
    with pytest.raises(ProblemError, match='has the name "x-low" already'):
        load(write(text.replace("[nodes]", piece)))


def test_named_pieces_are_predicates(write):
    text = RIGHT.replace("[nodes]", '[[domain.pieces]]\nname = "west"\nwhere = "x < 0"\n[nodes]')
    ((name, where),) = load(write(text.replace('"all"', '["surface", "west"]'))).pieces
    assert name == "west"
    assert where(np.array([[-0.5, 0.0], [0.5, 0.0]])).tolist() == [True, False]


def test_coordinates_can_be_renamed(write):
    text = RIGHT.replace("radius = 1.0", 'radius = 1.0\ncoordinates = ["r", "z"]')
    problem = load(write(text.replace("pi*x", "pi*r").replace("pi*y", "pi*z")))
    assert problem.coordinates == ("r", "z")


@pytest.mark.parametrize(("axes", "dim"), [("x", 1), ("x,y", 2), ("x,y,z", 3), ("x1,x2,x3,x4", 4)])
def test_a_file_of_points_tells_the_dimension(axes, dim, write, tmp_path):
    (tmp_path / "cloud.csv").write_text(f"{axes},kind\n")
    text = RIGHT.replace('shape = "disk"\nradius = 1.0', 'shape = "points"\nfile = "cloud.csv"')
    text = text.replace("[nodes]\ncount = 300", "")[: text.index("[functions]") - 20]
    text += '\n[pde]\nequations = ["laplace(u) = 0"]\n[[boundary]]\non = "rim"\ncondition = "u = 0"'
    assert len(load(write(text)).coordinates) == dim


def test_a_file_without_points_is_an_error_of_files(write, tmp_path):
    (tmp_path / "cloud.csv").write_text("a,b\n")
    text = RIGHT.replace('shape = "disk"\nradius = 1.0', 'shape = "points"\nfile = "cloud.csv"')
    with pytest.raises(FileError, match="holds no points"):
        load(write(text))


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "\ufeff"])
def test_an_empty_file_says_where_to_start(text, write):
    assert message(write(text)) == "problem.toml: the file is empty. Start from pinnsolve new."


@pytest.mark.parametrize("cut", range(40, RIGHT.index("[exact]"), 23))
def test_a_file_that_ends_early_is_told_as_a_fault(cut, write):
    with pytest.raises(ProblemError):
        load(write(RIGHT[:cut]))


def test_files_of_random_bytes_are_told_as_faults(write):
    rng = np.random.default_rng(0)
    for _ in range(200):
        content = bytearray(RIGHT.encode())
        for at in rng.integers(0, len(content), 3):
            content[at] = rng.integers(1, 256)
        with suppress(ProblemError, FileError):  # some are right
            load(write(bytes(content)))


def test_each_of_a_chain_of_functions_is_read_once():
    texts = {f"f{i}": f"f{i + 1}_x + 1" for i in range(500)} | {"f500": "x"}
    read = []

    def note(text, known):
        read.append(text)
        return sum(known.values()) + 1

    values, faults = resolve(("functions",), texts, note)
    assert not faults
    assert read == list(reversed(texts.values()))
    assert set(values) == set(texts)


def test_a_field_whose_name_is_none_is_told_beside_periodic_sides(write):
    periodic = 'on = ["left", "right"]\nperiodic = true'
    text = RIGHT.replace('["u"]', """["a'b"]""").replace('on = "all"', periodic)
    path = write(text.replace('condition = "dn(u) + u = g"', ""))
    with pytest.raises(ProblemError, match="is not a name: names are made of letters, digits"):
        load(path)


def test_a_function_of_a_field_is_told_where_it_belongs(tmp_path):
    text = text_of("div(k*grad(u)) = 0", on=[("all", "u = 0")], more='[functions]\nk = "1 + u^2"')
    with pytest.raises(ProblemError) as caught:
        written(tmp_path, text)
    message = str(caught.value)
    assert '"u" is unknown here, where only position, time and constants count.' in message
    assert 'Name expressions of the fields in [pde], definitions = { name = "…" }' in message
    # and there it works
    there = text.replace('[functions]\nk = "1 + u^2"', "")
    there = there.replace("[pde]", '[pde]\ndefinitions = { k = "1 + u^2" }')
    assert not written(tmp_path, there).equations[0].is_linear


def test_a_file_whose_name_is_in_another_encoding_has_one_that_can_be_written(tmp_path):
    """As of an archive packed elsewhere; in Python such bytes are halves of surrogate pairs."""
    path = tmp_path / os.fsdecode(b"W\xe4rme.toml")
    try:
        path.write_text(RIGHT)
    except OSError:
        pytest.skip("this file system takes no such name")
    problem = load(path)
    assert problem.name == "W\N{REPLACEMENT CHARACTER}rme"
    assert b"rme.toml with all settings" in problem.to_toml().encode()
