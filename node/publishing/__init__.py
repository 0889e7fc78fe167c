"""Descriptions in and out: from what a partner has to one atomic change, and back to JSON-LD."""
