"""Regions and interfaces as read from a problem file."""

import numpy as np
import pytest

from pinnsolve import PinnsolveError, load

TEXT = """\
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 1]
[nodes]
count = 500
[unknowns]
fields = ["u"]
[constants]
k = 1.0
[functions]
f = "manufactured"
jump = "manufactured"
[pde]
equations = ["div(k*grad(u)) = f"]
[[region]]
name = "left"
where = "x < c"
[region.constants]
c = 0.5
[region.functions]
ue = "sin(x)*y"
[[region]]
name = "right"
[region.constants]
k = "10*1"
[region.functions]
ue = "cos(x)*y"
[[interface]]
between = ["left", "right"]
condition = "u.left - u.right = jump"
[[boundary]]
on = "all"
condition = "k*dn(u) + u = k*dn(ue) + ue"
[exact]
u = "ue"
[solver]
method = "rbf-fd"
"""
POINTS = np.array([[0.2, 0.3], [0.7, 0.9]])


@pytest.fixture
def read(tmp_path):
    """Read the text after replacements."""

    def reading(*changes, text=TEXT):
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "wall.toml"
        path.write_text(text)
        return load(path)

    return reading


def test_each_region_is_read_with_its_own_names(read):
    left, right = read().regions
    x, y = POINTS.T
    assert (left.name, right.name) == ("left", "right")
    np.testing.assert_allclose(left.problem.exact[0](POINTS), np.sin(x) * y)
    np.testing.assert_allclose(right.problem.exact[0](POINTS), np.cos(x) * y)
    for region in (left, right):  # sources and conditions fit the solution and the conductivity
        problem = region.problem
        exact = [problem.exact[0].expression]
        normals = np.ones_like(POINTS) / np.sqrt(2)
        assert problem.regions == ()
        np.testing.assert_allclose(problem.equations[0].defect(exact, POINTS), 0, atol=1e-14)
        condition = problem.boundary[0].equation
        np.testing.assert_allclose(condition.defect(exact, POINTS, normals), 0, atol=1e-14)
    np.testing.assert_array_equal(left.where(POINTS), [True, False])
    assert right.is_rest
    assert not left.is_rest


def test_the_whole_has_the_statements_of_the_first_region(read):
    problem = read()
    first = problem.regions[0].problem
    assert problem.equations == first.equations
    assert problem.exact == first.exact


def test_a_region_has_a_shape_whose_keys_may_use_its_constants(read):
    shape = 'name = "right"\nshape = "disk"\ncenter = [0.5, 0.5]\nradius = "k/40"'
    _, region = read(('name = "right"', shape)).regions
    assert (region.shape.shape, region.shape.radius) == ("disk", 0.25)
    assert region.where is None


def test_equations_of_regions_stand_in_place_of_those_of_all(read):
    own = 'name = "right"\nequations = ["u_xx + 3*u_yy = f"]'
    left, right = read(('name = "right"', own)).regions
    assert left.problem.equations[0].text == "div(k*grad(u)) = f"
    assert right.problem.equations[0].text == "u_xx + 3*u_yy = f"


ALL_OWN = (
    ('[pde]\nequations = ["div(k*grad(u)) = f"]\n', ""),
    ('name = "left"', 'name = "left"\nequations = ["laplace(u) = f"]'),
    ('name = "right"', 'name = "right"\nequations = ["10*laplace(u) = f"]'),
)


def test_where_each_region_has_equations_none_need_hold_for_all(read):
    problem = read(*ALL_OWN)
    assert [r.problem.equations[0].text for r in problem.regions] == [
        "laplace(u) = f",
        "10*laplace(u) = f",
    ]


def test_a_condition_between_regions_holds_the_fields_of_both(read):
    flux = "k.left*dn(u.left) - k.right*dn(u.right) + u_xy.right*x = jump"
    (condition,) = read(("u.left - u.right = jump", flux)).interfaces
    assert condition.between == ("left", "right")
    assert condition.key == ("interface", 0, "condition")
    assert condition.equation.symbols.fields == ("u.left", "u.right")
    assert {term.field for term in condition.equation.terms} == {0, 1}
    assert r"\partial_{n} u|_{\mathrm{left}}" in condition.equation.latex


