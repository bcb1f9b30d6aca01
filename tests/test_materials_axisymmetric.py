"""Materials around an axis: conditions on interfaces, orders, and fluxes weighted by the radius."""

import numpy as np
import pytest

import pinnsolve

TEXT = """
[domain]
shape = "rectangle"
lower = {lower}
upper = [1, 1]
coordinates = "axisymmetric"
[nodes]
count = {count}
[unknowns]
fields = ["u"]
[pde]
equations = ["div(k*grad(u)) = 0"]
[[region]]
name = "core"
{core}
[region.constants]
k = 5.0
[region.functions]
ue = "{inside}"
[[region]]
name = "shell"
[region.constants]
k = 1.0
[region.functions]
ue = "{outside}"
[[boundary]]
on = {on}
condition = "u = ue"
{axis}
[exact]
u = "ue"
[solver]
method = "rbf-fd"
order = {order}
"""
CABLE = {  # of flux one for each radian and unit of length
    "lower": [0.2, 0],
    "core": 'where = "r < 0.5"',
    "inside": "log(r/0.5)/5",
    "outside": "log(r/0.5)",
    "on": '"all"',
    "axis": "",
}
SPHERE = {  # in a field z from afar (J. C. Maxwell, 1873, A treatise on electricity, article 312)
    "lower": [0, -1],
    "core": 'shape = "disk"\ncenter = [0, 0]\nradius = 0.5',
    "inside": "3*z/7",
    "outside": "z*(1 - 4/7*0.125/(r^2 + z^2)^1.5)",
    "on": '["right", "top", "bottom"]',
    "axis": '[[boundary]]\non = "left"\ncondition = "u_r = 0"',
}


def solved(folder, case, count, order):
    path = folder / "materials.toml"
    path.write_text(TEXT.format(**case, count=count, order=order))
    return pinnsolve.solve(pinnsolve.load(path))


@pytest.mark.slow
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("case", [CABLE, SPHERE], ids=["cable", "sphere"])
def test_materials_around_an_axis_have_the_order_asked_for(tmp_path, case, order):
    coarse, fine = (
        solved(tmp_path, case, n, order).accuracy.errors.relative_l2["u"] for n in (600, 2400)
    )
    assert np.log2(coarse / fine) > order - 0.5  # half the spacing


@pytest.mark.parametrize(
    ("case", "net", "passing"), [(CABLE, 2 * np.pi, 2 * np.pi), (SPHERE, 0, 15 / 14 * np.pi)]
)
def test_fluxes_are_those_through_all_of_an_interface(tmp_path, case, net, passing):
    # of the sphere 5*3/7 cos(angle), over a half 2 pi a^2/2 = pi/4, and as much on the other
    (flux,) = solved(tmp_path, case, 600, 4).fluxes
    assert abs(flux.net[0]) == pytest.approx(net, abs=1e-3)
    assert flux.passing[0] == pytest.approx(passing, rel=2e-3)  # one for each node's error there
