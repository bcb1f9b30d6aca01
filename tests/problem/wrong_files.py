"""Wrong problem files: what is changed in a right one, and what the user must be told.

Each `Wrong` replaces text of `RIGHT`. The fault must be reported with the line on which `at`
stands (None: for the file as a whole; NOWHERE: for none), and with all of `says`.
"""

from dataclasses import dataclass

RIGHT = """\
title = "Poisson"

[domain]
shape = "disk"
radius = 1.0

[nodes]
count = 300

[constants]
lam = 2.0

[unknowns]
fields = ["u"]

[functions]
f = "manufactured"
g = "manufactured"

[pde]
equations = ["laplace(u) = f"]

[[boundary]]
on = "all"
condition = "dn(u) + u = g"

[exact]
u = "1 + sin(pi*x)*cos(pi*y)"

[solver]
method = "rbf-fd"
order = 3
"""

NOWHERE = ""  # the fault lies in several keys, which are named instead of a line
DISK = 'shape = "disk"\nradius = 1.0'
SQUARE = 'shape = "rectangle"\nlower = [0, 0]\nupper = [1, 1]'
COVERED = """shape = "union"
of = [{ shape = "disk", radius = 1 }, { shape = "disk", radius = 0.5, name = "core" }]"""
EQUATION = '"laplace(u) = f"'
CONDITION = '"dn(u) + u = g"'
EXACT = '"1 + sin(pi*x)*cos(pi*y)"'


@dataclass(frozen=True)
class Wrong:
    """A wrong file: `new` in place of `old`, and what is said about it."""

    name: str
    old: str
    new: str
    at: str | None
    says: tuple[str, ...]
    code: int = 2
    shape: str = DISK

    @property
    def text(self) -> str:
        assert RIGHT.count(self.old) == 1, self.name
        return RIGHT.replace(self.old, self.new).replace(DISK, self.shape)

    @property
    def line(self) -> int | None:
        if self.at is None:
            return None
        assert self.text.count(self.at) >= 1, self.name
        return self.text[: self.text.index(self.at)].count("\n") + 1

    def assert_told(self, message: str) -> None:
        """Check that a message names the place, the fault and the remedy."""
        if self.at != NOWHERE:
            assert (
                "problem.toml" if self.line is None else f"problem.toml:{self.line}:"
            ) in message
        for part in self.says:
            assert part in message


def _expression(name: str, formula: str, *says: str) -> Wrong:
    """Return a wrong file whose equation has the formula on its right side."""
    return Wrong(name, EQUATION, f'"laplace(u) = {formula}"', "laplace(u)", says)


def _domain(name: str, domain: str, at: str | None, *says: str) -> Wrong:
    """Return a wrong file with another domain."""
    return Wrong(name, DISK, domain, at, says)


