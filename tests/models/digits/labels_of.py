"""Prints the word for the true label of held-out image number N: labels_of.py N."""

import pathlib
import re
import sys

folder = pathlib.Path(__file__).parent
words = (folder / "digits-s25" / "content" / "labels.txt").read_text().split()
labels = re.findall(rb"# label (\d)", (folder / "heldout.pgm").read_bytes())
print(words[int(labels[int(sys.argv[1])])])
