"""What a change takes from the base's tests is told hunk by hunk; what it adds or moves is not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.protocol import FileChange
from core.repo.hunks import parse
from tests.fakes.landings import Bench, make_bench

TEST = "tests/test_cart.py"
PYTHON = """\
import pytest
from shop import Cart, total

RATES = [1, 2]


def make_cart():
    return Cart()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (1, 1.0),
        (2, 2.0),
    ],
)
def test_whole(given, expected):
    assert total(given) == expected


def test_half_even():
    cart = make_cart()
    assert total(2.675) == 2.67
    assert cart.empty and not cart.closed
    assert total(cart) == RATES


class TestRefusals:
    def test_negative(self):
        with pytest.raises(ValueError, match="negative"):
            total(-1)

    def test_none(self):
        wanted = "nothing"
        assert total(None) == wanted
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return make_bench(tmp_path_factory.mktemp("weakening"), {"kept": "kept\n"})


def changed(
    bench: Bench, before: dict[str, str | bytes], after: dict[str, str | bytes], known: bool = True
) -> dict[str, FileChange]:
    shop = bench.shop
    one, two = (
        shop.build(
            bench.base.tree,
            {path: c.encode() if isinstance(c, str) else c for path, c in files.items()},
        )
        for files in (before, after)
    )
    parsed = parse(shop.diff(one, two), old=lambda path: shop.read(one, path) if known else None)
    return {file.change.path: file.change for file in parsed}


def lost(bench: Bench, path: str, before: str, *edits: tuple[str, str], known: bool = True) -> str:
    """What the file loses by replacing these, in all its hunks."""
    after = before
    for old, new in edits:
        assert old in after
        after = after.replace(old, new, 1)
    (file,) = changed(bench, {path: before}, {path: after}, known).values()
    assert file.weakens == () or len(file.weakens) == len(file.hunks)
    return "; ".join(filter(None, file.weakens))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("    assert total(2.675) == 2.67\n", "",
         "removes the assertion `assert total(2.675) == 2.67` of test_half_even"),
        ("    assert total(2.675) == 2.67\n", "    # assert total(2.675) == 2.67\n",
         "removes the assertion `assert total(2.675) == 2.67` of test_half_even"),
        ("cart.empty and not cart.closed", "cart.empty",
         "removes the assertion `assert not cart.closed` of test_half_even"),
        ("total(2.675) == 2.67", "total(2.675) == 2.68", "changes what test_half_even expects"),
        ("total(2.675) == 2.67", "total(2.675)",
         "loosens the assertion `assert total(2.675) == 2.67` of test_half_even"),
        ("total(2.675) == 2.67", "total(2.675) is not None",
         "loosens the assertion `assert total(2.675) == 2.67` of test_half_even"),
        ("total(2.675) == 2.67", "total(2.675) == pytest.approx(2.67, abs=1)",
         "loosens the assertion `assert total(2.675) == 2.67` of test_half_even"),
        ("total(2.675) == 2.67", "total(2.675) == 2.67 or True",
         "loosens the assertion `assert total(2.675) == 2.67` of test_half_even"),
        ('ValueError, match="negative"', "Exception",
         "changes what TestRefusals.test_negative expects"),
        ('wanted = "nothing"', 'wanted = "a lot"', "changes what TestRefusals.test_none expects"),
        ("RATES = [1, 2]", "RATES = [1, 3]", f"changes what {TEST} expects"),
        ("        (2, 2.0),\n", "", "removes the case `(2, 2.0)` of test_whole"),
        ("(2, 2.0)", "(2, 2.5)", "changes what test_whole expects"),
        ("(2, 2.0)", "pytest.param(2, 2.0, marks=pytest.mark.xfail)",
         "skips the case `(2, 2.0)` of test_whole"),
        ("def test_half_even", "@pytest.mark.skip\ndef test_half_even", "skips test_half_even"),
        ("def test_half_even", "@pytest.mark.xfail(strict=False)\ndef test_half_even",
         "expects test_half_even to fail"),
        ("def test_half_even", "@skip_on_mac\ndef test_half_even", "skips test_half_even"),
        ("class TestRef", "@pytest.mark.skipif(True, reason='')\nclass TestRef",
         "skips TestRefusals"),
        ("RATES", "pytestmark = [pytest.mark.skip]\nRATES", f"skips {TEST}"),
        ("RATES", "pytest.importorskip('numpy')\nRATES", f"skips {TEST}"),
        ("    cart = make_cart()\n", "    cart = make_cart()\n    pytest.skip('later')\n",
         "skips test_half_even"),
        ("    cart = make_cart()\n", "    cart = make_cart()\n    return\n",
         "returns early from test_half_even"),
        ("        with pytest.raises(ValueError, match=\"negative\"):\n            total(-1)\n",
         "        total(-1)\n", "removes the assertion"
         " `pytest.raises(ValueError, match='negative')` of TestRefusals.test_negative"),
        ("    assert total(2.675) == 2.67\n",
         "    try:\n        assert total(2.675) == 2.67\n    except Exception:\n        pass\n",
         "swallows what test_half_even finds"),
        ("def test_half_even", "def half_even", "removes the test test_half_even"),
        ("class TestRefusals:", "class Refusals:", "removes the tests TestRefusals.test_negative"
         " and TestRefusals.test_none"),
        (PYTHON[PYTHON.index("class TestRefusals") :], "", "removes the tests"
         " TestRefusals.test_negative and TestRefusals.test_none"),
        (PYTHON, "", "removes the tests test_whole, test_half_even, TestRefusals.test_negative and"
         " 1 more"),
    ],
)  # fmt: skip
def test_what_python_tests_lose(bench: Bench, old: str, new: str, says: str) -> None:
    assert lost(bench, TEST, PYTHON, (old, new)) == says


