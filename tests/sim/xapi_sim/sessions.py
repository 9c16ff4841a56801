# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions: log in and out, expiry, originator quotas."""

import hmac
import time

from .clock import iso
from .schema import NULL
from .wire import Failure

#: Most sessions per originator, and for root without one (xapi.md 1.4).
PER_ORIGINATOR, WITHOUT_ORIGINATOR = 500, 400
#: A wrong password costs this long (observed: errors-sessions/002-004, 1.5-2.5 s).
BAD_PASSWORD_DELAY = 2.0


class Sessions:
    """The session table (its rows live in the database, its order here)."""

    def __init__(self, pool, user, password):
        self.pool, self.user, self.password = pool, user, password
        self.live = {}  # ref -> (originator, time of log-in)

    def login(self, user, password, originator=""):
        """A new session, or SESSION_AUTHENTICATION_FAILED after the delay."""
        if user != self.user:
            self.pool.clock.sleep(BAD_PASSWORD_DELAY)
            reason = "User not known to the underlying authentication module"
            raise Failure("SESSION_AUTHENTICATION_FAILED", user, reason)
        given = password.encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, self.password.encode()):
            self.pool.clock.sleep(BAD_PASSWORD_DELAY)
            raise Failure("SESSION_AUTHENTICATION_FAILED", user, "Authentication failure")
        return self.create(originator)

    def create(self, originator, local=False):
        """A session without asking for a password."""
        db = self.pool.db
        with db.lock:
            quota = PER_ORIGINATOR if originator else WITHOUT_ORIGINATOR
            same = [ref for ref, (name, _) in self.live.items() if name == originator]
            for ref in same[: max(0, len(same) - quota + 1)]:
                self.end(ref)
            now = iso()
            ref = db.create(
                "session", this_host=self.pool.master_ref, this_user=NULL, last_active=now,
                validation_time=now, is_local_superuser=True, subject=NULL, parent=NULL,
                auth_user_name="" if local else self.user, originator=originator,
            )
            self.live[ref] = (originator, time.monotonic())
            return ref

    def check(self, ref):
        """SESSION_INVALID [ref] unless the session is alive."""
        if not isinstance(ref, str) or ref not in self.live:
            raise Failure("SESSION_INVALID", ref)

    def end(self, ref):
        """Log out; waiting event.from calls notice at once (observed: http-limits/024)."""
        db = self.pool.db
        with db.lock:
            self.live.pop(ref, None)
            db.destroy("session", ref)
            self.pool.events.registrations.pop(ref, None)
            db.changed.notify_all()

    def end_all(self):
        """A coordinator restart forgets every session."""
        for ref in list(self.live):
            self.end(ref)
