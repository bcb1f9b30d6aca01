"""How far a solution is from the truth: measured where it is known, else estimated."""
