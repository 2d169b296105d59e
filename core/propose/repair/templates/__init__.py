"""Edit templates: each looks at one node and drafts the edits that would mend a usual mistake."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from core.propose.repair.source import Draft, Source
from core.propose.repair.templates import calls, collect, constants, flow, guards, names, operators
from core.propose.repair.templates.hints import Hints

Template = Callable[[ast.AST, Source, Hints], Iterator[Draft]]

TEMPLATES: tuple[tuple[str, Template], ...] = (
    ("comparison", operators.compare),
    ("arithmetic", operators.arithmetic),
    ("augmented assignment", operators.augmented),
    ("boolean operator", operators.boolean),
    ("sign", operators.unary),
    ("condition", operators.negation),
    ("missing sign", operators.missing_sign),
    ("number", constants.number),
    ("constant", constants.singleton),
    ("string", constants.text),
    ("off by one", constants.off_by_one),
    ("bounds", constants.slice_bounds),
    ("name", names.variable),
    ("attribute", names.attribute),
    ("arguments", calls.arguments),
    ("order", calls.ordering),
    ("needless call", calls.needless),
    ("missing call", calls.missing_call),
    ("elements", calls.elements),
    ("missing key", calls.subscript),
    ("jump", flow.jump),
    ("needless statement", flow.too_much),
    ("return", flow.returned),
    ("idle expression", flow.idle),
    ("missing statement", collect.accumulate),
    ("exception", flow.exceptions),
    ("shared default", flow.default),
    ("guard", guards.guard),
    ("fallback", guards.fallback),
)
