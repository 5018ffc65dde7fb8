"""Names that are not somebody's, and that careless programs take for somebody's."""

_FULL_WIDTH = 0xFF01  # FULLWIDTH EXCLAMATION MARK, from where on the letters of ASCII come once more


def in_other_letters(name: str) -> str:
    """Return the name with its first letter from another alphabet: normalisation (NFKC) makes the same of both."""
    return chr(ord(name[0]) - ord("!") + _FULL_WIDTH) + name[1:]
