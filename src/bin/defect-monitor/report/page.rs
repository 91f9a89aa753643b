// SPDX-License-Identifier: MPL-2.0
//! The report as one page that needs nothing else: styles, scripts and data stand in it.

use super::data::Report;

const FRAME: &str = include_str!("page/report.html");
const STYLES: [&str; 2] = [
    include_str!("vendor/uPlot.min.css"),
    include_str!("page/report.css"),
];
/// uPlot draws the strips: <https://github.com/leeoniya/uPlot>, version 1.6.32, MIT licence (vendor/LICENSE-uPlot).
const SCRIPTS: [&str; 4] = [
    include_str!("vendor/uPlot.iife.min.js"),
    include_str!("page/time.js"),
    include_str!("page/timeline.js"),
    include_str!("page/report.js"),
];

/// The page.
pub fn html(report: &Report) -> Result<String, String> {
    let data = serde_json::to_string(report).map_err(|e| e.to_string())?;
    // Nothing in it can end the element that holds it.
    let data = data.replace('<', "\\u003c");
    let (before, rest) = FRAME.split_once("/*STYLES*/").ok_or("no styles")?;
    let (between, rest) = rest.split_once("/*DATA*/").ok_or("no data")?;
    let (until, after) = rest.split_once("/*SCRIPTS*/").ok_or("no scripts")?;
    let (styles, scripts) = (STYLES.join("\n"), SCRIPTS.join("\n"));
    Ok([before, &styles, between, &data, until, &scripts, after].concat())
}
