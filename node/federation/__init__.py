"""SPARQL over this node and the other members, as if they were one store.

A query goes one way through the packages: ``engine`` and ``session`` take it and say for whom, ``execution`` carries it
out. ``planning`` decides what is needed of whom, ``fetching`` asks for it round by round, ``members`` know what each
holds and how it is asked, ``calling`` speaks HTTP and counts what a query may use. ``reporting`` tells what happened.
"""
