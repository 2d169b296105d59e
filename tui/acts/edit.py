"""The person's own version: of a file, of the whole patch, or of a file where two sides meet."""

from __future__ import annotations

from core import protocol as p
from tui.acts.desk import Desk

MARKERS = (b"<<<<<<< ", b">>>>>>> ")


def edit(desk: Desk) -> None:
    """The file under the cursor, as the proposal left it, goes to the person's editor."""
    gate, change = desk.view.gate, desk.view.change
    if gate is None:
        return
    if gate.conflict is not None:
        desk.start(_settled(desk, gate, gate.conflict))
        return
    path, line = desk.pane("change").place()
    if change is None or not path:
        desk.say("There is no file in this change to edit.", "warning")
        return
    desk.start(_edited(desk, gate, change.tree, path, line))


def edit_patch(desk: Desk) -> None:
    """The whole change as a patch goes to the person's editor."""
    gate, change = desk.view.gate, desk.view.change
    if gate is not None and change is not None:
        desk.start(_patched(desk, gate, change))


async def _edited(desk: Desk, gate: p.Gate, tree: p.Tree, path: str, line: int) -> None:
    content = await _read(desk, tree, path)
    if content is None:
        desk.say(f"{path} does not exist in this change, so it cannot be edited.", "warning")
        return
    changed: bytes | None = await desk.app.edit(path, content, line)
    if changed is None:
        return
    if changed == content:
        desk.say("The file was left as it was; nothing was decided.")
        return
    desk.decide("edit", files=(p.EditedFile(path, changed),), gate=gate)


async def _patched(desk: Desk, gate: p.Gate, change: p.Change) -> None:
    patch = await desk.read_now(lambda: desk.session.reader.patch(change))
    if not patch:
        desk.say("The patch cannot be read; e edits the file under the cursor.", "warning")
        return
    kept = desk.drafts.get((gate.id, ""), patch)
    changed: bytes | None = await desk.app.edit("change.patch", kept, 0)
    if changed is None:
        return
    if changed == patch or not changed.strip():
        desk.say("The patch was left as it was; nothing was decided. x rejects a change.")
        return
    desk.drafts[gate.id, ""] = changed  # where it does not fit, the person goes on from it
    desk.decide("edit", patch=changed, gate=gate)


async def _settled(desk: Desk, gate: p.Gate, conflict: p.Conflict) -> None:
    """Every file in which both sides meet, one after the other."""
    files: list[p.EditedFile] = []
    for path in conflict.paths:
        content = desk.drafts.get((gate.id, path)) or await _read(desk, conflict.tree, path)
        if content is None:
            desk.say(f"{path} is gone on one side; say how it should be with r.", "warning")
            return
        changed: bytes | None = await desk.app.edit(path, content, _marked(content))
        if changed is None:
            return
        desk.drafts[gate.id, path] = changed
        if _marked(changed):
            at = _marked(changed)
            desk.say(
                f"{path}:{at} still holds both sides. Your text is kept; e goes on with it.",
                "warning",
            )
            return
        files.append(p.EditedFile(path, changed))
    desk.decide("edit", files=tuple(files), gate=gate)


async def _read(desk: Desk, tree: p.Tree, path: str) -> bytes | None:
    return await desk.read_now(lambda: desk.session.reader.file(tree, path))


def _marked(content: bytes) -> int:
    """The first line that begins or ends two sides; 0 where they are settled."""
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.startswith(MARKERS):
            return number
    return 0
