"""What tests look like in languages that are read line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import splitext

from core.repo.suites import FAILS, ONLY, SKIPS


def _of(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.VERBOSE)


@dataclass(frozen=True)
class Language:
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
    "js": Language(
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
    "go": Language(
        block=_of(r"^func\s+(?:\([^)]*\)\s*)?(\w+)"),
        test=_of(r"^func\s+(?:\([^)]*\)\s*)?(?:Test|Fuzz|Example)\w*\("),
        claim=_of(
            r"^(?:\}\s*else\s+)?if\b.*(?:[!=<>]=|[<>]|err\b|ok\b|Equal|!|Diff).*\{$"
            r" | \b[tb]\.(?:Errorf?|Fatalf?|Fail|FailNow)\( | \b(?:assert|require|is)\.\w+\("
        ),
        skips=((_of(r"\bt\.Skip(?:f|Now)?\("), SKIPS),),
        case=_of(r"^\{.*\},?$"),
    ),
    "rs": Language(
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
    "java": Language(
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
    "rb": Language(
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
    "py": Language(
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


def language_of(path: str) -> Language | None:
    """The language of a file, by its name; None where it is not one that is known."""
    kind = _ENDINGS.get(splitext(path)[1])
    return _LANGUAGES[kind] if kind else None
