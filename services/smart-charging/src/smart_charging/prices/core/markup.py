"""XML of strangers -> a small tree without name spaces. No document types, bounded all over."""

from dataclasses import dataclass, field
from xml.parsers import expat  # S405-S411 speak of entities: refused below

from smart_charging.provider.core.errors import AnswerError

MOST_ELEMENTS = 400_000
MOST_DEPTH = 20


@dataclass(slots=True)
class Element:
    """One element: its local name, its text and what it holds."""

    name: str
    words: str = ""
    held: list["Element"] = field(default_factory=list)

    def all(self, name: str) -> list["Element"]:
        """Return the elements of a name that stand directly in this one."""
        return [element for element in self.held if element.name == name]

    def first(self, name: str) -> "Element":
        """Return the first of them. Raises AnswerError."""
        for element in self.held:
            if element.name == name:
                return element
        raise AnswerError(f"<{self.name[:40]}> has no <{name}>")

    def text(self, *path: str, default: str | None = None) -> str:
        """Return the words at the end of a path of names.

        Raises AnswerError when the path ends early and there is no default.
        """
        element = self
        for name in path:
            found = element.all(name)
            if not found and default is not None:
                return default
            element = found[0] if found else element.first(name)
        return element.words.strip()


def tree(body: bytes) -> Element:
    """Return the root. Raises AnswerError: no XML, cut off, too deep, with a document type."""
    top = Element("")
    open_elements = [top]
    count = 0

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MOST_ELEMENTS or len(open_elements) > MOST_DEPTH:
            raise AnswerError("the answer has too many elements or is nested too deeply")
        element = Element(name.rpartition(" ")[2])
        open_elements[-1].held.append(element)
        open_elements.append(element)

    def end(_: str) -> None:
        open_elements.pop()

    def characters(words: str) -> None:
        open_elements[-1].words += words

    def document_type(*_: object) -> None:
        raise AnswerError("the answer is a web page, or XML with a document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = document_type
    try:
        parser.Parse(body, True)  # noqa: FBT003 - expat's own signature
    except expat.ExpatError as error:
        raise AnswerError(f"the answer is no XML, or cut off: {error}") from error
    return top.held[0]
