"""Makes the captures of the names given, or all of them. See lab.py for how to start it."""

import sys

import binary
import held_out
import text

for make in text.ALL + binary.ALL + held_out.ALL:
    if make.__name__ in sys.argv[1:] or len(sys.argv) == 1:
        make()