KEYS = [
    Wrong("misspelt-key", "radius", "radios", "radios", ('"radios"', 'Did you mean "radius"?')),
    Wrong("misspelt-key-2", "order = 3", "ordr = 3", "ordr",
          ('"ordr"', "Did you mean", "[solver]")),
    Wrong("unknown-section", "[solver]", "[sollver]", "[sollver]", ('Did you mean "solver"?',)),
    Wrong("key-above-sections", "title", 'method = "pinn"\ntitle', "method",
          ("belongs into [solver]",)),
    Wrong("missing-key", "radius = 1.0", "", "[domain]", ('"radius" is missing', "Add radius")),
    Wrong("missing-section", '[unknowns]\nfields = ["u"]', "", None, ("[unknowns] is missing",)),
    Wrong("no-shape", 'shape = "disk"', "", "[domain]", ("no shape", "disk")),
    Wrong("unknown-shape", '"disk"', '"disc"', '"disc"', ("unknown shape", 'Did you mean "disk"?')),
    Wrong("unknown-method", '"rbf-fd"', '"rbffd"', '"rbffd"',
          ("unknown method", 'Did you mean "rbf-fd"?')),
    Wrong("unknown-optimizer", "[solver]", '[[training]]\noptimizer = "adm"\n[solver]', '"adm"',
          ("unknown optimizer", 'Did you mean "adam"?')),
    Wrong("head-with-rate", "[solver]",
          '[[training]]\noptimizer = "head"\nlearning_rate = 1\n[solver]', "learning_rate",
          ("no learning rate", "adam")),
    Wrong("conflicting-derivatives", "order = 3", 'derivatives = "autograd"', "derivatives",
          ('method "rbf-fd" works with derivatives "rbf-fd"', 'method "pinn"')),
    Wrong("head-with-batch", "[solver]",
          '[[training]]\noptimizer = "head"\nbatch = 100\n[solver]', "batch",
          ('optimizer "head" takes all points, always the same.',
           "Remove batch: only adam draws points.")),
    Wrong("batch-of-a-discretisation", 'method = "rbf-fd"\norder = 3',
          'method = "dt-pinn"\n[[training]]\noptimizer = "adam"\nresample = 100', "resample",
          ('method "dt-pinn" takes all nodes at once.',
           'Set method = "pinn" in [solver], or remove resample.')),
    Wrong("text-for-a-number", "radius = 1.0", 'radius = "big"', '"big"',
          ('[domain] radius must be a number: unknown name "big"',)),
    Wrong("list-for-a-number", "radius = 1.0", "radius = [1.0]", "[1.0]",
          ("[domain] radius must be a number, but is a list of 1",)),
    Wrong("number-for-text", '"Poisson"', "3", "title = 3", ("title must be a string", "number 3")),
    Wrong("truth-for-a-number", "count = 300", "count = true", "true",
          ("[nodes] count must be a number", "true")),
    Wrong("number-for-a-list", 'fields = ["u"]', "fields = 3", "fields = 3",
          ("[unknowns] fields must be a list",)),
    Wrong("text-for-a-list", 'fields = ["u"]', 'fields = "u"', 'fields = "u"',
          ("[unknowns] fields must be a list",)),
    Wrong("number-for-a-section", "[constants]\nlam = 2.0", "[output]\n[network]\nhidden = 3",
          "hidden = 3", ("[network] hidden must be a list",)),
    Wrong("nothing-in-a-list", 'fields = ["u"]', "fields = []", "fields = []",
          ("must have at least 1", "has 0")),
    Wrong("table-for-a-list", "[[boundary]]", "[boundary]", "[boundary]",
          ("[[boundary]] must be a list", "a table")),
    Wrong("half-a-node", "count = 300", "count = 300.5", "300.5", ("whole number", "300.5")),
    Wrong("not-a-number", "radius = 1.0", "radius = nan", "nan", ("finite",)),
    Wrong("infinite", "radius = 1.0", "radius = inf", "radius = inf", ("finite",)),
    Wrong("order-9", "order = 3", "order = 9", "order = 9", ("at most 6", "9")),
    Wrong("order-1", "order = 3", "order = 1", "order = 1", ("at least 2", "1")),
    Wrong("count-and-spacing", "count = 300", "count = 300\nspacing = 0.1", "spacing",
          ("count and spacing are both given", "Keep one")),
    Wrong("neither-count-nor-spacing", "count = 300", "seed = 1", "[nodes]", ("Add count",)),
    Wrong("no-nodes-section", "[nodes]\ncount = 300", "", None, ("[nodes]", "Add count")),
    Wrong("negative-seed", "order = 3", "seed = -1", "seed = -1", ("at least 0",)),
    Wrong("zero-weight", 'on = "all"', 'on = "all"\nweight = 0', "weight = 0",
          ("greater than 0",)),
]  # fmt: skip

