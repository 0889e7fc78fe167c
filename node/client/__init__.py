"""The Python API: asking a node, or the federation it is part of, from a program or a notebook.

>>> from node.client import Client
>>> hub = Client("https://node.example/")            # doctest: +SKIP
>>> answer = hub.federated_query("SELECT …")         # doctest: +SKIP
>>> answer.completeness.verdict, answer.to_pandas()  # doctest: +SKIP

Nothing of the server is imported. Errors are those of ``node.errors``: what a node says is wrong is raised as the same
class here, with its problem document.
"""

from node.client.answers import Answer, Row, Stream
from node.client.client import Client
from node.federation.members.completeness import Completeness, Verdict
from node.federation.members.completeness import MemberReport as Member
from node.sparql.terms import Term

__all__ = ["Answer", "Client", "Completeness", "Member", "Row", "Stream", "Term", "Verdict"]
