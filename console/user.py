"""The ordinary user as whom a server runs that refuses to be root or a stranger."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from functools import cache


class NoOrdinaryUser(Exception):  # noqa: N818 - it states what is so
    """We can be nobody but who we are here; the text says what to do."""


@cache
def somebody() -> pwd.struct_passwd:
    """An ordinary user known to this system, for the server to be where it cannot be us."""
    users = [entry for entry in pwd.getpwall() if entry.pw_uid != 0]
    if not users:
        raise NoOrdinaryUser(
            "this system knows no user but root, and PostgreSQL refuses to be root"
        )
    return next((entry for entry in users if entry.pw_name == "nobody"), users[0])


@cache
def unprivileged() -> tuple[str, ...]:
    """The words before a command that must see itself run as an ordinary, known user."""
    if os.geteuid() != 0 and _is_known(os.geteuid()):
        return ()
    user, group = somebody().pw_uid, somebody().pw_gid
    namespace = ("unshare", "--user", f"--map-user={user}", f"--map-group={group}")
    switched = ("setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups")
    for words in (namespace, switched):
        if shutil.which(words[0]) is None:
            continue
        tried = subprocess.run([*words, "true"], capture_output=True, check=False)
        if tried.returncode == 0:
            return words
    raise NoOrdinaryUser(
        "PostgreSQL refuses to run as this user, and neither unshare nor setpriv works here: "
        "run as an ordinary user, or set CROSSROADS_DATABASE_URL to a server of yours"
    )


def _is_known(number: int) -> bool:
    try:
        pwd.getpwuid(number)
    except KeyError:
        return False
    return True