LATER = [
    Wrong("time without anything that evolves", "radius = 1.0", "radius = 1.0\ntime = [0, 1]",
          "time", ("no equation holds a derivative in time", "Add u_t to an equation")),
    Wrong("time that stands still", "radius = 1.0", "radius = 1.0\ntime = [1, 1]", "time",
          ("[domain] time must end after it begins, but is [1, 1].",)),
    Wrong("time of one number", "radius = 1.0", "radius = 1.0\ntime = [1]", "time",
          ("[domain] time",)),
    Wrong("one time level", "count = 300", "count = 300\ntime_levels = 1", "time_levels",
          ("[nodes] time_levels must be at least 2, but is 1.",)),
    Wrong("initial values without time", "[exact]", '[initial]\nu = "0"\n[exact]', 'u = "0"',
          ("a steady problem has no initial value.", "Add time = [0.0, 1.0] to [domain]")),
    Wrong("evolution", "[exact]", '[evolution]\nrtol = 1e-4\n[exact]', "[evolution]",
          ('has no weights that evolve. Set method = "neural-ivp"',)),
    Wrong("method-operator", '"rbf-fd"', '"operator"', '"operator"',
          ("nothing varies", "Add [operator]")),
    Wrong("accelerate-without-taylor", "order = 3", 'accelerate = "compile"', "accelerate",
          ('accelerate "compile" is of derivatives "taylor", not "rbf-fd"', 'method "pinn"')),
    Wrong("graph-on-a-cpu", 'method = "rbf-fd"',
          'method = "pinn"\ndevice = "cpu"\naccelerate = "cuda-graph"', "accelerate",
          ('accelerate "cuda-graph" needs a GPU, but device is "cpu"', 'take "compile"')),
    Wrong("compiled-graph-on-a-cpu", 'method = "rbf-fd"',
          'method = "pinn"\ndevice = "cpu"\naccelerate = "compile+cuda-graph"', "accelerate",
          ('accelerate "compile+cuda-graph" needs a GPU', 'take "compile"')),
    Wrong("derivatives-zcs", "order = 3", 'derivatives = "zcs"', '"zcs"',
          ('method "rbf-fd" works with derivatives "rbf-fd", not "zcs"', 'method "pinn"')),
    Wrong("hard-in-quotes", 'on = "all"', 'on = "all"\nhard = "no"', "hard",
          ('must be true or false, but is the string "no". Write true, without quotes.',)),
    Wrong("hard", 'on = "all"', 'on = "all"\nhard = true', "dn(u) + u",
          ("a hard condition must give one field a value, and this one does not.",
           'Write it as "u = expression", or leave out hard.')),
    Wrong("data", "[exact]", '[[data]]\nfrom = "exact"\nfields = ["u"]\ncount = 9\n[exact]',
          "[[data]]", ('method "rbf-fd" cannot make use of data.', 'Set method = "pinn"')),
]  # fmt: skip

PINN = 'method = "pinn"\n'


def _parameter(name: str, definition: str, at: str, *says: str) -> Wrong:
    """Return a wrong file with an unknown parameter."""
    old = 'fields = ["u"]'
    return Wrong(name, old, f"{old}\nparameters = {{ {definition} }}", at, says)


def _function(name: str, definition: str, at: str, *says: str) -> Wrong:
    """Return a wrong file with an unknown function."""
    old = 'fields = ["u"]'
    return Wrong(name, old, f"{old}\nfunctions = {{ {definition} }}", at, says)


def _extra(name: str, keys: str, at: str, *says: str) -> Wrong:
    """Return a wrong file for a PINN with a further residual."""
    return Wrong(
        name,
        '[exact]\nu = "1 + sin(pi*x)*cos(pi*y)"\n\n[solver]\nmethod = "rbf-fd"\n',
        f"[[pde.extra]]\n{keys}\n\n[exact]\nu = {EXACT}\n\n[solver]\n{PINN}",
        at,
        says,
    )


