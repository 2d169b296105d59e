"""Long texts that are stored as they come, with every known secret taken out."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from core.journal.blobs import BlobWriting
from core.protocol import BlobRef

_BLOCK = 256 << 10
"""Bytes that are looked through together."""
_HELD = 32 << 10
"""Characters that wait for what follows them: no secret is longer."""


class TextWriting:
    """A text in the making. `redact` sees blocks that are divided where it finds nothing."""

    def __init__(self, blob: BlobWriting, redact: Callable[[str], str]) -> None:
        self._blob, self._redact = blob, redact
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""
        self._fresh = bytearray()

    def write(self, data: bytes) -> None:
        """More of it, in UTF-8; a character may be divided. Raises `JournalError`."""
        self._fresh += data
        if len(self._fresh) > _BLOCK:
            self._take(final=False)
            at = self._division(self._rest)
            self._put(self._rest[:at])
            self._rest = self._rest[at:]

    def _take(self, *, final: bool) -> None:
        self._rest += self._decode(bytes(self._fresh), final)
        self._fresh.clear()

    def _division(self, text: str) -> int:
        """Where the text can be divided so that no secret is; 0 where nowhere."""
        at = text.rfind("\n", 0, len(text) - _HELD) + 1 or len(text) - _HELD
        while at > 0:
            before, after = text[max(0, at - _HELD) : at], text[at : at + _HELD]
            if self._redact(before + after) == self._redact(before) + self._redact(after):
                break
            at = text.rfind("\n", 0, at - 1) + 1 if "\n" in text[: at - 1] else at - _HELD
        return max(0, at)

    def _put(self, text: str) -> None:
        self._blob.write(self._redact(text).encode("utf-8", "surrogatepass"))

    def done(self) -> BlobRef:
        """Its reference, once it is durable. Raises `JournalError`."""
        self._take(final=True)
        self._put(self._rest)
        return self._blob.done()

    def drop(self) -> None:
        """Forget it; does nothing once it is done."""
        self._blob.drop()
