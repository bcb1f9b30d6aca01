"""Where and when each equation holds, bound to points and to its data."""
