"""``python -m meshwright``: the same as the command ``meshwright``.

It looks for packages in the working folder first, as ``python -m`` does; where that has a ``runtime/`` or ``compiler/`` of its
own, use the command, or ``python -P -m meshwright``.
"""

from meshwright.cli import main

if __name__ == "__main__":
    main("python -m meshwright")
