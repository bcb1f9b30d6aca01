"""Many solves side by side: plans, runs, statistics and their page."""
