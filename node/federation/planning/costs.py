"""What asking members costs, in microseconds: what is fetched now or later is chosen by these few numbers.

Processor time of all who take part: a member that sends, the network, this node that reads. Where members have machines
of their own, what each does of a request and of a triple is shared out alike, so that the relation of the two stays.
What was measured with ``bench.request_costs`` is in docs/reference/federation-measurements.md, "What a request costs".
"""

from __future__ import annotations

#: A triple that a member finds and sends, and that is read, joined by its values and loaded here.
TRIPLE = 6.0
#: A value of a block: found, written, sent, and looked up by a member.
VALUE = 20.0
#: One request of a round to one member: 180 here, 310 at a member.
REQUEST = 500.0
#: What a round takes beside its requests; with four members that is six milliseconds.
WAIT = 4000.0


def of_round(requests: float, round_trip: float) -> float:
    """Microseconds of one more round that asks so many members. ``round_trip``: what the way to them takes, in seconds.

    While the first are on the way others are sent and read, so that the longer of the two counts.
    """
    return max(WAIT + requests * REQUEST, round_trip * 1e6)
