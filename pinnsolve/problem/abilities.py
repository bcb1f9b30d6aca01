"""What a problem file may ask of each method.

This table and `METHODS` (`pinnsolve.methods`) are the only places that know a method's name; a test
compares their keys. The schema, the checks, the planning of comparisons and the README read it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Abilities:
    """What a method can do, and what it cannot do without.

    Attributes
    ----------
    title
        What the method is called, as the title of a report.
    summary, description
        What it is, in the words of the schema, and of a sentence: "Solved by …".
    derivatives
        How it may differentiate, the default first.
    optimizers
        With which it may be trained; none if it trains no network.
    precisions
        In which it may compute.
    accelerations
        How its gradients may be made quicker.
    needs
        ``"operators"`` if its equations are those of the discretisation on the nodes;
        ``"evolution"`` if it goes from initial values through time, all conditions on the boundary
        built into its network, and the nodes only show what it finds.
    takes
        ``"input"``: functions and numbers that vary, and nothing without them;
        ``"constants"``: unknown constants of the equations; ``"extra"``: further residuals;
        ``"data"``: observations;
        ``"hard"``: conditions with ``hard = true``, imposed or built in; ``"ansatz"``: it builds
        them into its network; ``"regions"``: materials; ``"stages"``: steps in time that the
        problem file prescribes; ``"snapshots"``: observations of single instants of these,
        and unknown constants with them; ``"eigenvalues"``: those of a problem, and its modes;
        ``"waves"``: features that are products; ``"slabs"``: slabs of time; ``"batches"``: points
        that are drawn for each step; ``"densities"``: exponentials of networks, in all of space;
        ``"sources"``: point sources.
    reference
        The classical solution that its answers are held against; None for one that is it.
    """

    title: str
    summary: str
    description: str
    derivatives: tuple[str, ...]
    optimizers: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ("float64",)
    accelerations: tuple[str, ...] = ("auto", "none")
    needs: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()
    reference: str | None = None

    @property
    def has_network(self) -> bool:
        """Whether it trains a network."""
        return bool(self.optimizers)

    @property
    def is_general(self) -> bool:
        """Whether it solves any problem, and not families or evolutions alone."""
        return "input" not in self.takes and "evolution" not in self.needs


NODAL = "rbf-fd"  # derivatives at nodes that stay where they are
NESTED = ("autograd", "zcs")  # derivatives by differentiation in reverse mode, again and again
TRAINED = ("grow", "head", "gauss-newton", "variable-projection", "adam", "lbfgs")

ABILITIES: dict[str, Abilities] = {
    "rbf-fd": Abilities(
        title="RBF-FD, solved directly",
        summary="direct solution",
        description="the direct RBF-FD method",
        derivatives=("rbf-fd",),
        precisions=("float64", "mixed", "float32"),  # of a network that it has not
        needs=frozenset({"operators"}),
        takes=frozenset({"hard", "regions", "stages", "snapshots", "eigenvalues", "sources"}),
    ),
    "dt-pinn": Abilities(
        title="DT-PINN",
        summary="network with RBF-FD derivatives",
        description="a network trained with RBF-FD derivatives (DT-PINN)",
        derivatives=("rbf-fd",),
        optimizers=TRAINED,
        precisions=("float64", "mixed", "float32"),
        needs=frozenset({"operators"}),
        takes=frozenset({"regions", "slabs", "sources"}),
        reference="rbf-fd",
    ),
    "pinn": Abilities(
        title="PINN",
        summary="network with exact derivatives",
        description="a network trained with exact derivatives (PINN)",
        derivatives=("taylor", *NESTED),
        optimizers=(*TRAINED, "continuation"),
        precisions=("float64", "mixed", "float32"),
        accelerations=("auto", "none", "compile", "cuda-graph", "compile+cuda-graph"),
        takes=frozenset(
            {
                *("constants", "data", "extra", "hard", "ansatz", "regions", "waves", "slabs"),
                *("batches", "sources"),
            }
        ),
        reference="rbf-fd",
    ),
    "operator": Abilities(
        title="Operator learning",
        summary="all problems of a family at once, from a function that varies to the solution",
        description="features of position times functions of what varies",
        derivatives=("taylor", "rbf-fd", "zcs", "loop", "vectorised"),
        optimizers=("head", "adam"),
        takes=frozenset({"input", "hard", "ansatz"}),
    ),
    "neural-ivp": Abilities(
        title="Neural IVP",
        summary="network whose weights evolve in time",
        description="a network whose weights evolve in time (Neural IVP)",
        derivatives=("taylor",),
        optimizers=("head", "gauss-newton"),  # of the fits, which no phases are written for
        needs=frozenset({"evolution"}),
        takes=frozenset({"hard", "ansatz", "densities"}),
    ),
}
DEFAULT_METHOD = "dt-pinn"

# the classical solvers of [reference], each a key of `REFERENCES` (`pinnsolve.references`)
SOLVERS: dict[str, str] = {
    "fourier": "Fourier series and ETDRK4, for periodic problems in time on an interval or a "
    "rectangle",
    "cole-hopf": "Cole-Hopf transformation, for Burgers' equation on an interval with zero values "
    "at the ends or joined ends",
    "navier-stokes-2d": "vorticity in Fourier series, for incompressible flow in a doubly periodic "
    "rectangle, by stream function or by velocity and pressure; it takes initial vorticity, too",
    "chebyshev": "Chebyshev polynomials, on an interval, also in time, and on a rectangle without "
    "time",
    "spectral": "sines, exact in time, for linear evolutions with second derivatives in space, "
    "constant coefficients and zero values on all sides of an interval, a rectangle or a box",
    "linear-drift": "density and moments, from any initial density, of linear Fokker-Planck "
    "equations u_t = D*laplace(u) - div(h*u) with a drift h linear in position, in all of space, "
    "or between walls with zero values that hardly any of it reaches",
    "characteristics": "linear equations of first order, in all of space or with zero values where "
    "they flow in, along the curves on which they are ordinary equations",
    "finite-differences": "central differences and explicit steps, for any problem in time, linear "
    "or not, in an interval, a rectangle or a box with given values or joined sides",
    "rbf-fd": "the direct solution on four times as many nodes",
}


def methods_that_take(ability: str) -> tuple[str, ...]:
    """Return the names of the methods that take something: those for any problem, if there are."""
    found = {name: method for name, method in ABILITIES.items() if ability in method.takes}
    general = tuple(name for name, method in found.items() if method.is_general)
    return general or tuple(found)