def test_a_manufactured_jump_is_that_of_the_exact_solutions(read):
    problem = read()
    (condition,) = problem.interfaces
    exact = [region.problem.exact[0].expression for region in problem.regions]
    np.testing.assert_allclose(condition.equation.defect(exact, POINTS), 0, atol=1e-14)


def test_definitions_hold_the_fields_of_their_region(read):
    defined = 'equations = ["div(k*grad(u)) = f"]\ndefinitions = { q = "-k*u_x" }'
    changed = (
        ('equations = ["div(k*grad(u)) = f"]', defined),
        ("u.left - u.right", "q.left - q.right"),
    )
    (condition,) = read(*changed).interfaces
    (own,) = read(("u.left - u.right", "-1*u_x.left + 10*u_x.right")).interfaces
    assert condition.equation.expression - own.equation.expression == 0


def test_initial_values_are_those_of_the_region(read):
    changes = (
        ("upper = [1, 1]", "upper = [1, 1]\ntime = [0.0, 1.0]"),
        ("div(k*grad(u)) = f", "u_t - div(k*grad(u)) = f"),
        ("[exact]", '[initial]\nu = "ue + k"\n[exact]'),
    )
    left, right = read(*changes).regions
    x, y = POINTS.T
    np.testing.assert_allclose(left.problem.initial[0][0](POINTS), np.sin(x) * y + 1)
    np.testing.assert_allclose(right.problem.initial[0][0](POINTS), np.cos(x) * y + 10)


@pytest.mark.parametrize(
    "changes",
    [
        (),
        ALL_OWN,
        (('where = "x < c"', 'shape = "disk"\nradius = "c/2"'),),
        (
            (
                "[[boundary]]",
                '[[interface]]\nbetween = ["right", "left"]\ncondition = "u.left = x"\n'
                "[[boundary]]",
            ),
        ),
    ],
    ids=["where", "equations", "shape", "interfaces"],
)
def test_written_out_it_is_the_same_problem(changes, read):
    problem = read(*changes)
    again = read(text=problem.to_toml())
    for one, other in zip(problem.regions, again.regions, strict=True):
        assert one.name == other.name
        assert one.shape == other.shape
        assert str(one.where and one.where.tree) == str(other.where and other.where.tree)
        for a, b in zip(
            [*one.problem.equations, *(c.equation for c in one.problem.boundary)],
            [*other.problem.equations, *(c.equation for c in other.problem.boundary)],
            strict=True,
        ):
            assert a.expression == b.expression
    assert [c.equation.expression for c in problem.interfaces] == [
        c.equation.expression for c in again.interfaces
    ]


