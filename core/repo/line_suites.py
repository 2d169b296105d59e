"""Reads tests of any language line by line, by what assertions and marks look like in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from posixpath import splitext

from core.repo.suites import EXACT, FAILS, LOOSE, NEAR, ONLY, SKIPS, Block, Claim, Suite, suite

_LONGEST = 1_000
"""Characters of a line that are looked at."""
_JOINED = 20
"""Lines over which one assertion may go."""


def _of(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.VERBOSE)


@dataclass(frozen=True)
class _Language:
    block: re.Pattern[str]
    """Begins a test or a function; its name is the first group that is there."""
    test: re.Pattern[str]
    """In a block's first line or its marks: it is a test."""
    claim: re.Pattern[str]
    skips: tuple[tuple[re.Pattern[str], str], ...]
    mark: re.Pattern[str] = re.compile(r"(?!)")
    """A line that belongs to the block that comes next."""
    case: re.Pattern[str] = re.compile(r"(?!)")
    comment: tuple[str, ...] = ("//", "/*", "* ")


_QUOTED = r"""\s*\(?\s*(?:"([^"]+)"|'([^']+)'|`([^`]+)`)"""
_JS = r"(?:it|test|specify|describe|context|suite|bench)"
_LANGUAGES = {
    "js": _Language(
        block=_of(
            rf"^[xf]?{_JS}(?:\.\w+)*(?:\(.*\)|`.*`)?{_QUOTED} | ^[\])`]+\)?{_QUOTED}"
            r" | ^(?:export\s+)?(?:async\s+)?function\s+(\w+)"
        ),
        test=_of(rf"^[xf]?{_JS}\b | \.each\b"),
        claim=_of(
            r"\bexpect\w*(?:\.\w+)?\( | \bassert\w*[.(] | \.(?:should|not)\b"
            r" | ^\.(?:not\.|resolves\.|rejects\.)*to[A-Z]\w*\( | \bt\.(?:is|deepEqual|true|false"
            r"|throws\w*|like|not|truthy|falsy|equal|same|ok|strictEqual)\("
        ),
        skips=(
            (_of(rf"^x{_JS}\b | ^{_JS}\.(?:\w+\.)*(?:skip\w*|todo|fixme)\b"), SKIPS),
            (_of(r"\bthis\.skip\("), SKIPS),
            (_of(rf"^{_JS}\.(?:fails|failing)\b"), FAILS),
            (_of(rf"^(?:f{_JS}|{_JS}\.(?:\w+\.)*only)\b"), ONLY),
        ),
        mark=_of(rf"^[xf]?{_JS}(?:\.\w+)*\.each\s*[(`](?!.*[)`]\s*\(\s*['\"`])"),
        case=_of(r"^\[.*\],?$ | ^\{.*\},?$ | ^\|.*\|.*$"),
    ),
    "go": _Language(
        block=_of(r"^func\s+(?:\([^)]*\)\s*)?(\w+)"),
        test=_of(r"^func\s+(?:\([^)]*\)\s*)?(?:Test|Fuzz|Example)\w*\("),
        claim=_of(
            r"^(?:\}\s*else\s+)?if\b.*(?:[!=<>]=|[<>]|err\b|ok\b|Equal|!|Diff).*\{$"
            r" | \b[tb]\.(?:Errorf?|Fatalf?|Fail|FailNow)\( | \b(?:assert|require|is)\.\w+\("
        ),
        skips=((_of(r"\bt\.Skip(?:f|Now)?\("), SKIPS),),
        case=_of(r"^\{.*\},?$"),
    ),
    "rs": _Language(
        block=_of(r"^(?:pub(?:\([^)]*\))?\s+)?(?:const\s+|async\s+|unsafe\s+)*fn\s+(\w+)"),
        test=_of(r"\#\[(?:\w+::)*(?:test|rstest|test_case|quickcheck|proptest|wasm_bindgen_test)\b"),
        claim=_of(
            r"\b(?:debug_|prop_|more_)?assert\w*!\s*\( | \#\[should_panic | \bpanic!\( "
            r"| \bassert_\w+\("
        ),
        skips=((_of(r"\#\[(?:ignore\b|cfg_attr\(.*ignore)"), SKIPS),),
        mark=_of(r"^\#\["),
        case=_of(r"^\#\[(?:test_case|case)\b"),
    ),
    "java": _Language(
        block=_of(
            r"^(?:(?:public|protected|private|internal|static|final|abstract|override|suspend"
            r"|async|open|inline|data|sealed|partial|class|object|fun|void)\s+)+"
            r"(?:[\w<>\[\],.?]+\s+)*(?:(\w+)|`([^`]+)`)\s*\("
        ),
        test=_of(
            r"@(?:\w*Test|TestFactory|TestTemplate|Property)\b"
            r" | \[(?:.*[\[,\s])?(?:Fact|Theory|Test|TestCase|TestMethod|DataTestMethod)\b"
        ),
        claim=_of(
            r"\b(?:[aA]ssert|verify|expect|should|fail)\w*\s*[.(<{] | \b[Aa]ssert\w*\.\w+"
            r" | \.(?:[sS]hould\w*|Verify\w*)\( | ^\.(?:is|has|contains|does|starts|ends|matches"
            r"|extracting|Be|Have|Contain|Equal|Throw|to|not|and[A-Z])\w*\("
        ),
        skips=(
            (
                _of(
                    r"@(?:Disabled|Ignore)\w*\b | \bassum(?:e|ing)\w*\( | Assumptions\."
                    r" | \[Ignore | \bSkip\s*= | Assert\.(?:Ignore|Inconclusive)\(|Skip\.If"
                ),
                SKIPS,
            ),
        ),
        mark=_of(r"^@(?!Override\b.*\{) | ^\["),
        case=_of(
            r"^\[(?:InlineData|TestCase|DataRow)\( | \b[aA]rguments(?:\.of)?\(.*\),?$"
            r" | ^\"[^\"]*\"[,)}]*$ | ^@(?:ValueSource|CsvSource)\("
        ),
    ),
    "rb": _Language(
        block=_of(
            r"^[xf]?(?:it|specify|example|scenario|test|describe|context|feature"
            rf"|RSpec\.describe)\b{_QUOTED} | ^def\s+(?:self\.)?(\w+[?!]?)"
        ),
        test=_of(r"^[xf]?(?:it|specify|example|scenario|test)\b | ^def\s+test_"),
        claim=_of(
            r"\b(?:assert|refute|expect|must|wont)\w*\b | \.should(?:_not)?\b | \bflunk\b"
            r" | ^is_expected"
        ),
        skips=(
            (
                _of(
                    r"^x(?:it|specify|example|scenario|describe|context)\b | ^(?:skip|pending)\b"
                    r" | ,\s*:?(?:skip|pending)\b"
                ),
                SKIPS,
            ),
            (_of(r"^f(?:it|specify|describe|context)\b | ,\s*:?focus\b"), ONLY),
        ),
        comment=("#",),
    ),
    "py": _Language(
        block=_of(r"^(?:async\s+)?def\s+(\w+) | ^class\s+(\w+)"),
        test=_of(r"^(?:async\s+)?def\s+test"),
        claim=_of(
            r"^assert\b | \bassert\w*\( | \b(?:pytest|self)\.(?:raises|warns|fail|assert\w*)\("
        ),
        skips=(
            (
                _of(
                    r"\b(?:pytest|unittest|mark)\.(?:mark\.)?skip\w*\b | ^@skip"
                    r" | \bself\.skipTest\( | \bSkipTest\b | \bimportorskip\("
                ),
                SKIPS,
            ),
            (_of(r"\b(?:mark|pytest)\.xfail\b | @(?:unittest\.)?expectedFailure"), FAILS),
        ),
        mark=_of(r"^@"),
        case=_of(r"^\(.*\),?$ | ^pytest\.param\(.*\),?$"),
        comment=("#",),
    ),
}  # fmt: skip
_ENDINGS = {
    **dict.fromkeys((".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts"), "js"),
    **dict.fromkeys((".java", ".kt", ".kts", ".cs", ".scala", ".groovy"), "java"),
    ".go": "go", ".rs": "rs", ".rb": "rb", ".py": "py",
}  # fmt: skip
_VALUE = re.compile(
    r"(?:(?:const|let|var|val|final|string|int|String|auto)\s+)*(?:mut\s+)?"
    r"(?P<name>want\w*|expected\w*|golden\w*)(?:\s*:[^=]+)?\s*(?::=|=|:)\s*(?P<value>[^=].*)"
)
_CALL = re.compile(r"\b(expect|\w*assert\w*!?|(?:[Aa]ssert|require|is)\.\w+)\s*\(")
_MATCHER = re.compile(r"\)((?:\.\w+)+)\(")
_EXACTLY = re.compile(
    r"\.to(Be|Equal|StrictEqual|eq)$|[eE]quals?$|_eq!?$|[aA]re_?[eE]qual$|strictEqual$"
)
_NEARLY = re.compile(r"CloseTo|InDelta|InEpsilon|[nN]ear|approx|relative_eq")
_FAILING = re.compile(r"\b[tb]\.(?:Errorf?|Fatalf?|Fail|FailNow)\(.*")


