#!/usr/bin/env python3
"""Draws what a terminal shows as SVG: a screen, or a recording that plays. Only Python itself; the same text gives the same bytes.

Usage: draw.py TITLE COLUMNS ROWS [LINE...] < output
  Without LINE, the first ROWS lines of the output are one picture.
  With LINE, numbers of lines, the picture plays: the command is typed, then each number is how many lines have come by then.

The output has ANSI colours (SGR), as the program writes them; the first line is the command.
"""

import re
import sys
import unicodedata
from html import escape

FRONT, BACK, DIM = "#d8dee9", "#14171a", "#8a94a3"
COLOURS = ["#3b4252", "#e06c75", "#7bc275", "#e5c07b", "#61afef", "#c678dd", "#4fb3bf", "#d8dee9"]
BRIGHT = ["#8a94a3", "#ff8a92", "#98e08f", "#ffd98a", "#82c4ff", "#e39cf7", "#6fd6e2", "#ffffff"]
CELL, LINE, MARGIN, TITLE = 8.4, 18, 14, 30
SGR = re.compile(r"\x1b\[([0-9;]*)m")


def paint(state, codes):
    """The style after an escape sequence."""
    codes = [int(code or 0) for code in codes.split(";")]
    while codes:
        code = codes.pop(0)
        if code == 0:
            state = {}
        elif code in (1, 2, 3, 4, 7):
            state = {**state, code: True}
        elif code == 22:
            state = {key: value for key, value in state.items() if key not in (1, 2)}
        elif code in (23, 24, 27):
            state = {key: value for key, value in state.items() if key != code - 20}
        elif 30 <= code <= 37:
            state = {**state, "front": COLOURS[code - 30]}
        elif 90 <= code <= 97:
            state = {**state, "front": BRIGHT[code - 90]}
        elif 40 <= code <= 47:
            state = {**state, "back": COLOURS[code - 40]}
        elif 100 <= code <= 107:
            state = {**state, "back": BRIGHT[code - 100]}
        elif code == 49:
            state = {key: value for key, value in state.items() if key != "back"}
        elif code == 39:
            state = {key: value for key, value in state.items() if key != "front"}
        else:
            sys.exit(f"draw.py: colour {code} is not known")
    return state


def cells(text):
    """Columns a text takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def row(line, columns):
    """A line as SVG, its first column at zero."""
    state, column, parts, backs = {}, 0, [], []
    pieces = SGR.split(line)
    for number, piece in enumerate(pieces):
        if number % 2:
            state = paint(state, piece)
            continue
        piece = piece[: max(0, columns - column)]
        if not piece:
            continue
        front, width = state.get("front", FRONT), cells(piece)
        back = state.get("back")
        if state.get(7):
            front, back = back or BACK, front
        if back:
            backs.append(f'<rect x="{column * CELL:.1f}" width="{width * CELL:.1f}" height="{LINE}" y="-13" fill="{back}"/>')
        style = f' fill="{DIM if state.get(2) and "front" not in state else front}"'
        style += ' font-weight="bold"' if state.get(1) else ""
        style += ' font-style="italic"' if state.get(3) else ""
        style += ' text-decoration="underline"' if state.get(4) else ""
        if piece.strip():
            parts.append(f'<text x="{column * CELL:.1f}" textLength="{width * CELL:.1f}"{style}>{escape(piece)}</text>')
        column += width
    return "".join(backs + parts)


def frame(title, columns, rows):
    """What is around the text; the text goes where the gap is."""
    width, height = columns * CELL + 2 * MARGIN, rows * LINE + TITLE + 2 * MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{escape(title)}">\n'
        f"<title>{escape(title)}</title>\n"
        "<style>text{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:14px;white-space:pre}{{style}}</style>\n"
        f'<rect width="100%" height="100%" rx="8" fill="{BACK}"/>\n'
        f'<text x="{width / 2:.1f}" y="20" text-anchor="middle" fill="{DIM}">{escape(title)}</text>\n'
        f'<svg x="{MARGIN}" y="{TITLE}" width="{columns * CELL:.1f}" height="{rows * LINE + MARGIN}">\n'
    )
    return head, "</svg>\n</svg>\n"


def still(title, columns, rows, lines):
    head, tail = frame(title, columns, min(rows, len(lines)))
    body = "".join(f'<g transform="translate(0 {number * LINE + 14})">{row(line, columns)}</g>\n' for number, line in enumerate(lines[:rows]))
    return head.replace("{{style}}", "") + body + tail


def playing(title, columns, rows, lines, steps):
    """Steps: the command typed in pieces, then so many lines; each step is shown for a while, the last for longer."""
    command, output = SGR.sub("", lines[0]), lines[1:]
    typed = ["\x1b[1m" + command[: 2 + (len(command) - 2) * part // 8] for part in range(9)]
    screens = [[text] for text in typed] + [[lines[0], *output[:count]] for count in steps]
    times = [0.15] * len(typed) + [1.6] * (len(steps) - 1) + [4.0]
    whole, start, style, body = sum(times), 0.0, "", ""
    for number, (screen, time) in enumerate(zip(screens, times)):
        begin, end = 100 * start / whole, 100 * (start + time) / whole
        # The first is there where nothing plays.
        style += f"@keyframes s{number}{{0%{{visibility:hidden}}{begin:.3f}%{{visibility:visible}}{end:.3f}%{{visibility:hidden}}100%{{visibility:hidden}}}}"
        style += f"#s{number}{{visibility:hidden;animation:s{number} {whole:.2f}s step-end infinite}}"
        shown = screen[-rows:]
        text = "".join(f'<g transform="translate(0 {line * LINE + 14})">{row(content, columns)}</g>' for line, content in enumerate(shown))
        body += f'<g id="s{number}">{text}</g>\n'
        start += time
    # Who wants no movement sees the end.
    last = len(screens) - 1
    style += f"@media (prefers-reduced-motion:reduce){{g[id]{{animation:none!important}}#s{last}{{visibility:visible!important}}}}"
    head, tail = frame(title, columns, rows)
    return head.replace("{{style}}", style) + body + tail


def main():
    title, columns, rows, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), [int(step) for step in sys.argv[4:]]
    lines = sys.stdin.buffer.read().decode().splitlines()
    picture = playing(title, columns, rows, lines, steps) if steps else still(title, columns, rows, lines)
    sys.stdout.buffer.write(picture.encode())


main()
