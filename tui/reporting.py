"""`report`: a session as one page, printed or written into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from core import report
from core.config import Settings
from core.errors import UsageError
from core.report.save import save
from core.session import open_archive
from tui import headless

Form = Literal["", "html", "markdown"]


def write_report(settings: Settings, session: str, form: Form, output: str, *, force: bool) -> int:
    """`output`: a folder, or "-" to print it. Without a form, what suits the output."""
    archive = open_archive(settings)
    try:
        row = archive.session(session)
        reader = archive.reader(row.id)
        account = report.gather(archive.entries(row.id), reader.iterations(), reader.diff)
    finally:
        archive.close()
    blocks = report.compose(account)
    printed = output == "-"
    if form == "html" or (not form and not printed):
        text, ending = report.to_html(report.title(account), blocks), "html"
    else:
        text, ending = report.to_markdown(blocks), "md"
    if printed:
        headless.write(text.rstrip("\n"))
        return 0
    folder = Path(output).expanduser()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{output} is not a folder; --output takes the folder to write into.")
    path = folder / f"loopwright-{row.id}.{ending}"
    save(text, path, force=force)
    headless.write(str(path))
    return 0
