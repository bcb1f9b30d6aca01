"""The language of formulas: from text to residuals that can be evaluated and linearised."""
