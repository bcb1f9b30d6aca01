"""Problem files to start from, for ``pinnsolve new``: each is whole, and explains itself.

The first line tells editors that know the directive (Even Better TOML, taplo) which JSON schema
completes and checks the file; where that is missing it is a comment like any other.
"""

POISSON = """\
#:schema pinnsolve.schema.json
# The Poisson equation on a disk. Change it into your problem, then run
#     pinnsolve check FILE      is the problem well posed, and what will it take?
#     pinnsolve solve FILE
# pinnsolve schema explains every section and key.

title = "Poisson equation on the unit disk"

[domain]                       # where
shape = "disk"                 # others: rectangle, ellipse, annulus, star, polygon, difference, ...
center = [0.0, 0.0]
radius = 1.0

[nodes]
count = 1000                   # or: spacing = 0.05

[unknowns]                     # what for
fields = ["u"]

[functions]                    # data: formulas in x and y, as f = "sin(pi*x)*y", or ...
f = "manufactured"             # ... derived from [exact] so that its equation holds
g = "manufactured"

[pde]                          # which equation holds inside
equations = ["laplace(u) = f"] # derivatives: u_x, u_xy, laplace(u), grad(u), div(v), d(e, x)

[[boundary]]                   # what holds on the boundary: one table for each part of it
on = "all"                     # a disk has one piece, "surface"; a rectangle left, right, ...
condition = "dn(u) + u = g"    # dn is the derivative along the outward normal

[exact]                        # what is known; without it remove "manufactured" above
u = "1 + sin(pi*x)*cos(pi*y)"

[solver]                       # how
method = "dt-pinn"             # or: rbf-fd (direct solution, no network), pinn (exact derivatives)
order = 4                      # of accuracy, 2 to 6
"""

NONLINEAR = """\
#:schema pinnsolve.schema.json
# Bratu's equation: combustion in a square vessel, where the reaction heats what it burns.
# No solution in closed form is known: there is no [exact], and no error is reported.
# pinnsolve schema explains every section and key.

title = "Bratu's equation on the unit square"
references = ["G. Bratu (1914), Sur les équations intégrales non linéaires"]

[domain]
shape = "rectangle"
lower = [0.0, 0.0]
upper = [1.0, 1.0]

[nodes]
spacing = 0.04

[constants]
lam = 2                        # above about 6.8 there is no solution

[unknowns]
fields = ["u"]

[pde]
equations = ["laplace(u) + lam*exp(u) = 0"]

[[boundary]]
on = ["left", "right", "bottom", "top"]
condition = "u = 0"

[solver]
method = "rbf-fd"              # Newton's method; with a network: dt-pinn
order = 4
"""

SYSTEM = """\
#:schema pinnsolve.schema.json
# Two coupled fields on a ring, with a different condition on each circle.
# The sources f1, f2 and the boundary data follow from the exact solution.
# pinnsolve schema explains every section and key.

title = "Two coupled fields on a ring"

[domain]
shape = "annulus"
inner = "1/2"                  # numbers may be formulas
outer = 1.0

[nodes]
count = 1000

[constants]
a = 0.1
k = "2*pi*a"

[unknowns]
fields = ["u", "v"]

[functions]
f1 = "manufactured"
f2 = "manufactured"
g = "manufactured"             # on the boundary each condition has its own

[pde]                          # one equation for each field
equations = [
    "div((1 + u**2)*grad(u)) - k*v = f1",
    "laplace(v) + u*v = f2",
]

[[boundary]]                   # each piece needs one condition for each field
on = "all"
condition = "u = g"

[[boundary]]
on = "inner"
condition = "dn(v) = g"

[[boundary]]
on = "outer"
condition = "v = g"

[exact]
u = "sin(x)*cosh(y)"
v = "exp(-x**2 - y**2)"

[solver]
method = "rbf-fd"              # with a network: dt-pinn
order = 4
"""

