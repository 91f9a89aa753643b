#!/usr/bin/env node
// SPDX-License-Identifier: MPL-2.0
// Reads the bus in JavaScript without bindings: runs `gst-launch-1.0 -m` with a launch line and prints each defect.
//
//   GST_PLUGIN_PATH=target/release pipelines/read_bus.js videotestsrc pattern=black num-buffers=100 ! video/x-raw,format=I420 \
//       ! blackdetect ! fakesink
"use strict";

const { spawn } = require("node:child_process");
const readline = require("node:readline");

/** The fields of a line like `Got message #1 from element "black" (element): defect, kind=(string)black, id=(guint64)1;`;
 * null for others. */
function defect(line) {
  const [, element, text] = line.match(/^Got message #\d+ from element "([^"]+)" \(element\): defect, (.*);$/) || [];
  if (!element) return null;
  const fields = { element };
  // A string is a word, or in quotes with escapes.
  for (const [, name, type, quoted, plain] of text.matchAll(/([\w-]+)=\((\w+)\)(?:"((?:[^"\\]|\\.)*)"|([^,;]*))/g)) {
    const value = quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1");
    fields[name] = type === "string" ? value : Number(value);
  }
  return fields;
}

const launch = spawn("gst-launch-1.0", ["-m", ...process.argv.slice(2)], { stdio: ["ignore", "pipe", "inherit"] });
readline.createInterface({ input: launch.stdout }).on("line", (line) => {
  const fields = defect(line);
  if (!fields) return;
  const seconds = (ns) => (ns / 1e9).toFixed(3);
  const times = [seconds(fields.timestamp), seconds(fields.duration)];
  const words = [times[0], fields.element, fields.kind, fields.state, times[1], fields.detail, fields.reason];
  console.log(words.filter((word) => word !== undefined).join(" "));
});
launch.on("error", (why) => { console.error(why.message); process.exitCode = 1; });
launch.on("close", (status) => { process.exitCode = status === 0 ? 0 : 1; });
