"""The vocabulary in use, read side: concepts, mappings from other code systems, installed releases.

Nothing here changes a vocabulary; making releases is curation, a batch job that the server never imports.
"""