HOLE = """\
#:schema pinnsolve.schema.json
# Heat conduction in a square plate with a round hole: shapes combined, named boundary pieces.
# pinnsolve schema explains every section and key.

title = "Heat conduction in a plate with a hole"

[domain]
shape = "difference"           # the first part minus the others; also: union, intersection

[[domain.of]]
shape = "rectangle"
name = "plate"                 # its sides are plate.left, plate.right, plate.bottom, plate.top
lower = [-1.0, -1.0]
upper = [1.0, 1.0]

[[domain.of]]
shape = "disk"
name = "hole"                  # its boundary is hole.surface
radius = 0.4

[nodes]
spacing = 0.06

[unknowns]
fields = ["T"]

[functions]
k = "1 + x**2/4"               # conductivity

[pde]
equations = ["div(k*grad(T)) = 0"]

[[boundary]]
on = "plate.left"
condition = "T = 1"

[[boundary]]
on = "plate.right"
condition = "T = 0"

[[boundary]]                   # insulated
on = ["plate.bottom", "plate.top"]
condition = "dn(T) = 0"

[[boundary]]                   # cooled by a fluid in the hole
on = "hole.surface"
condition = "k*dn(T) + 2*(T - 1/2) = 0"

[solver]
method = "rbf-fd"              # with a network: dt-pinn
order = 3
"""

PLATE = """\
#:schema pinnsolve.schema.json
# An elastic plate under a load, clamped on the left and supported on the other edges: an equation
# of order four, with two conditions on each edge. No solution in closed form is known.
# pinnsolve schema explains every section and key.

title = "A plate clamped on one edge and supported on three"

[domain]
shape = "rectangle"
lower = [0.0, 0.0]
upper = [1.5, 1.0]

[nodes]
spacing = 0.05

[constants]
E = 12.0                       # Young's modulus
nu = 0.3                       # Poisson's ratio
h = 0.1                        # thickness
D = "E*h**3/(12*(1 - nu**2))"  # flexural rigidity

[unknowns]
fields = ["u"]                 # deflection

[functions]
q = "exp(-20*((x - 1)**2 + (y - 0.5)**2))"  # load

[pde]                          # others: u_xxxx + 2*k*u_xxyy + u_yyyy, d(u, x, 4), ...
equations = ["D*biharmonic(u) = q"]

[[boundary]]
on = "all"
condition = "u = 0"

[[boundary]]                   # clamped: the plate does not turn
on = "left"
condition = "dn(u) = 0"

[[boundary]]                   # supported: no bending moment
on = ["right", "bottom", "top"]
condition = "nu*laplace(u) + (1 - nu)*dn(dn(u)) = 0"

[solver]
method = "rbf-fd"              # with a network: dt-pinn
order = 4
"""

HEAT = """\
#:schema pinnsolve.schema.json
# Heat in a plate with a warm disk in its middle that cools through the edges.
# No solution in closed form is known: there is no [exact], and no error is reported.
# pinnsolve schema explains every section and key.

title = "A warm spot in a cooled plate"

[domain]
shape = "rectangle"
lower = [-1.0, -1.0]
upper = [1.0, 1.0]
time = [0.0, 0.5]              # when; the coordinate of time is t

[nodes]
spacing = 0.08
time_levels = 11               # instants at which the solution is written

[constants]
k = 0.2                        # diffusivity
h = 5                          # heat transfer through the edges

[unknowns]
fields = ["u"]

[pde]
equations = ["u_t = k*laplace(u)"]   # laplace, grad and div act on space only

[[boundary]]
on = "all"
condition = "k*dn(u) + h*u = 0"

[initial]                      # the values when time begins; u_t as well if there is u_tt
u = "exp(-8*(x^2 + y^2))"

[solver]
method = "dt-pinn"             # or: rbf-fd (stepped through time), pinn (exact derivatives)
order = 4
"""

TEMPLATES = {
    "poisson": POISSON,
    "nonlinear": NONLINEAR,
    "system": SYSTEM,
    "hole": HOLE,
    "plate": PLATE,
    "heat": HEAT,
}
