"""A session told to somebody who was not there: one page, in HTML or Markdown."""

from core.report.account import Account, gather
from core.report.compose import compose, title
from core.report.html import to_html
from core.report.markdown import to_markdown

__all__ = ["Account", "compose", "gather", "title", "to_html", "to_markdown"]
