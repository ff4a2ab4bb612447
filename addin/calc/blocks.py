"""Where Ctrl+Arrow leads along a line of cells, some of which are filled. Places count from 0. Pure."""

from __future__ import annotations


def joined(blocks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Blocks in order, neighbours made one."""
    made: list[tuple[int, int]] = []
    for first, last in sorted(blocks):
        if made and first <= made[-1][1] + 1:
            made[-1] = (made[-1][0], max(last, made[-1][1]))
        else:
            made.append((first, last))
    return made


def mirrored(blocks: list[tuple[int, int]], last: int) -> list[tuple[int, int]]:
    """The same blocks counted from the other end."""
    return [(last - end, last - begin) for begin, end in reversed(blocks)]


def onward(blocks: list[tuple[int, int]], here: int, last: int) -> int:
    """The end of the block in which one stands, else the start of the next, else the end of the sheet."""
    for begin, end in blocks:
        if begin <= here < end:
            return end
        if begin > here:
            return begin
    return last