NETWORKS = [
    _parameter("parameter-of-a-direct-solver", "k = {}", "parameters",
               'method "rbf-fd" cannot find unknown parameters.', 'method = "pinn"'),
    _parameter("parameter-out-of-bounds", "k = { initial = 3, upper = 2 }", "initial = 3",
               "the initial value 3 is not between the bounds -inf and 2."),
    _parameter("parameter-without-room", "k = { lower = 2, upper = 2 }", "upper = 2",
               "upper must be larger than lower, but 2 is not above 2."),
    _parameter("parameter-without-a-start", "k = { lower = 2 }", "lower = 2",
               "the initial value 0 is not between the bounds 2 and inf.", "Give an initial"),
    _parameter("parameter-true-out-of-bounds", "k = { true = 3, upper = 2 }", "true = 3",
               "the true value 3 is not between the bounds -inf and 2."),
    _parameter("parameter-true-not-positive", 'k = { true = -1, transform = "exp" }', "true = -1",
               "the true value -1 is not positive, as every exponential is."),
    _parameter("parameter-true-exponent", 'k = { true = 8, transform = "exp", upper = 2 }',
               "true = 8", "the true value 8, the exponential of 2.07944, is not between"),
    _parameter("parameter-too-large", 'k = { transform = "exp", initial = 1e4 }', "initial",
               "the search begins at the exponential of 10000, too large"),
    _parameter("parameter-with-unknown-key", "k = { start = 3 }", "start",
               'unknown key "start"', "initial"),
    _parameter("parameter-named-as-a-constant", "lam = {}", "lam = 2.0",
               'the constant "lam" has the name of a parameter.'),
    _parameter("parameter-named-as-a-derivative", "u_x = {}", "u_x",
               '"u_x" means a derivative of u.'),
    _parameter("parameter-named-as-a-word-of-python", "class = {}", "class",
               '"class" cannot be used as a name.'),
    _function("function-of-a-direct-solver", "k = {}", "functions =",
              'method "rbf-fd" cannot find unknown functions.', 'Set method = "pinn"'),
    _function("function-without-data", "k = {}", "functions =",
              'there are no data that could tell what the function "k" is.',
              "Add [[data]], or give a formula in [functions]."),
    _function("function-named-as-a-field", "u = {}", "functions =",
              'the unknown function "u" has the name of a field.', "Choose another name"),
    _function("function-named-as-a-function", "f = {}", 'f = "manufactured"',
              'the function "f" has the name of an unknown function.'),
    _function("function-of-no-coordinate", 'k = { of = ["x", "z"] }', "z",
              '"z" is no coordinate, of which "k" could be a function.', "Known: x, y"),
    _function("function-of-nothing", "k = { of = [] }", "of = []", "at least 1"),
    _function("function-of-one-coordinate-twice", 'k = { of = ["x", "x"] }', "of",
              '"x" stands twice.', "Name it once."),
    _function("function-without-room", "k = { lower = 2, upper = 1 }", "upper",
              "upper must be larger than lower, but 1 is not above 2.", "Exchange them"),
    _function("function-rougher-than-rough", "k = { smooth = -1 }", "smooth", "-1"),
    _extra("extra-without-equation", 'where = "x < 0"', "[[pde.extra]]",
           'key "equation" is missing', "Add equation"),
    _extra("extra-with-unknown-name", 'equation = "d(residuum, x) = 0"', "residuum",
           'unknown name "residuum"', 'Did you mean "residual"?'),
    _extra("extra-with-fields-in-where", 'equation = "u = 0"\nwhere = "u < 0"', "u < 0",
           'unknown name "u"'),
    _extra("extra-with-unknown-key", 'equation = "u = 0"\nat = "x < 0"', 'at = "x < 0"',
           'unknown key "at"', "where"),
    Wrong("extra-of-a-direct-solver", "[[boundary]]",
          '[[pde.extra]]\nequation = "u = 0"\n[[boundary]]', "[[pde.extra]]",
          ('method "rbf-fd" cannot make use of further residuals.', 'method = "pinn"')),
    Wrong("symmetry-of-no-field", "[solver]", '[network]\nsymmetry = { w = "odd" }\n[solver]',
          "symmetry", ('"w" in symmetry is not a field.', "u")),
    Wrong("symmetry-unknown", "[solver]", '[network]\nsymmetry = { u = "add" }\n[solver]',
          "symmetry", ('unknown u "add"', 'Did you mean "odd"?')),
    Wrong("embedding-unknown", "[solver]", '[network]\nembedding = "furier"\n[solver]',
          "embedding", ('unknown embedding "furier"', 'Did you mean "fourier"?')),
]  # fmt: skip

TOML = [
    Wrong("open-string", '"Poisson"', '"Poisson', '"Poisson', ("not valid TOML", "quote")),
    Wrong("open-list", 'fields = ["u"]', 'fields = ["u"', "[functions]", ("not valid TOML",)),
    Wrong("bare-word", "radius = 1.0", "radius = one", "radius", ("not valid TOML", "quotes")),
    Wrong("no-value", "radius = 1.0", "radius =", "radius", ("not valid TOML",)),
    Wrong("no-sign", "radius = 1.0", "radius 1.0", "radius", ("not valid TOML", "key = value")),
    Wrong("duplicate-key", "radius = 1.0", "radius = 1.0\nradius = 2.0", "radius = 2.0",
          ("not valid TOML", "once")),
    Wrong("duplicate-section", "[solver]", "[domain]\n[solver]", "[domain]\n[solver]",
          ("not valid TOML", "once")),
    Wrong("backslash", '"Poisson"', '"C:\\Poisson"', "title", ("not valid TOML", "backslash")),
    Wrong("open-header", "[solver]", "[solver", "[solver", ("not valid TOML",)),
    Wrong("end-of-file", "order = 3\n", "order = [3,", "order", ("not valid TOML",)),
    Wrong("two-values", "radius = 1.0", "radius = 1.0 2.0", "radius", ("not valid TOML",)),
]  # fmt: skip

