"""What a query did or would do: completeness, plans, provenance, sources of rows."""
