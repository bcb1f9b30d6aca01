"""Equations: the operators they ask for, their residuals, and what exact solutions make of them."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

from pinnsolve.diffop import DiffOp, Term, identity, laplacian, partial
from pinnsolve.equations.equation import equation, equations, manufactured
from pinnsolve.equations.expression import ExpressionError, Symbols, function, parse
from pinnsolve.errors import ProblemError

PLANE = Symbols(("x", "y"))
SYMBOLS = Symbols(
    ("x", "y"),
    fields=("u", "v"),
    constants={"nu": 0.1, "lam": 2.0},
    functions={"k": parse("1 + x^2", PLANE), "h": parse("[y, -x]", PLANE)},
    manufactured=("f", "g"),
)
EDGE = Symbols(**{**vars(SYMBOLS), "normals": True})
RNG = np.random.default_rng(0)
X = RNG.uniform(0.2, 0.9, (30, 2))
x, y = X.T
ANGLE = RNG.uniform(0, 6, 30)
NORMALS = np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1)
EXACT = [parse("1 + sin(pi*x)*cos(pi*y)", PLANE), parse("exp(x*y) + x^3", PLANE)]


def jet_of(terms, seed=0):
    rng = np.random.default_rng(seed)
    return {term: rng.normal(size=len(X)) for term in terms}


def terms_of(text, symbols=SYMBOLS):
    return set(equation(text, symbols).terms)


def u(*alpha):
    return Term(0, partial(alpha))


LAPLACE = Term(0, laplacian(2))
V = Term(1, identity(2))
BIHARMONIC = Term(0, DiffOp((((4, 0), 1.0), ((2, 2), 2.0), ((0, 4), 1.0))))


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("laplace(u) = f", {LAPLACE}),
        ("u_xx + u_yy", {LAPLACE}),
        ("-nu*d(u, x, 2) - nu*d(d(u, y), y) = x", {LAPLACE}),
        ("k*laplace(u)/exp(y) = 1", {LAPLACE}),
        ("div(k*grad(u)) = 0", {LAPLACE, u(1, 0)}),
        ("div(u^2*grad(u)) = 0", {LAPLACE, u(1, 0), u(0, 1), u(0, 0)}),
        ("laplace(u)^2 = exp(u)", {LAPLACE, u(0, 0)}),
        ("biharmonic(u) = 1", {BIHARMONIC}),
        ("laplace(laplace(u)) = 1", {BIHARMONIC}),
        ("4*u_xx + u_yy = 0", {Term(0, DiffOp((((2, 0), 1.0), ((0, 2), 0.25))))}),
        ("k*u_xx + u_yy = 0", {u(2, 0), u(0, 2)}),
        ("laplace(u) = u_xx", {u(0, 2)}),
        ("u_x + 2*u_y + u = 0", {Term(0, DiffOp((((1, 0), 1.0), ((0, 1), 2.0)))), u(0, 0)}),
        (
            "u*u_x + v*u_y = nu*laplace(u)",
            {u(0, 0), u(1, 0), u(0, 1), LAPLACE, V},
        ),
        ("div([u, v]) = 0", {u(1, 0), Term(1, partial((0, 1)))}),
        ("u = 3", {u(0, 0)}),
        ("d(x*u, x) = u + x*v", {u(1, 0), V}),
        ("u_xxy = 0", {u(2, 1)}),
    ],
)
def test_derivatives_that_act_together_are_one_operator(text, terms):
    assert terms_of(text) == terms


@pytest.mark.parametrize(
    ("text", "linear"),
    [
        ("laplace(u) + exp(x)*u = f", True),
        ("(u + 1)^2 - u^2 = x", True),
        ("u*(v + 1) - v*u = x", True),
        ("(1 + u)*(u_x + 1) - u*u_x = 0", True),
        ("u*v = 1", False),
        ("exp(u) = 2", False),
        ("max(u, 0) = 1", False),
        ("u_x/(1 + u) = 0", False),
        ("laplace(u) = heaviside(u - 0.5)", False),
        ("laplace(u) + sign(v) = 0", False),
    ],
)
def test_linearity_is_found_whatever_the_form(text, linear):
    assert equation(text, SYMBOLS).is_linear is linear


def test_order_and_kind():
    assert equation("biharmonic(u) = u", SYMBOLS).order == 4
    assert equation("u^2 = v", SYMBOLS).is_algebraic
    assert not equation("dn(u) + u = g", EDGE).is_algebraic


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("laplace(u) = 8*heaviside(u - 0.5)", {LAPLACE, u(0, 0)}),
        ("laplace(u) + sign(u_xx - 1) = 0", {u(2, 0), u(0, 2)}),
        ("(2 + sign(v))*u = 1", {u(0, 0), V}),
    ],
)
def test_what_only_jumps_with_a_field_depends_on_it(text, terms):
    """Its slope is zero on both sides, so that no partial derivative tells."""
    residual = equation(text, SYMBOLS).bind(X)
    assert set(residual.terms) == terms
    jet = jet_of(residual.terms)
    other = {term: -3 * values for term, values in jet.items()}
    wanted = {
        "laplace(u) = 8*heaviside(u - 0.5)": lambda jet: jet[LAPLACE] - 8 * (jet[u(0, 0)] > 0.5),
        "laplace(u) + sign(u_xx - 1) = 0": lambda jet: (
            jet[u(2, 0)] + jet[u(0, 2)] + np.sign(jet[u(2, 0)] - 1)
        ),
        "(2 + sign(v))*u = 1": lambda jet: (2 + np.sign(jet[V])) * jet[u(0, 0)] - 1,
    }[text]
    for values in (jet, other):
        np.testing.assert_allclose(residual(values), wanted(values), rtol=1e-14, atol=1e-13)


EQUATIONS = [
    "laplace(u) = sin(x)",
    "k*laplace(u) - 3*u = y",
    "div(k*grad(u)) + u*v = 0",
    "u*u_x + v*u_y = nu*laplace(u) + x",
    "exp(-u)*sqrt(1 + u^2) - tanh(v)*gauss(u) + sech(u_x)*atan2(u, 2 + v^2) = 1",
    "max(u, v, 0)*abs(u) + min(u, x) - heaviside(v)*sign(u) + erf(u) + u^3/v = 2^u",
    "sin(u)^-2 + cos(u*x)/(1 + k*exp(u)) = u^0.5^2 + 1/sqrt(2 + sin(v))",
    "dn(u) + x*u = 1",
    "n_x*v_y - n_y*v_x + dn(dn(u)) = dot(n, h)*u",
]


@pytest.mark.parametrize("text", EQUATIONS)
def test_partials_are_derivatives_of_the_residual(text):
    residual = equation(text, EDGE).bind(X, NORMALS)
    jet = {term: np.abs(values) + 0.1 for term, values in jet_of(residual.terms).items()}
    partials = residual.partials({} if residual.is_linear else jet)
    assert set(partials) == set(residual.terms)
    for term, slope in partials.items():
        assert slope.shape == (30,)
        step = 1e-5  # central differences: error 1e-10, rounding 1e-11
        up, down = ({**jet, term: jet[term] + s * step} for s in (1, -1))
        np.testing.assert_allclose(
            slope, (residual(up) - residual(down)) / (2 * step), rtol=1e-6, atol=1e-8
        )


@pytest.mark.parametrize("text", EQUATIONS)
def test_torch_gives_what_numpy_gives(text):
    residual = equation(text, EDGE).bind(X, NORMALS)
    jet = {term: np.abs(values) + 0.1 for term, values in jet_of(residual.terms).items()}
    tensors = {term: torch.as_tensor(values).requires_grad_() for term, values in jet.items()}
    on_torch = residual.with_data(torch.as_tensor)
    value = on_torch(tensors)
    assert isinstance(value, torch.Tensor)
    np.testing.assert_allclose(value.detach(), residual(jet), rtol=1e-13, atol=1e-14)
    gradients = torch.autograd.grad(value.sum(), list(tensors.values()))
    for gradient, (term, slope) in zip(gradients, on_torch.partials(tensors).items(), strict=True):
        assert isinstance(slope, torch.Tensor)
        np.testing.assert_allclose(gradient, slope.detach(), rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(slope.detach(), residual.partials(jet)[term], rtol=1e-13)


def test_single_precision_stays_single():
    residual = equation("k*laplace(u) + nu*exp(u) = max(u, 0.5)", SYMBOLS).bind(X)
    single = residual.with_data(lambda values: torch.as_tensor(values, dtype=torch.float32))
    jet = {t: torch.as_tensor(v, dtype=torch.float32) for t, v in jet_of(residual.terms).items()}
    assert single(jet).dtype == torch.float32
    assert {slope.dtype for slope in single.partials(jet).values()} == {torch.float32}


def test_a_linear_residual_costs_no_more_than_its_formula():
    plain = equation("laplace(u) = sin(x)*exp(y)", SYMBOLS).bind(X)
    assert len(plain.data) == 1
    assert plain.value.steps == (("add", (0, 1)),)
    constant = equation("u_xx - nu*u_y = 0", SYMBOLS).bind(X)
    assert constant.data == ()
    assert [name for name, _ in constant.value.steps] == ["mul", "sub"]
    np.testing.assert_array_equal(constant.partials({})[u(0, 1)], np.full(30, -0.1))


def test_a_family_of_fields_shares_the_points():
    residual = equation("k*laplace(u) + u^2 = x", SYMBOLS).bind(X)
    family = {term: RNG.normal(size=(4, 30)) for term in residual.terms}
    together = residual(family)
    assert together.shape == (4, 30)
    for m in range(4):
        alone = residual({term: values[m] for term, values in family.items()})
        np.testing.assert_allclose(together[m], alone, rtol=1e-15)


def test_residuals_can_be_pickled():
    residual = equation("laplace(u) + sech(u) = k", SYMBOLS).bind(X)
    jet = jet_of(residual.terms)
    copy = pickle.loads(pickle.dumps(residual))
    np.testing.assert_array_equal(copy(jet), residual(jet))


def test_products_are_expanded_as_on_paper():
    jet = jet_of(terms_of("k*laplace(u) + u_x + u = 0"))
    for text in ("div(k*grad(u)) = 0", "d(k*u_x, x) + d(k*d(u, y), y) = 0"):
        residual = equation(text, SYMBOLS).bind(X)
        expected = (1 + x**2) * jet[LAPLACE] + 2 * x * jet[u(1, 0)]
        np.testing.assert_allclose(residual(jet), expected, rtol=1e-14)


def test_the_normal_derivative():
    residual = equation("dn(u) = 0", EDGE).bind(X, NORMALS)
    jet = jet_of(residual.terms)
    slope = NORMALS[:, 0] * jet[u(1, 0)] + NORMALS[:, 1] * jet[u(0, 1)]
    np.testing.assert_allclose(residual(jet), slope, rtol=1e-15)
    for text in ("dot(n, grad(u))", "n_x*u_x + n_y*u_y"):
        np.testing.assert_allclose(equation(text, EDGE).bind(X, NORMALS)(jet), slope, rtol=1e-15)


def test_second_normal_derivative_is_that_along_the_straight_normal():
    residual = equation("dn(dn(u)) = dn(n_x*u_x)", EDGE)
    second = "n_x^2*u_xx + 2*n_x*n_y*u_xy + n_y^2*u_yy - n_x*(n_x*u_xx + n_y*u_xy)"
    expected = equation(second, EDGE).bind(X, NORMALS)
    jet = jet_of(set(residual.terms) | set(expected.terms))
    np.testing.assert_allclose(residual.bind(X, NORMALS)(jet), expected(jet), atol=1e-14)


def test_definitions_stand_for_expressions_of_fields():
    stream = Symbols(("x", "y"), fields=("psi",))
    defined = {
        name: parse(text, stream)
        for name, text in {"u": "d(psi, y)", "v": "-d(psi, x)", "w": "[psi_y, -psi_x]"}.items()
    }
    symbols = Symbols(("x", "y"), fields=("psi",), definitions=defined)
    direct = equation("psi_y*psi_yx - psi_x*psi_yy = 0", symbols).bind(X)
    jet = jet_of(direct.terms)
    for text in ("u*u_x + v*u_y", "u*d(u, x) + v*d(u, y) = div(w)", "dot(w, grad(u)) = 0"):
        residual = equation(text, symbols).bind(X)
        np.testing.assert_allclose(residual(jet), direct(jet), rtol=1e-14)


def test_space_does_not_include_time():
    symbols = Symbols(("x", "t"), fields=("u",))
    # an operator has one order in time, so these two are not gathered
    assert terms_of("laplace(u) = u_tt", symbols) == {u(2, 0), u(0, 2)}
    assert terms_of("u_t + div(u*[x]) = 0", symbols) == {u(1, 0), u(0, 1), u(0, 0)}


def test_orders_may_be_mixed_where_nothing_takes_them_apart():
    """The same residual from one operator in space and time as from one of each order."""
    symbols = Symbols(("x", "t"), fields=("u",))
    apart = equation("u_t + u*u_x = 0.1*u_xx + x*u", symbols)
    mixed = replace(apart, is_mixed=True)
    heat = DiffOp((((2, 0), 1.0), ((0, 1), -10.0)))
    assert set(mixed.terms) == {Term(0, heat), u(1, 0), u(0, 0)}
    jet = jet_of(apart.terms)
    jet |= {Term(0, heat): jet[u(2, 0)] - 10 * jet[u(0, 1)]}
    residuals = [e.bind(X)(jet) for e in (apart, mixed)]
    np.testing.assert_allclose(*residuals, rtol=1e-13, atol=1e-13)


def test_equations_of_vectors_are_their_components():
    first, second = equations("grad(u) = [x, v]", SYMBOLS)
    assert set(first.terms) == {u(1, 0)}
    assert set(second.terms) == {u(0, 1), V}
    assert len(equations("laplace([u, v]) - grad(u) = 0", SYMBOLS)) == 2
    assert len(equations("[u, v]", SYMBOLS)) == 2


def test_manufactured_sources_make_the_equation_hold():
    for text in (
        "laplace(u) = f",
        "div(k*grad(u)) + exp(u)*v = 2*f*k - x",
        "-f + biharmonic(u)*u = v_xy",
        "dn(u) + u = f",
    ):
        stated = equation(text, EDGE)
        assert stated.manufactured == ("f",)
        whole = stated.with_sources({"f": manufactured("f", stated, EXACT)})
        assert whole.manufactured == ()
        size = np.abs(equation("biharmonic(u)", SYMBOLS).defect(EXACT, X)).max()
        assert np.abs(whole.defect(EXACT, X, NORMALS)).max() < 1e-13 * size


def test_a_manufactured_source_is_what_one_derives_by_hand():
    stated = equation("laplace(u) = f", SYMBOLS)
    source = stated.with_sources({"f": manufactured("f", stated, EXACT)}).bind(X)
    by_hand = -2 * np.pi**2 * np.sin(np.pi * x) * np.cos(np.pi * y)
    np.testing.assert_allclose(source({LAPLACE: np.zeros(30)}), -by_hand, rtol=1e-13)


def test_manufactured_boundary_data_depend_on_the_normal():
    stated = equation("dn(u) + u = g", EDGE)
    bound = stated.with_sources({"g": manufactured("g", stated, EXACT)}).bind(X, NORMALS)
    zero = {term: np.zeros(30) for term in bound.terms}
    ux = np.pi * np.cos(np.pi * x) * np.cos(np.pi * y)
    uy = -np.pi * np.sin(np.pi * x) * np.sin(np.pi * y)
    value = 1 + np.sin(np.pi * x) * np.cos(np.pi * y)
    by_hand = NORMALS[:, 0] * ux + NORMALS[:, 1] * uy + value
    np.testing.assert_allclose(bound(zero), -by_hand, rtol=1e-13)


def test_the_defect_vanishes_for_an_exact_solution_only():
    harmonic = [parse("exp(x)*sin(y)", PLANE), EXACT[1]]
    assert np.abs(equation("laplace(u) = 0", SYMBOLS).defect(harmonic, X)).max() < 1e-14
    assert np.abs(equation("laplace(u) = u", SYMBOLS).defect(harmonic, X)).max() > 0.1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "laplace(u) = exp(f)",
            '"f" is manufactured but does not appear linearly. Let it stand alone on one side.',
        ),
        (
            "laplace(u) = f + g",
            '"f" and "g" are both manufactured and in one equation. '
            "One equation determines one function.",
        ),
        ("laplace(u) = v", '"f" does not appear in this equation.'),
        ("laplace(u) = f*(x - y)*0 + v", '"f" does not appear in this equation.'),
    ],
)
def test_sources_that_cannot_be_isolated(text, said):
    with pytest.raises(ExpressionError) as caught:
        manufactured("f", equation(text, SYMBOLS), EXACT)
    assert str(caught.value) == said


REFUSED = {
    "laplace(u) = f = g": ("=", "an equation has one = only. Write each on its own."),
    "laplace(u) == f": ("==", "an equation is written with a single =."),
    "laplace(u) =": ("", "a formula is missing."),
    "= u": ("", "a formula is missing."),
    "x = y": (
        "x = y",
        "no unknown field is left in this equation. Unknown fields: u, v.",
    ),
    "u - u = y": (
        "u - u = y",
        "no unknown field is left in this equation. Unknown fields: u, v.",
    ),
    "sin(u)^2 + cos(u)^2 = x": (
        "sin(u)^2 + cos(u)^2 = x",
        "no unknown field is left in this equation. Unknown fields: u, v.",
    ),
    "grad(u) = x": (
        "grad(u) = x",
        "the left side is a vector of 2, the right side a scalar. Both sides must be alike.",
    ),
    "laplace(u) = laplce(v)": ("laplce", None),
    "laplace(u) = u_q": (
        "u_q",
        'unknown name "u_q": "q" is no coordinate. '
        "Derivatives of u are written with the coordinates: x, y.",
    ),
    "laplace(u) = f_x": (
        "f_x",
        '"f" is manufactured and cannot be differentiated. '
        "Give it as a formula, or name its derivative instead.",
    ),
    "div(n*u) = 0": (
        "div(n*u)",
        "the derivative of the normal is not known. "
        "Keep n outside of grad, div, laplace and d; dn may hold it.",
    ),
    "d(u_xxxx, y, 13) = 0": ("d(u_xxxx, y, 13)", "derivatives above order 16 are not supported."),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused_is_marked_and_explained(text):
    with pytest.raises(ExpressionError) as caught:
        equations(text, EDGE)
    place, said = REFUSED[text]
    assert text[slice(*caught.value.span)].strip() == place
    if said is not None:
        assert str(caught.value) == said


def test_one_equation_is_not_one_of_vectors():
    with pytest.raises(ExpressionError) as caught:
        equation("grad(u) = 0", SYMBOLS)
    assert str(caught.value) == (
        "an equation between vectors is not expected here. Write its components."
    )


def test_a_source_without_a_value_somewhere_is_an_error_that_says_where():
    points = np.array([[0.5, 1.0], [0.0, 0.25]])
    with pytest.raises(ProblemError) as caught:
        equation("laplace(u) = y/x", SYMBOLS).bind(points)
    assert str(caught.value) == (
        'a coefficient or source of "laplace(u) = y/x" is not finite at x = 0, y = 0.25. '
        "Rewrite it, or keep nodes away from there."
    )


def test_an_undetermined_source_cannot_be_bound():
    with pytest.raises(ProblemError) as caught:
        equation("laplace(u) = f", SYMBOLS).bind(X)
    assert str(caught.value) == (
        '"f" in "laplace(u) = f" is not determined. Give the exact solution, or a formula.'
    )


def test_tabulated_coefficients_are_data():
    symbols = Symbols(("x", "y"), fields=("u",), data={"q": lambda points: points[:, 0] ** 2})
    residual = equation("q*laplace(u) = 2*q", symbols).bind(X)
    jet = jet_of(residual.terms)
    np.testing.assert_allclose(residual(jet), x**2 * (jet[LAPLACE] - 2), rtol=1e-14, atol=1e-15)


def test_functions_agree_with_the_source_of_an_equation():
    f = function("exp(x)*y", PLANE)
    residual = equation("u = exp(x)*y", SYMBOLS).bind(X)
    np.testing.assert_array_equal(residual({u(0, 0): np.zeros(30)}), -f(X))


UNKNOWN = Symbols(**{**vars(SYMBOLS), "parameters": {"a": 3.0, "b": None}})


@pytest.mark.parametrize(
    ("text", "terms", "constants"),
    [
        ("a*laplace(u) = 1", {LAPLACE}, ("a",)),
        ("exp(b) + a*u_xx + a*u_yy = 0", {LAPLACE}, ("a", "b")),
        ("d(b*u, x) = 0", {u(1, 0)}, ("b",)),
        ("u_x + d(a + b, x) = 0", {u(1, 0)}, ()),
    ],
)
def test_unknown_constants_go_by_name_in_the_order_of_the_problem(text, terms, constants):
    stated = equation(text, UNKNOWN)
    assert (set(stated.terms), stated.constants) == (terms, constants)
    residual = stated.bind(X)
    assert residual.constants == constants
    assert residual.arguments == (*residual.terms, *constants)


def test_a_residual_and_its_slopes_take_constants_by_name():
    residual = equation("a*laplace(u) - u*b^2 = x*a", UNKNOWN).bind(X)
    assert not residual.is_linear
    jet, values = jet_of(residual.terms), {"b": np.full(30, 0.7), "a": np.full(30, 3.0)}
    expected = 3 * jet[LAPLACE] - jet[u(0, 0)] * 0.7**2 - 3 * x
    np.testing.assert_allclose(residual(jet, values), expected, rtol=1e-12, atol=1e-12)
    slopes = residual.partials(jet, values)
    assert tuple(slopes) == residual.arguments
    np.testing.assert_allclose(slopes[LAPLACE], 3, rtol=1e-15)
    np.testing.assert_allclose(slopes["a"], jet[LAPLACE] - x, rtol=1e-12)
    np.testing.assert_allclose(slopes["b"], -2 * jet[u(0, 0)] * 0.7, rtol=1e-12)


def test_constants_of_one_place_and_different_names_are_not_taken_for_each_other():
    """sympy keeps results by what compares equal: one problem's ``a`` is not the next one's."""
    found = []
    for name in ("a", "z", "a"):
        symbols = Symbols(**{**vars(SYMBOLS), "parameters": {name: 1.0}})
        found.append(equation(f"d({name}*u*u_x, x) = 0", symbols).constants)
    assert found == [("a",), ("z",), ("a",)]


def test_parameters_take_their_true_values_in_what_is_manufactured():
    f = manufactured("f", equation("a*laplace(u) = f", UNKNOWN), EXACT)
    three = manufactured("f", equation("3*laplace(u) = f", SYMBOLS), EXACT)
    assert (f - three).simplify() == 0
    with pytest.raises(ExpressionError, match='true value of the parameter "b" is not known'):
        manufactured("f", equation("b*laplace(u) = f", UNKNOWN), EXACT)


def test_an_equation_of_parameters_alone_is_refused():
    with pytest.raises(ExpressionError, match="no unknown field is left"):
        equation("a + b = 1", UNKNOWN)