@pytest.mark.parametrize(
    "edits",
    [
        [("def test_half", "def test_more():\n    assert total(3) == 3\n\n\ndef test_half")],
        [("make_cart", "new_cart"), ("make_cart", "new_cart")],
        [("    cart = make_cart()", "    basket = make_cart()"), ("cart.empty", "basket.empty"),
         ("cart.closed", "basket.closed"), ("total(cart)", "total(basket)")],
        [("def test_half_even", "def test_rounds_half_even")],
        [("        (2, 2.0),\n", "        (2, 2.0),\n        (3, 3.0),\n")],
        [("        (2, 2.0),\n", ""), ("        (1, 1.0),\n", "        (2, 2.0), (1, 1.0)\n")],
        [("total(2.675) == 2.67", "total(2.675) == 2.67, 'half-even'")],
        [("total(2.675) == 2.67", "(\n        total(2.675)\n        == 2.67\n    )")],
        [("    assert total(2.675) == 2.67\n", ""),
         ("        wanted", "        assert total(2.675) == 2.67\n        wanted")],
        [("cart.empty and", "cart.empty is True and")],
        [("import pytest", "import pytest\nimport sys"), ("Cart()\n", "Cart(1)\n")],
        [("class TestRefusals:", "@pytest.mark.skip\ndef test_new():\n    assert 0\n\n\n"
          "class TestRefusals:")],
        [("class TestRefusals", "class TestErrors")],
    ],
)  # fmt: skip
def test_what_is_no_loss(bench: Bench, edits: list[tuple[str, str]]) -> None:
    assert lost(bench, TEST, PYTHON, *edits) == ""


def test_a_test_that_moved_is_not_lost_and_what_it_lost_on_the_way_is(bench: Bench) -> None:
    start = PYTHON.index("class TestRefusals")
    rest, moved = PYTHON[:start], "import pytest\nfrom shop import total\n\n\n" + PYTHON[start:]
    other = "tests/test_refusals.py"
    assert changed(bench, {TEST: PYTHON}, {TEST: rest, other: moved})[TEST].weakens == ()
    less = moved.replace("        assert total(None) == wanted\n", "        total(None)\n")
    assert changed(bench, {TEST: PYTHON}, {TEST: rest, other: less})[TEST].weakens == (
        "removes the assertion `assert total(None) == wanted` of TestRefusals.test_none",
    )
    skipped = moved.replace("    def test_none", "    @pytest.mark.skip\n    def test_none")
    assert changed(bench, {TEST: PYTHON}, {TEST: rest, other: skipped})[TEST].weakens == (
        "removes the test TestRefusals.test_none",
    )
    # Under other names nobody runs them.
    for idle in ("old.py", "tests/old.py"):
        (says,) = changed(bench, {TEST: PYTHON}, {TEST: rest, idle: moved})[TEST].weakens
        assert says.startswith("removes the tests TestRefusals.test_negative and")


def test_assertions_that_moved_into_a_helper_are_not_lost(bench: Bench) -> None:
    line = "    assert total(2.675) == 2.67\n"
    after = {
        TEST: PYTHON.replace(line, "    check()\n"),
        "tests/helpers.py": f"def check():\n{line}",
    }
    assert changed(bench, {TEST: PYTHON}, after)[TEST].weakens == ()
    back = changed(
        bench, after, {TEST: after[TEST], "tests/helpers.py": "def check():\n    pass\n"}
    )
    assert back["tests/helpers.py"].weakens == (
        "removes the assertion `assert total(2.675) == 2.67` of check",
    )


