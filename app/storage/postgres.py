"""PostgreSQL's connections: few, tried before they are used, and given up soon when the other end is gone.

A page waits some seconds at most, whatever the network or a server does, and then says that it is worth to come back.
"""

from typing import Final

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL

POOL: Final = 5
"""How many connections a process keeps: its pages have four threads, and what is done on the side mostly has one."""

OVERFLOW: Final = 5
"""How many more it opens for a moment, where a page reads while it writes, or something takes long."""

WAIT_SECONDS: Final = 5
"""How long a page waits for one of them."""

SNAPSHOT_IDLE_SECONDS: Final = 120
"""How long a transaction that only reads may wait for whoever takes what it gives; the server gives them up sooner."""

_LOCK_SECONDS: Final = 5
_STATEMENT_SECONDS: Final = 15
_LONG_SECONDS: Final = 300
_IDLE_SECONDS: Final = 30
_SILENCE_SECONDS: Final = 10

# libpq's own, for each server of several that a URL may name; what the URL says comes first.
_CLIENT: Final = {
    "connect_timeout": 3,
    "application_name": "foreword",
    # A network that was cut says nothing: whoever waits for an answer asks whether anybody is there, and gives up.
    "keepalives_idle": _SILENCE_SECONDS // 2,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": _SILENCE_SECONDS * 1000,
}
# The server's, for this connection. By the last ones it notices that a machine is gone, and lets go of what that held.
_SERVER: Final = {
    "lock_timeout": f"{_LOCK_SECONDS}s",
    "statement_timeout": f"{_STATEMENT_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{_IDLE_SECONDS}s",
    "tcp_keepalives_idle": str(_SILENCE_SECONDS // 2),
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": f"{_SILENCE_SECONDS}s",
}


def create_postgres_engine(url: URL) -> Engine:
    """Return an engine for a PostgreSQL database, or for several servers of which one takes writes."""
    given = url.query.get("options", "")
    options = " ".join([*(f"-c {name}={value}" for name, value in _SERVER.items()), str(given)]).strip()
    arguments = {name: value for name, value in _CLIENT.items() if name not in url.query}
    return create_engine(
        url,
        hide_parameters=True,
        pool_size=POOL,
        max_overflow=OVERFLOW,
        pool_timeout=WAIT_SECONDS,
        # The newest first: the others are closed by a proxy or by an hour, and not by a burst that is over.
        pool_use_lifo=True,
        pool_recycle=3600,
        # A server that was restarted or promoted is met at the next page, by all connections at once.
        pool_pre_ping=True,
        connect_args={**arguments, "options": options},
    )


def allow_long_statements(connection: Connection) -> None:
    """Let the statements of this transaction take minutes on PostgreSQL: those that must look at all there is."""
    if connection.dialect.name == "postgresql":
        limit = {"limit": f"{_LONG_SECONDS}s"}
        connection.execute(text("SELECT set_config('statement_timeout', :limit, true)"), limit)
