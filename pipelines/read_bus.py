#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
r"""Reads the bus in Python: runs a launch line and prints each defect.

    GST_PLUGIN_PATH=target/release pipelines/read_bus.py videotestsrc pattern=black num-buffers=100 ! video/x-raw,format=I420 \
        ! blackdetect ! fakesink
"""
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402


def value(structure, name):
    """A field, or None: some are there only if they have something to say."""
    return structure.get_value(name) if structure.has_field(name) else None


def defect(message):
    s = message.get_structure()
    if s is None or s.get_name() != "defect":
        return
    at, length = s.get_value("timestamp") / Gst.SECOND, s.get_value("duration") / Gst.SECOND
    words = [f"{at:.3f}", message.src.get_name(), s.get_value("kind"), s.get_value("state"), f"{length:.3f}"]
    words += [w for w in (value(s, "detail"), value(s, "reason")) if w]
    print(*words, flush=True)


def main():
    Gst.init(None)
    pipeline = Gst.parse_launch(" ".join(sys.argv[1:]))
    pipeline.set_state(Gst.State.PLAYING)
    bus, status = pipeline.get_bus(), 0
    while True:
        message = bus.timed_pop_filtered(
            Gst.CLOCK_TIME_NONE, Gst.MessageType.ELEMENT | Gst.MessageType.EOS | Gst.MessageType.ERROR)
        if message.type == Gst.MessageType.ELEMENT:
            defect(message)
            continue
        if message.type == Gst.MessageType.ERROR:
            print(message.parse_error()[0].message, file=sys.stderr)
            status = 1
        break
    # On the way to READY detectors end the episodes that are open; NULL would discard the messages that nobody has read.
    pipeline.set_state(Gst.State.READY)
    while message := bus.pop_filtered(Gst.MessageType.ELEMENT):
        defect(message)
    pipeline.set_state(Gst.State.NULL)
    sys.exit(status)


if __name__ == "__main__":
    main()
