"""Programs that measure: each prints a table, side by side with a peer in the same run, as ratios."""