def test_each_hunk_answers_for_what_it_takes(bench: Bench) -> None:
    after = PYTHON.replace("(2, 2.0)", "(2, 2.1)").replace('"nothing"', '"x"')
    after = after.replace(
        "    assert total(2.675) == 2.67\n", "    assert total(2.675) == 2.67\n\n"
    )
    (file,) = changed(bench, {TEST: PYTHON}, {TEST: after}).values()
    assert file.weakens == (
        "changes what test_whole expects", "", "changes what TestRefusals.test_none expects",
    )  # fmt: skip


def test_deleting_renaming_away_and_breaking_a_file_of_tests(bench: Bench) -> None:
    (file,) = changed(bench, {TEST: PYTHON}, {}).values()
    assert file.weakens[0].startswith("removes the tests test_whole, ")
    (file,) = changed(bench, {TEST: PYTHON}, {"tests/cart_tests.txt": PYTHON}).values()
    assert file.status == "renamed"
    assert file.weakens[0].startswith("removes the tests test_whole, ")
    (file,) = changed(bench, {TEST: PYTHON}, {"tests/old_cart.py": PYTHON}).values()
    assert file.weakens[0].startswith("removes the tests test_whole, ")
    (file,) = changed(bench, {"tests/a.test.js": JS}, {"tests/a.js": JS}).values()
    assert file.weakens == ("removes the tests cart, rounds half even, refuses and 1 more",)
    (file,) = changed(bench, {TEST: PYTHON}, {"tests/test_basket.py": PYTHON}).values()
    assert file.weakens == ()
    edits = (("import pytest", "import pytest ("), ("    assert total(2.675) == 2.67\n", ""))
    says = lost(bench, TEST, PYTHON, *edits)
    assert says == "removes the assertion `assert total(2.675) == 2.67` of test_half_even"


def test_what_is_no_test_loses_nothing(bench: Bench) -> None:
    assert lost(bench, "src/shop.py", PYTHON, ("    assert total(2.675) == 2.67\n", "")) == ""
    assert changed(bench, {}, {TEST: PYTHON})[TEST].weakens == ()