def reads(path: str) -> bool:
    """Whether files of this name are of a language that is known."""
    return splitext(path)[1] in _ENDINGS


def read(path: str, text: str) -> Suite:
    """The tests of a file, as well as its lines tell them."""
    kind = _ENDINGS.get(splitext(path)[1])
    return suite(_blocks(_LANGUAGES[kind], text.split("\n"))) if kind else Suite()


@dataclass
class _Open:
    """A block whose end has not been seen."""

    name: str
    runs: bool
    first: int
    claims: list[Claim] = field(default_factory=list)
    cases: list[Claim] = field(default_factory=list)
    values: list[Claim] = field(default_factory=list)
    skips: list[Claim] = field(default_factory=list)
    body: list[str] = field(default_factory=list)

    def closed(self, last: int) -> Block:
        return Block(
            self.name, self.runs, self.first, max(self.first, last), tuple(self.claims),
            tuple(self.cases), tuple(self.values), tuple(self.skips), "\n".join(self.body),
        )  # fmt: skip


def _blocks(language: _Language, lines: list[str]) -> Iterator[Block]:
    here, marked = _Open("", False, 1), None
    joined, silent = 0, False
    for n, line in enumerate(lines, 1):
        stripped = line.strip()[:_LONGEST]
        silent = silent or ("/*" in language.comment and stripped.startswith("/*"))
        if silent:
            silent = "*/" not in stripped
            continue
        if not stripped or stripped.startswith(language.comment):
            continue
        found = language.block.search(stripped)
        if found and any(found.groups()):
            name = next(group for group in found.groups() if group)
            start = marked or _Open("", False, n)
            yield here.closed(start.first - 1)
            here, marked = replace(start, name=name), None
            here.runs |= language.test.search(stripped) is not None
        elif language.mark.search(stripped):
            marked = marked or _Open("", False, n)
            marked.runs |= language.test.search(stripped) is not None
        into = marked or here
        if not found:
            into.body.append(stripped)
        if n > joined:
            joined = _keep(language, into, lines, n, stripped)
    if marked:  # it marks nothing that is known
        here.claims += marked.claims
        here.skips += marked.skips
    yield here.closed(len(lines))