NAMES = [
    _expression("unknown-name", "ff", 'unknown name "ff"', 'Did you mean "f"?'),
    _expression("unknown-function",
            "f + sine(x)", 'unknown function "sine"', 'Did you mean "sin"?'),
    _expression("missing-coordinate", "f + z", 'unknown name "z"'),
    _expression("u-q", "f + u_q", "u_q", "coordinate"),
    _expression("dn-in-the-pde", "f + dn(u)", "boundary"),
    _expression("normal-in-the-pde", "f + n_x*u", "boundary"),
    Wrong("clash-with-coordinate", 'fields = ["u"]', 'fields = ["x"]', 'fields = ["x"]',
          ('"x" has the name of a coordinate', "Choose another name")),
    Wrong("clash-with-function", 'fields = ["u"]', 'fields = ["sin"]', 'fields = ["sin"]',
          ('"sin"', "function", "Choose another name")),
    Wrong("clash-with-pi", "lam = 2.0", "pi = 3", "pi = 3", ("the number π",)),
    Wrong("clash-with-constant", "lam = 2.0", "u = 2.0", "u = 2.0", ("has the name of a field",)),
    Wrong("clash-with-derivative", "lam = 2.0", "u_x = 2.0", "u_x = 2.0", ("a derivative of u",)),
    Wrong("no-name", "lam = 2.0", '"2 k" = 2.0', '"2 k"', ("is not a name",)),
    Wrong("keyword", "lam = 2.0", "class = 2.0", "class", ("cannot be used as a name",)),
    Wrong("same-field-twice", 'fields = ["u"]', 'fields = ["u", "u"]', 'fields = ["u", "u"]',
          ("two fields have the name",)),
    Wrong("constant-nan", "lam = 2.0", "lam = nan", "lam = nan", ("[constants] lam", "finite")),
    Wrong("constant-truth", "lam = 2.0", "lam = true", "lam = true", ("must be a number",)),
    Wrong("circle", "lam = 2.0", 'a = "b"\nb = "a"', 'a = "b"', ("circle",)),
    Wrong("constant-of-x", "lam = 2.0", 'lam = "2*x"', "2*x", ('unknown name "x"',)),
    Wrong("unknown-piece", '"all"', '"surfcae"', '"surfcae"', ('Did you mean "surface"?',)),
    Wrong("piece-twice", '"all"', '["surface", "surface"]', "[\"surface\"", ("named twice",)),
    Wrong("all-and-more", '"all"', '["all", "surface"]', '["all"', ("every piece",)),
    Wrong("exact-of-nobody", "u = \"1", 'w = "1', "w =", ('"w" in [exact] is not a field',)),
    Wrong("exact-for-some", 'fields = ["u"]', 'fields = ["u", "v"]', "[exact]", ('"v"', "[exact]")),
    Wrong("two-fields-one-equation", 'fields = ["u"]', 'fields = ["u", "v"]', "equations",
          ("one equation for each field: 2 fields, 1 found",)),
    Wrong("one-field-two-equations", EQUATION, f'{EQUATION}, "u_x = 0"', "equations",
          ("1 field, 2 found",)),
    Wrong("coordinates", "radius = 1.0", 'radius = 1.0\ncoordinates = ["a"]', "coordinates",
          ("2 coordinates, but 1 name",)),
    Wrong("manufactured-without-exact", f"[exact]\nu = {EXACT}", "", 'f = "manufactured"',
          ("exact solution", "Add [exact]")),
    Wrong("manufactured-unused", CONDITION, '"u = 0"', 'g = "manufactured"',
          ("no equation uses it",)),
    Wrong("manufactured-nonlinear", EQUATION, '"laplace(u) = f**2"', "f**2", ("linearly",)),
    Wrong("manufactured-twice", CONDITION, '"dn(u) + f*u = g"', 'f = "manufactured"',
          ("inside and on the boundary",)),
    Wrong("no-field-left", EQUATION, '"f = 1"', '"f = 1"', ("no unknown field",)),
]  # fmt: skip