JS = """\
describe('cart', () => {
  const expected = 2.67;

  it('rounds half even', async () => {
    expect(total(2.675)).toBe(expected);
    expect(await load())
      .toEqual({
        a: 1,
      });
  });

  it("refuses", () => {
    expect(() => total(-1)).toThrow(RangeError);
  });

  test.each([
    [1, 1],
    [2, 2],
  ])('keeps %i', (a, b) => expect(total(a)).toBe(b));
});
"""
GO = """\
package shop

func TestHalfEven(t *testing.T) {
	if got := Total(2.675); got != 2.67 {
		t.Errorf("got %v", got)
	}
}

func TestTable(t *testing.T) {
	want := "many"
	for _, c := range []struct{ in, out int }{
		{1, 1},
		{2, 2},
	} {
		assert.Equal(t, c.out, Total(c.in))
	}
}
"""
RUST = """\
pub fn total(x: f64) -> f64 {
    assert!(x >= 0.0);
    x
}

#[cfg(test)]
mod tests {
    #[test]
    fn half_even() {
        assert_eq!(total(2.675), 2.67);
    }

    #[test]
    #[should_panic(expected = "negative")]
    fn negative() {
        total(-1.0);
    }
}
"""
JAVA = """\
class CartTest {
    @Test
    void halfEven() {
        assertEquals(2.67, total(2.675));
        assertThat(cart.items())
            .hasSize(3);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "2, 2",
    })
    void whole(int a, int b) {
        assertEquals(a, total(b));
    }
}
"""
KOTLIN = """\
class CartTest {
    @Test
    fun `rounds half even`() {
        assertEquals(2.67, total(2.675))
    }
}
"""
CSHARP = """\
public class CartTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public void Whole(int a, int b)
    {
        Assert.Equal(a, Total(b));
    }
}
"""
RUBY = """\
describe Cart do
  it 'rounds half even' do
    expect(total(2.675)).to eq(2.67)
  end
end
"""


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("path", "before", "old", "new", "says"),
    [
        ("src/cart.test.ts", JS, "    expect(total(2.675)).toBe(expected);\n", "",
         "removes the assertion `expect(total(2.675)).toBe(expected)` of rounds half even"),
        ("src/cart.test.ts", JS, "a: 1", "a: 2", "changes what rounds half even expects"),
        ("src/cart.test.ts", JS, "toBe(expected)", "toBeTruthy()",
         "loosens the assertion `expect(total(2.675)).toBe(expected)` of rounds half even"),
        ("src/cart.test.ts", JS, "= 2.67;", "= 2.68;", "changes what cart expects"),
        ("src/cart.test.ts", JS, 'it("refuses"', 'it.skip("refuses"', "skips refuses"),
        ("src/cart.test.ts", JS, 'it("refuses"', 'xit("refuses"', "skips refuses"),
        ("src/cart.test.ts", JS, 'it("refuses"', 'it.only("refuses"', "runs nothing but refuses"),
        ("src/cart.test.ts", JS, "describe('cart'", "describe.skip('cart'", "skips cart"),
        ("src/cart.test.ts", JS, "  test.each", "  it.only('new', () => {});\n  test.each",
         "runs nothing but new"),
        ("src/cart.test.ts", JS, "    [2, 2],\n", "", "removes the case `[2, 2]` of keeps %i"),
        ("src/cart.test.ts", JS, JS[JS.index('  it("ref') : JS.index("  test.each")], "",
         "removes the test refuses"),
        ("cart_test.go", GO, "2.67 {", "2.68 {", "changes what TestHalfEven expects"),
        ("cart_test.go", GO, "\tif got", "\tt.Skip()\n\tif got", "skips TestHalfEven"),
        ("cart_test.go", GO, "\t\tt.Errorf(\"got %v\", got)\n", "",
         "removes the assertion `t.Errorf(\"got %v\", got)` of TestHalfEven"),
        ("cart_test.go", GO, "\t\t{2, 2},\n", "", "removes the case `{2, 2}` of TestTable"),
        ("cart_test.go", GO, "func TestTable", "func testTable", "removes the test TestTable"),
        ("tests/cart.rs", RUST, "    fn half", "    #[ignore]\n    fn half", "skips half_even"),
        ("src/cart.rs", RUST, "2.675), 2.67", "2.675), 2.68", "changes what half_even expects"),
        ("src/cart.rs", RUST, "    #[should_panic(expected = \"negative\")]\n", "",
         "removes the assertion `#[should_panic(expected = \"negative\")]` of negative"),
        ("src/cart.rs", RUST, "    #[test]\n    fn half", "    fn half",
         "removes the test half_even"),
        ("src/test/java/CartTest.java", JAVA, "    @Test\n", "    @Test\n    @Disabled\n",
         "skips halfEven"),
        ("src/test/java/CartTest.java", JAVA, "hasSize(3)", "isNotNull()",
         "changes the assertion `assertThat(cart.items()).hasSize(3)` of halfEven"),
        ("src/test/java/CartTest.java", JAVA, "(2.67, t", "(2.68, t",
         "changes what halfEven expects"),
        ("src/test/java/CartTest.java", JAVA, '        "2, 2",\n', "",
         'removes the case `"2, 2"` of whole'),
        ("src/test/kotlin/CartTest.kt", KOTLIN, "    @Test\n", "    @Disabled\n    @Test\n",
         "skips rounds half even"),
        ("CartTests.cs", CSHARP, "    [InlineData(2, 2)]\n", "",
         "removes the case `[InlineData(2, 2)]` of Whole"),
        ("CartTests.cs", CSHARP, "[Theory]", '[Theory(Skip = "later")]', "skips Whole"),
        ("spec/cart_spec.rb", RUBY, "    expect(total(2.675)).to eq(2.67)\n", "",
         "removes the assertion `expect(total(2.675)).to eq(2.67)` of rounds half even"),
        ("spec/cart_spec.rb", RUBY, "  it 'r", "  xit 'r", "skips rounds half even"),
    ],
)  # fmt: skip
def test_what_tests_of_other_languages_lose(
    bench: Bench, path: str, before: str, old: str, new: str, says: str, known: bool
) -> None:
    told = lost(bench, path, before, (old, new), known=known)
    if known:
        assert told == says
    elif path.startswith("src/cart.rs"):
        pass  # Without the base nobody knows that there are tests in it.
    else:
        # Which test it is may lie outside of what the patch shows.
        assert told


