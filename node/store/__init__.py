"""Quads at rest: one writer, immutable generations, reads by limited worker processes."""