RIGHT = TEXT[TEXT.index('[[region]]\nname = "right"') : TEXT.index("[[interface]]")]
NAME = 'name = "right"'
BETWEEN = 'between = ["left", "right"]'
STATED = "u.left - u.right = jump"
FAULTS = {
    "two of one name": (
        [(NAME, 'name = "left"'), (BETWEEN, 'between = ["left", "other"]')],
        """\
:24: two regions have the name "left". Choose another name for the region.
  24 | name = "left"
     |        ^^^^^^
:30: there is no region "other". Known: left.
  30 | between = ["left", "other"]
     |                    ^^^^^^^""",
    ),
    "no name": (
        [(NAME, 'name = "right hand"'), (BETWEEN, 'between = ["left", "right hand"]')],
        """\
:24: "right hand" is not a name: names are made of letters, digits and _. Choose another name for \
the region.
  24 | name = "right hand"
     |        ^^^^^^^^^^^^""",
    ),
    "two that are the rest": (
        [('where = "x < c"\n', "")],
        """\
:22: region "right" does not say where it lies, as another that is the rest. Add where = \
"x < 0.5", or a shape, to one of them.
  22 | [[region]]
     | ^^^^^^^^^^""",
    ),
    "only one": (
        [(RIGHT, ""), (BETWEEN, 'between = ["left", "left"]')],
        """\
:16: there is one region, "left". Add another [[region]], which may be the rest, without where \
and shape; or say the same in [constants], [functions] and [pde].
  16 | [[region]]
     | ^^^^^^^^^^
:24: the interface has the region "left" on both sides. Name two regions.
  24 | between = ["left", "left"]
     |           ^^^^^^^^^^^^^^^^""",
    ),
    "where and shape": (
        [(NAME, f'{NAME}\nwhere = "x > 0.5"\nshape = "disk"\nradius = 0.2')],
        """\
:25: where and shape are both given. Keep one of them; a part of a shape is an intersection.
  25 | where = "x > 0.5"
     |         ^^^^^^^^^""",
    ),
    "a key of none": (
        [(NAME, f'{NAME}\nwher = "x > 0.5"')],
        """\
:25: unknown key "wher" in [[region]]. Did you mean "where"? Known: constants, equations, \
functions, name, where.
  25 | wher = "x > 0.5"
     | ^^^^""",
    ),
    "a key of no such shape": (
        [(NAME, f'{NAME}\nshape = "disk"\nradius = 0.2\ncentre = [0, 0]')],
        """\
:27: unknown key "centre" in [[region]]. Did you mean "center"? Known: center, constants, \
equations, functions, name, radius, rotate, scale, shape, translate, where.
  27 | centre = [0, 0]
     | ^^^^^^""",
    ),
    "a key of the domain": (
        [(NAME, f'{NAME}\nshape = "disk"\nradius = 0.2\ntime = [0, 1]')],
        """\
:27: time belongs to [domain], not to a region.
  27 | time = [0, 1]
     |        ^^^^^^""",
    ),
    "a shape in space": (
        [(NAME, f'{NAME}\nshape = "ball"\ncenter = [0, 0, 0]\nradius = 0.2')],
        """\
:25: the region is 3-dimensional, the domain 2-dimensional. Take a shape of as many dimensions.
  25 | shape = "ball"
     |         ^^^^^^""",
    ),
    "no region beside it": (
        [(BETWEEN, 'between = ["left", "rigth"]')],
        """\
:30: there is no region "rigth". Did you mean "right"? Known: left, right.
  30 | between = ["left", "rigth"]
     |                    ^^^^^^^""",
    ),
    "one side alone": (
        [(BETWEEN, 'between = ["left"]')],
        """\
:30: [[interface]] between must name two regions, but is a list of 1. Write it as ["a", "b"].
  30 | between = ["left"]
     |           ^^^^^^^^""",
    ),
    "a field that is not there": (
        [(STATED, "v.left - u.right = jump")],
        """\
:31: unknown name "v.left". Did you mean "u.left"? Known: c.left, f, jump, k.left, k.right, n, \
n_x, n_y, pi, u.left, u.right, ue.left, ue.right, x, y.
  31 | condition = "v.left - u.right = jump"
     |              ^^^^^^""",
    ),
    "a side that is not there": (
        [(STATED, "u.left - u.rigth = jump")],
        """\
:31: "rigth" is neither side of this interface. It lies between "left" and "right".
  31 | condition = "u.left - u.rigth = jump"
     |                       ^^^^^^^""",
    ),
    "no side": (
        [(STATED, "u_x - u.right = jump")],
        """\
:31: "u_x" does not say on which side of the interface. Write u_x.left or u_x.right.
  31 | condition = "u_x - u.right = jump"
     |              ^^^""",
    ),
    "a name of one side": (
        [(STATED, "c*u.left - u.right = jump")],
        """\
:31: "c" does not say on which side of the interface. Write c.left.
  31 | condition = "c*u.left - u.right = jump"
     |              ^""",
    ),
    "what has no sides": (
        [(STATED, "u.left*x.left - u.right = jump")],
        """\
:31: "x" is the same on both sides. Write x alone.
  31 | condition = "u.left*x.left - u.right = jump"
     |                     ^^^^^^""",
    ),
    "the side of a formula": (
        [(STATED, "dn(u).left - u.right = jump")],
        """\
:31: only a name has a region behind it. Write dn(u.a), not dn(u).a.
  31 | condition = "dn(u).left - u.right = jump"
     |              ^^^^^^^^^^""",
    ),
    "a side elsewhere": (
        [("k*dn(u) +", "k*dn(u.left) +")],
        """\
:34: a dot after a name has no meaning here. Write products with *.
  34 | condition = "k*dn(u.left) + u = k*dn(ue) + ue"
     |                   ^^^^^^""",
    ),
    "a name for two": (
        [('ue = "cos(x)*y"', 'ue = "cos(x)*y"\nk = "x"')],
        """\
:29: the function "k" has the name of a constant. Choose another name for the function.
  29 | k = "x"
     | ^""",
    ),
    "the same in all": (
        [('u = "ue"', 'u = "ue + q"')],
        """\
:36: unknown name "q". Known: c, k, pi, ue, x, y.
  36 | u = "ue + q"
     |           ^""",
    ),
    "a name of one region": (
        [('[exact]\nu = "ue"', '[exact]\nu = "ue + c"')],
        """\
:36: in region "right": unknown name "c". Known: k, pi, ue, x, y.
  36 | u = "ue + c"
     |           ^""",
    ),
    "a constant of a region": (
        [('k = "10*1"', 'k = "10*r"')],
        """\
:26: unknown name "r". Known: pi.
  26 | k = "10*r"
     |         ^""",
    ),
    "a function of a region": (
        [('ue = "cos(x)*y"', 'ue = "cos(r)*y"')],
        """\
:28: unknown name "r". Known: f, k, pi, x, y.
  28 | ue = "cos(r)*y"
     |           ^""",
    ),
    "an equation of a region": (
        [(NAME, f'{NAME}\nequations = ["laplace(v) = f"]')],
        """\
:25: unknown name "v". Known: f, k, pi, u, ue, x, y.
  25 | equations = ["laplace(v) = f"]
     |                       ^""",
    ),
    "a place": (
        [('where = "x < c"', 'where = "x"')],
        """\
:18: a comparison is expected here. Write, say, x < 0.5.
  18 | where = "x"
     |          ^""",
    ),
    "nothing holds in it": (
        ALL_OWN[:2],
        """\
:22: region "right" has no equations, and there is no [pde] for all. Add equations = [...] to it, \
or [pde].
  22 | [[region]]
     | ^^^^^^^^^^""",
    ),
    "inside and between": (
        [(STATED, "u.left - u.right = f"), ('jump = "manufactured"\n', "")],
        """\
:30: "f" is manufactured, but is used in a region and between two. Use another function between \
them.
  30 | condition = "u.left - u.right = f"
     |              ^^^^^^^^^^^^^^^^^^^^""",
    ),
    "no regions": (
        [
            (TEXT[TEXT.index("[[region]]") : TEXT.index("[[interface]]")], ""),
            ("k*dn(ue) + ue", "0"),
            ('"ue"', '"x"'),
            ('jump = "manufactured"\n', ""),
        ],
        """\
:15: there are no regions for this interface to lie between. Add [[region]], one table for each \
material, or remove it.
  15 | [[interface]]
     | ^^^^^^^^^^^^^""",
    ),
    "a jump within a region": (
        [('ue = "cos(x)*y"', 'ue = "cos(x)*y"\nk = "heaviside(x - 0.7)"'), ('k = "10*1"\n', "")],
        """\
:15: in region "right": what is differentiated here jumps at x = 0.7, and the derivative of the \
jump would be lost. Smooth the jump over a few spacings of the nodes, as (1 + tanh((x - \
0.5)/0.05))/2 does for heaviside(x - 0.5). Or let a [[region]] end there.
  15 | equations = ["div(k*grad(u)) = f"]
     |               ^^^^^^^^^^^^^^""",
    ),
    "what a network for each region does not take": (
        [('"rbf-fd"', '"pinn"\n[network]\nsymmetry = { u = "odd" }')],
        """\
:40: symmetries of a network are not taken together with regions in this version. Leave out the \
symmetry.
  40 | symmetry = { u = "odd" }
     |                  ^^^^^""",
    ),
}


@pytest.mark.parametrize("case", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_once_with_its_place_and_a_remedy(case, read):
    changes, told = case
    with pytest.raises(PinnsolveError) as error:
        read(*changes)
    lines = [line.partition("wall.toml")[2] or line for line in str(error.value).splitlines()]
    assert "\n".join(lines) == told
