"""How deep the brackets of a text nest. MLIR reads nests recursively and ends the process in a deep one, so this comes first."""

import re

MAX_DEPTH = 256  # brackets in brackets; attributes or types in attributes
# What may hold brackets that are none, arrows, and the brackets.
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|->|[][(){}<>]')
# Affine expressions, which MLIR may read for ever, what lies beside a module, strings that are no UTF-8.
_RARE = re.compile(r"affine_(?:map|set)|memref<|strided<|\{-#|dense_resource|\\[89A-Fa-f][0-9A-Fa-f]")


def bracket_depth(text: str) -> int:
    """The deepest nest of brackets outside of strings and comments."""
    deepest = depth = 0
    for token in _TOKEN.findall(text):
        if token in "([{<":
            depth += 1
            deepest = max(deepest, depth)
        elif token in ")]}>":
            depth = max(depth - 1, 0)
    return deepest


def has_rare_parts(text: str) -> bool:
    """Whether ``text`` has anything that StableHLO does not need and that harms who reads it."""
    return _RARE.search(text) is not None
