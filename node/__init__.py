"""Onconode: one node of a federated cancer research data hub."""

__version__ = "0.1.0"
