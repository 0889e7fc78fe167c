"""Catalogues of others, fetched and published here: DCAT over HTTP or from a file."""
