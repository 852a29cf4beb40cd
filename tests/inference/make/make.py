"""Makes the captures of the names given, or all of them. See lab.py for how to start it."""

import sys

import binary
import held_out
import second_binary
import second_calls
import second_text
import text
import third_binary
import third_plants
import third_text

for make in text.ALL + binary.ALL + held_out.ALL + second_text.ALL + second_calls.ALL + second_binary.ALL + third_text.ALL + third_binary.ALL + third_plants.ALL:
    if make.__name__.rstrip("_") in sys.argv[1:] or len(sys.argv) == 1:
        make()
