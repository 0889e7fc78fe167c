"""``/metrics``: what an operator's monitoring collects, in the OpenMetrics text format (version 1.0.0)."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Response, current_app, request

from node.federation.calling.circuits import OpenCircuit
from node.web.call import read_call

blueprint = Blueprint("metrics", __name__)

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@blueprint.get("/metrics")
def metrics() -> Response:
    federation = read_call(current_app, request).node.federation
    counters = federation.counters
    circuits = federation.circuits.open()
    lines = [
        *_family("onconode_federation_queries", "counter", "Federated queries by verdict, or by their problem."),
        *(_sample("onconode_federation_queries_total", n, result=result) for result, n in counters.queries.items()),
        *_family("onconode_member_outcomes", "counter", "Federated queries by what each member did for them."),
        *(
            _sample("onconode_member_outcomes_total", n, member=member, outcome=outcome)
            for (member, outcome), n in counters.outcomes.items()
        ),
        *_family("onconode_member_requests", "counter", "Requests sent to each member for federated queries."),
        *(_sample("onconode_member_requests_total", n, member=member) for member, n in counters.requests.items()),
        *_family("onconode_member_circuit_open", "gauge", "1 while a member is left alone because it keeps failing."),
        *(
            _sample("onconode_member_circuit_open", _is_open(circuits.get(member.endpoint)), member=member.name)
            for member in federation.members()
        ),
        "# EOF",
    ]
    response = Response("\n".join(lines) + "\n", content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response


def _is_open(circuit: OpenCircuit | None) -> int:
    return 0 if circuit is None else 1


def _family(name: str, kind: str, explanation: str) -> Iterable[str]:
    return (f"# TYPE {name} {kind}", f"# HELP {name} {explanation}")


def _sample(name: str, value: int, **labels: str) -> str:
    shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{shown}}} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