FORMULAS = [
    _expression("import", "__import__('os').system('true')", "no meaning"),
    _expression("attribute", "f.real", "no meaning"),
    _expression("subscript", "f[0]", "no meaning"),
    _expression("lambda", "lambda: 1", ""),
    _expression("f-string", "f'{u}'", "no meaning"),
    _expression("comprehension", "[u for u in f]", ""),
    _expression("walrus", "(f := 1)", ""),
    _expression("tower-of-powers", "9**9**9", ""),
    _expression("huge-power", "(1+x)**99999999", ""),
    _expression("very-long", "f" + "+u" * 20_000, "characters"),
    _expression("very-deep", "(" * 3000 + "f" + ")" * 3000, ""),
    _expression("comparison", "x < 1", ""),
    _expression("vector-for-a-scalar", "[f, f]", ""),
    _expression("gradient-for-a-scalar", "grad(u)", ""),
    _expression("division-by-zero", "f/0", "zero"),
    _expression("open-bracket", "sin(x", "never closed"),
    _expression("implied-product", "2 x", "operator"),
    _expression("empty-side", "", "missing"),
    _expression("two-equals", "f = 1", "one ="),
    _expression("unicode", "∇u", "∇"),
    _expression("too-many-arguments", "sin(x, y)", "sin"),
    _expression("not-finite", "log(0)*u", "finite"),
    Wrong("where", "radius = 1.0", 'radius = 1.0\npieces = [{ name = "a", where = "x + 1" }]',
          "x + 1", ("comparison",)),
]  # fmt: skip

DOMAINS = [
    _domain("zero-radius", 'shape = "disk"\nradius = 0', "radius = 0", "greater than 0"),
    _domain("negative-radius", 'shape = "disk"\nradius = "-1/2"', "-1/2", "greater than 0", "-0.5"),
    _domain("flat-centre", 'shape = "disk"\nradius = 1\ncenter = [0]', "center", "2 numbers"),
    _domain("inside-out-ring", 'shape = "annulus"\ninner = 2\nouter = 1', "outer", "greater"),
    _domain("inside-out-rectangle", 'shape = "rectangle"\nlower = [0, 1]\nupper = [1, 0]', "upper",
            "upper end 0 in y must lie above the lower end, 1"),
    _domain("two-vertices", 'shape = "polygon"\nvertices = [[0, 0], [1, 0]]', "vertices",
            "3 vertices or more, but has 2"),
    _domain("same-vertex", 'shape = "polygon"\nvertices = [[0, 0], [1, 0], [1, 0]]', "vertices",
            "the same point"),
    _domain("vertices-on-a-line", 'shape = "polygon"\nvertices = [[0, 0], [1, 3], [2, 6]]',
            "vertices", "all vertices lie on one line, and there is no inside."),
    _domain("star-through-itself", 'shape = "star"\nradius = 1\namplitude = 2\npoints = 5',
            "amplitude", "between -1 and 1"),
    _domain("flat-box", 'shape = "box"\nlower = [0, 0]\nupper = [1, 1]', "lower", "rectangle"),
    _domain("unknown-key-of-a-part", 'shape = "union"\nof = [{ shape = "disk", radius = 1 }, '
            '{ shape = "annulus", inner = 1, outer = 2, radius = 3 }]', "radius",
            'unknown key "radius" in [domain] of[1]. Known: center, inner, name, outer, rotate, '
            "scale, shape, translate."),
    _domain("one-part", 'shape = "union"\nof = [{ shape = "disk", radius = 1 }]', "of =",
            "2 parts"),
    _domain("wrong-part",
            'shape = "union"\nof = [{ shape = "disk", radius = 1 },\n'
            ' { shape = "disk", radius = -2 }]',
            "-2", "radius must be greater than 0"),
    _domain("parts-of-two-dimensions",
            'shape = "union"\nof = [{ shape = "disk", radius = 1 },\n'
            ' { shape = "ball", radius = 2 }]',
            "ball", "3-dimensional"),
    _domain("immense", 'shape = "disk"\nradius = 1e200', "[domain]", "between 1e-50 and 1e+50"),
    _domain("thin", 'shape = "rectangle"\nlower = [0, 0]\nupper = [1, 1e-8]', "[domain]",
            "1e-08 wide", "Rescale"),
    _domain("far-away", 'shape = "disk"\nradius = 1\ncenter = [1e9, 0]', "[domain]", "told apart"),
    Wrong("count-0", "count = 300", "count = 0", "count = 0", ("at least 1",)),
    Wrong("count-huge", "count = 300", "count = 1_000_000_000_000", "count", ("5,000,000", "GB")),
    Wrong("spacing-tiny", "count = 300", "spacing = 1e-9", "spacing", ("nodes", "Raise it")),
    Wrong("spacing-huge", "count = 300", "spacing = 10", "spacing", ("larger than the domain",)),
    Wrong("missing-nodes-file", "count = 300", 'file = "nowhere.h5"', "nowhere.h5",
          ("there is no file", "nowhere.h5"), 6),
    Wrong("missing-function-file", 'f = "manufactured"', 'f = { file = "no.csv", column = "f" }',
          "no.csv", ("there is no file",), 6),
]  # fmt: skip

