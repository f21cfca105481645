"""Text as a terminal may have it: names come from files of others, and a terminal obeys what is written in it.

Everything that is printed goes through ``plain``: escape sequences (ESC, and CSI as one character), backspaces, marks that turn the
direction of writing, lone surrogates, which no encoding has.
"""


def plain(text: str) -> str:
    """``text`` on one line: a space for a line break or a tab, a "?" for each other character that has no shape of its own."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else " " if letter in "\t\n\r" else "?" for letter in text)


def plain_lines(text: str) -> str:
    """The same, with its line breaks."""
    return "\n".join(map(plain, text.split("\n")))


def plain_json(text: str) -> str:
    r"""JSON that means the same, with the characters that ``plain`` replaces as \u escapes: they can stand in its texts only."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(letter if letter == "\n" or letter.isprintable() else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
