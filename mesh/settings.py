"""Settings of a process, read from the environment: `CROSSROADS_<NAME>`."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """One service's settings; every field can be set by the environment."""

    model_config = SettingsConfigDict(env_prefix="CROSSROADS_", frozen=True)

    name: str
    """Of the process, such as `router`; names its spans and its logs."""
    listen: str = "127.0.0.1:0"
    """`host:port`; port 0 takes a free one."""
    tls: Path
    """Folder with ca.pem, cert.pem, key.pem and crl.pem; read again when they change."""
    database_url: str = ""
    """Of the service's own database, as `postgresql+psycopg://...`."""
    database_pool: int = 8
    """Connections held to the database."""
    migrate: bool = True
    """Whether the process brings its schema up to date when it starts."""
    peers: dict[str, str] = {}
    """Address of each peer by name."""
    peer_names: dict[str, str] = {}
    """The name in a peer's certificate, where it is not the one by which the peer is asked for."""
    hub: str = ""
    """Name of the secondary network whose hub the process belongs to. Empty: the primary hub."""
    network: str = ""
    """The institution, such as `17/1`, that the secondary network is to the primary hub."""
    state: Path = Path(".crossroads")
    """Folder for what the process keeps outside the database."""
    lots: Path | None = None
    """Folder in which each sender of lots of files has its own. None: no lots are taken."""
    otlp_endpoint: str = ""
    """Where spans and metrics go. Empty: to files in `state`."""
    trace_ratio: float = 1.0
    """Share of the traces kept; errors and slow ones are always kept."""
    most_calls: int = 96
    """Calls served at once; a further one is told to come back. Few, since what a busy process
    has under way keeps it from taking in, and so from turning away, those that come."""
    grace_s: float = 5.0
    """How long a stop waits for the calls under way."""

    @property
    def home(self) -> str:
        """Identity of the secondary hub, such as `hub/welfare`; empty for the primary."""
        return f"hub/{self.hub}" if self.hub else ""