LATER_ON = [  # what only the geometry, or the discrete problem, can tell
    _domain("crossing-polygon", 'shape = "polygon"\nvertices = [[0, 0], [1, 1], [1, 0], [0, 1]]',
            "vertices", "crosses", "Put the vertices in the order"),
    _domain("empty-difference",
            'shape = "difference"\nof = [{ shape = "disk", radius = 1 }, '
            '{ shape = "disk", radius = 2, name = "hole" }]',
            "of =", "the difference is empty", "Move or resize a part"),
    _domain("empty-intersection",
            'shape = "intersection"\nof = [{ shape = "disk", radius = 1 }, '
            '{ shape = "disk", radius = 1, center = [3, 0] }]',
            "of =", "the intersection is empty", "Move or resize a part"),
    Wrong("removed-piece", 'on = "all"', 'on = ["surface", "core.surface"]', '"core.surface"',
          ("core.surface",), shape=COVERED),
    Wrong("count-1", "count = 300", "count = 1", "count", ("nodes", "nodes.count")),
    Wrong("count-3", "count = 300", "count = 3", "count", ("Raise nodes.count",)),
    Wrong("spacing-1", "count = 300", "spacing = 1", NOWHERE, ("31 nodes", "nodes.spacing")),
    Wrong("pure-neumann", CONDITION, '"dn(u) = g"', "dn(u)", ("pure Neumann", "mean(u) = 0")),
    Wrong("no-condition", f"condition = {CONDITION}\n", "", "[[boundary]]",
          ('key "condition" is missing in [[boundary]]', "or periodic = true")),
    Wrong("periodic-and-condition", 'on = "all"', 'on = ["left", "right"]\nperiodic = true',
          "periodic", ("condition and periodic are both given.", "Keep one of them"), shape=SQUARE),
    Wrong("periodic-everywhere", f"condition = {CONDITION}", "periodic = true", '"all"',
          ('periodic = true joins two pieces of the boundary, not "all".', "face each other")),
    Wrong("periodic-pieces", f'on = "all"\ncondition = {CONDITION}',
          'on = ["left", "top", "right"]\nperiodic = true', '["left", "top", "right"]',
          ('joins two pieces of the boundary, not "left", "top", "right".',), shape=SQUARE),
    Wrong("missing-condition", 'on = "all"', 'on = "left"', '"left"',
          ("right, bottom, top", "Add a [[boundary]]"), shape=SQUARE),
    Wrong("conflicting-conditions", "[exact]",
          '[[boundary]]\non = "surface"\ncondition = "u = 3"\n[exact]',
          'on = "surface"', ("2 conditions hold on surface", "Leave one")),
    Wrong("undefined-source", EQUATION, '"laplace(u) + log(-1 - x**2)*u = f"', "log", ("finite",)),
    Wrong("undefined-data", CONDITION, '"dn(u) + sqrt(x)*u = g"', "sqrt(x)", ("finite",)),
    Wrong("infinite-exact", EXACT, '"1/(x-x)"', "x-x", ("zero",)),
]  # fmt: skip

AT_LOADING = [*KEYS, *LATER, *NETWORKS, *TOML, *NAMES, *FORMULAS, *DOMAINS]