def _keep(language: _Language, into: _Open, lines: list[str], n: int, line: str) -> int:
    """Puts down what a line says; the last line that it goes on to."""
    for pattern, says in language.skips:
        if pattern.search(line):
            into.skips.append(Claim(says, says, n, n))
    if language.case.search(line):
        text = line.rstrip(",")
        into.cases.append(Claim(text, f"case {text}", n, n, tuple(text.strip("[]{}()").split(","))))
    elif found := language.claim.search(line):
        last, text = _whole(lines, n, line[found.start() :])
        sides, strength = _sides(text)
        into.claims.append(Claim(text, _FAILING.sub("t.Error(", text), n, last, sides, strength))
        return last
    elif value := _VALUE.match(line):
        into.values.append(Claim(line, line.rstrip(",;"), n, n, (value["name"],)))
    return n


def _whole(lines: list[str], n: int, text: str) -> tuple[int, str]:
    """An assertion that begins in line `n`, on to where its brackets are closed."""
    whole = text
    for last, follows in enumerate((*lines[n : n + _JOINED], ""), n):
        more = follows.strip()[:_LONGEST]
        if whole.count("(") <= whole.count(")") and not more.startswith("."):
            return last, whole.rstrip(";")
        whole += more if more.startswith(".") else f" {more}"
    return n, text.rstrip(";")


def _sides(text: str) -> tuple[tuple[str, ...], int]:
    """What an assertion compares, and how strictly."""
    if text.startswith(("if ", "} else if ")) and text.endswith("{"):
        left, equal, right = text[:-1].rpartition(";")[2].replace("!=", "==").partition("==")
        return ((left.removeprefix("if ").strip(), right.strip()), EXACT) if equal else ((), LOOSE)
    found = _CALL.search(text)
    if found is None:
        return (), LOOSE
    sides, end = _arguments(text, found.end())
    how = found[1]
    if matcher := _MATCHER.match(text, end):
        sides += _arguments(text, matcher.end())[0]
        how = matcher[1]
    strength = NEAR if _NEARLY.search(how) else EXACT if _EXACTLY.search(how) else LOOSE
    return tuple(side for side in sides if side), LOOSE if ".not." in how else strength


def _arguments(text: str, at: int) -> tuple[tuple[str, ...], int]:
    """Arguments that begin there, cut at their outer commas, and where their bracket closes."""
    parts, depth = [""], 0
    for end in range(at, len(text)):
        char = text[end]
        if char == ")" and not depth:
            return tuple(part.strip() for part in parts), end
        depth += (char in "([{") - (char in ")]}")
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return tuple(part.strip() for part in parts), len(text)