@pytest.mark.parametrize(
    ("path", "before", "old", "new"),
    [
        ("src/cart.test.ts", JS, "    [2, 2],\n", "    [2, 2],\n    [3, 3],\n"),
        ("src/cart.test.ts", JS, '  it("ref', "  it.skip('new', () => {});\n\n  it(\"ref"),
        ("src/cart.test.ts", JS, "rounds half even", "rounds half to even"),
        ("src/cart.test.ts", JS, "    expect(total(2.675)).toBe(expected);",
         "      expect(total(2.675)).toBe(expected)"),
        ("cart_test.go", GO, "got %v", "total: %v"),
        ("src/cart.rs", RUST, "    assert!(x >= 0.0);\n", ""),
        ("src/cart.rs", RUST, "    #[test]\n    fn half",
         "    #[test]\n    #[ignore]\n    fn new() {\n        assert!(true);\n    }\n\n"
         "    #[test]\n    fn half"),
        ("src/test/java/CartTest.java", JAVA, '"2, 2",\n', '"2, 2",\n        "3, 3",\n'),
    ],
)  # fmt: skip
def test_what_is_no_loss_in_other_languages(
    bench: Bench, path: str, before: str, old: str, new: str
) -> None:
    assert lost(bench, path, before, (old, new)) == ""


def test_expected_output(bench: Bench) -> None:
    snap = "exports[`a 1`] = `1`;\n\nexports[`b 1`] = `2`;\n"
    path = "src/__snapshots__/cart.test.ts.snap"
    says = f"changes the expected output {path}"
    assert lost(bench, path, snap, ("`1`;", "`3`;")) == says
    assert lost(bench, path, snap, ("exports[`b", "exports[`aa 1`] = `5`;\n\nexports[`b")) == ""
    golden = "tests/golden/out.txt"
    assert lost(bench, golden, "1\n2\n", ("2", "2\n3")) == f"changes the expected output {golden}"
    image = {golden.replace("txt", "png"): b"\0\1"}
    (file,) = changed(bench, image, {golden.replace("txt", "png"): b"\0\2"}).values()
    assert file.weakens == ("changes the expected output tests/golden/out.png",)
    (file,) = changed(bench, {golden: "1\n2\n"}, {}).values()
    assert file.weakens == (f"removes the expected output {golden}",)
    assert (
        changed(bench, {golden: "1\n"}, {golden: "1\n", "tests/golden/b": "2\n"})[
            "tests/golden/b"
        ].weakens
        == ()
    )
    halves = changed(bench, {golden: "1\n2\n"}, {golden: "1\n", "tests/golden/two.txt": "2\n"})
    assert halves[golden].weakens == ()
    assert lost(bench, "src/expected.txt", "1\n", ("1", "2")) == ""


def test_hostile_source_is_told_harmlessly(bench: Bench) -> None:
    evil = (
        'def test_x():\n    assert name("\x1b]0;owned\x07 {0} \u202e `") == "\x9b2J"\n    x = 1\n'
    )
    says = lost(bench, TEST, evil, (evil.split("\n")[1] + "\n", ""))
    assert says.startswith("removes the assertion `assert name(")
    assert says.isprintable()
    title = "it('\x1b[2J{} {x} \u202e', () => {\n  expect('\x1b[31m\\u202e').toBe(1);\n});\n"
    says = lost(bench, "a.test.js", title, ("  expect('\x1b[31m\\u202e').toBe(1);\n", ""))
    assert says.isprintable()
    assert "␛[2J{} {x} ‹U+202E›" in says
    long = f"def test_x():\n    assert {'x' * 9000} == 1\n    y = 1\n"
    assert len(lost(bench, TEST, long, (long.split("\n")[1] + "\n", ""))) < 300
    deep = f"def test_x():\n    assert {'(' * 5000}1{')' * 5000}\n    y = 1\n"
    assert "removes the assertion" in lost(bench, TEST, deep, (deep.split("\n")[1] + "\n", ""))


LINE = st.sampled_from(
    [*PYTHON.split("\n"), *JS.split("\n"), *GO.split("\n"), *RUST.split("\n"), *JAVA.split("\n"),
     "\xff", "\r", "/*", "*/", "}", "(((", "@", "#["]
)  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(LINE, max_size=40), st.lists(LINE, max_size=40),
    st.sampled_from([TEST, "a.test.js", "a_test.go", "tests/a.rs", "ATest.java", "a_spec.rb"]),
)  # fmt: skip
def test_no_source_breaks_the_reading(
    bench: Bench, before: list[str], after: list[str], path: str
) -> None:
    files = [{path: "\n".join(lines).encode("latin-1")} for lines in (before, after)]
    for change in changed(bench, *files).values():
        assert change.weakens == () or len(change.weakens) == len(change.hunks)
