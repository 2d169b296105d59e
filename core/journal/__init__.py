"""The journal: the append-only record of a session, and what is projected from it."""

from core.journal.blobs import Blobs
from core.journal.lock import RepositoryLock
from core.journal.store import Journal, SessionRow

__all__ = ["Blobs", "Journal", "RepositoryLock", "SessionRow"]
