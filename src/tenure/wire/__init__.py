"""The HTTP client that every connector uses: modes, time-outs, bounds, redaction, errors by recovery, the rate port."""

from tenure.wire.auth import Auth, Basic, Bearer
from tenure.wire.client import Client, Exchange, Query
from tenure.wire.limiter import Limiter, PacedLimiter
from tenure.wire.operation import Operation
from tenure.wire.reply import Reply

__all__ = ["Auth", "Basic", "Bearer", "Client", "Exchange", "Limiter", "Operation", "PacedLimiter", "Query", "Reply"]
