"""A process of the mesh that only serves its health, for the tests of the launcher."""

from __future__ import annotations

from mesh import process
from mesh.server import Server
from mesh.settings import Settings


async def main(settings: Settings) -> None:
    await Server(settings).run()


if __name__ == "__main__":
    process.run(main)
