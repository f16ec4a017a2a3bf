"""Writes each member of the two digit bundles as a bundle of its own, and the held-out labels: what the certification report compares.

    members.py OUT     OUT/models/<name>-<member>/content/, to be signed; OUT/heldout.labels

The content is that of the whole bundle without the other members, their vote and the self-test (whose logits are the mean's).
"""

import pathlib
import re
import shutil
import sys

folder = pathlib.Path(__file__).parent
out = pathlib.Path(sys.argv[1])

for bundle, name in (("digits-s25", "digits"), ("digits-s50", "digits-s50")):
    source = folder / bundle / "content"
    whole = (source / "model.toml").read_text()
    for member in "abc":
        text = re.sub(r'\[\[file\]\]\npath = "(member-[^%s]\.onnx|self-test[^"]*)"\nsize = \d+\n\n' % member, "", whole)
        text = re.sub(r'\[\[member\]\]\nname = "[^%s]"\nfile = "[^"]*"\n\n' % member, "", text)
        text = re.sub(r"\[ensemble\]\n(?:[^\[\n].*\n)*\n", "", text)
        text = re.sub(r"\[\[self_test\]\]\n(?:[^\[\n].*\n)*\n", "", text)
        text = text.replace(f'name = "{name}"', f'name = "{name}-{member}"', 1)
        content = out / "models" / f"{name}-{member}" / "content"
        content.mkdir(parents=True, exist_ok=True)
        (content / "model.toml").write_text(text)
        for file in ("labels.txt", f"member-{member}.onnx"):
            shutil.copy(source / file, content / file)

labels = re.findall(rb"# label (\d)", (folder / "heldout.pgm").read_bytes())
(out / "heldout.labels").write_bytes(b"\n".join(labels) + b"\n")
