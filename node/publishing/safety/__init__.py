"""Keeps direct identifiers of persons out of what is published: what values look like, what columns are called."""
