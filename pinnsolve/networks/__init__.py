"""Networks: parametrised functions from points to fields."""
