"""SPARQL over this node and the other members, as if they were one store."""
