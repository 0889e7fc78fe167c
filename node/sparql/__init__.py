"""The words of SPARQL: parsing, results, stored queries. No I/O beyond reading packaged files."""
