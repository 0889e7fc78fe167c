"""What asking members costs, in microseconds: what is fetched now or later is chosen by these few numbers.

Processor time of all who take part: a member that sends, the network, this node that reads. Where members have machines
of their own, what each does of a request and of a triple is shared out alike, so that the relation of the two stays.
Measured with ``bench.many_members`` and ``bench.federation`` (docs/reference/measurements.md, "What a request costs").
"""

from __future__ import annotations

#: A triple that a member finds and sends, and that is read and loaded here.
TRIPLE = 6.0
#: A value of a block: written, sent, and looked up by a member.
VALUE = 20.0
#: One request of a round to one member.
REQUEST = 500.0
#: What a round takes beside its requests.
WAIT = 4000.0


def of_round(requests: float, round_trip: float) -> float:
    """Microseconds of one more round that asks so many members. ``round_trip``: what the way to them takes, in seconds.

    While the first are on the way others are sent and read, so that the longer of the two counts.
    """
    return max(WAIT + requests * REQUEST, round_trip * 1e6)
