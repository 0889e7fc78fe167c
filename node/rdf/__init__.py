"""The words of RDF: terms, namespaces, formats, canonical form, datasets. No I/O."""
