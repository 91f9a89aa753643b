// SPDX-License-Identifier: MPL-2.0
//! A report about one file by the EBU QC data model (<https://github.com/ebu/qc>, namespace of April 2026), with the provisions of its
//! best-practice guidance: one item for each kind of defect that was looked for, one output for each defect.

use std::fmt::Write;

use gst::glib;
use gstdefect::detectors;

use super::data::{Defect, File, Report, SEVERITIES, Verdict};
use crate::time;

const NAMESPACE: &str = "tag:qc.ebu.ch,2026-04";

/// Kinds that the EBU's catalogue has an item for. All others have identifiers of our own, which begin with `gst-defect-`.
const CATALOGUE: &[(&str, &str)] = &[
    ("black", "0272B"),
    ("block-corruption", "0039B"),
    ("color-bars", "0052BI"),
    ("field-order", "0041B"),
    ("flash", "0021B"),
    ("gamut", "0051B"),
    ("silence", "0078B"),
    ("solid-color", "0016B"),
];
/// The catalogue's items have versions of their own, which aren't known here; this is that of our identifiers.
const ITEM_VERSION: &str = "1.0";

/// Writes elements; content is XML already, text isn't.
struct Xml;

impl Xml {
    fn text(name: &str, text: &str) -> String {
        format!("<{name}>{}</{name}>", glib::markup_escape_text(text))
    }

    fn of(name: &str, content: &[String]) -> String {
        format!("<{name}>{}</{name}>", content.concat())
    }

    fn optional(name: &str, text: Option<String>) -> String {
        text.map_or_else(String::new, |text| Self::text(name, &text))
    }
}

/// The report about a file; `group`: shared by all files of one run; `page`: where the page with the evidence is, and the number of the
/// file in it.
pub fn xml(report: &Report, file: &File, group: &str, page: Option<(&str, usize)>) -> String {
    let content = Xml::of(
        "ContentId",
        &[Xml::of(
            "ContentIdentifier",
            &[Xml::text("ID", identity(file))],
        )],
    );
    let kinds = kinds(file);
    let failed = file.verdict == Verdict::Failed;
    let status = if failed { "error" } else { "complete" };
    let body = [
        Xml::text("ReportId", &uuid()),
        Xml::text("ExecutionStatus", status),
        Xml::optional("ErrorDescription", failed.then(|| file.problems.join("; "))),
        Xml::text("CheckResult", bool_text(file.verdict == Verdict::Clean)),
        content.clone(),
        Xml::text("LastModifiedDateTime", &report.created),
        Xml::text("ReportGroupId", group),
        Xml::text("OverallAnalysisDuration", &format!("PT{:.3}S", file.took)),
        tool(report),
        profile(report, &kinds, content),
        Xml::of(
            "ItemResults",
            &kinds
                .iter()
                .map(|kind| result(file, kind, status, page))
                .collect::<Vec<_>>(),
        ),
    ];
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        text,
        "<Report xmlns=\"{NAMESPACE}\">{}</Report>",
        body.concat()
    );
    text
}

fn identity(file: &File) -> &str {
    if file.uri.is_empty() {
        &file.name
    } else {
        &file.uri
    }
}

fn uuid() -> String {
    format!("urn:uuid:{}", glib::uuid_string_random())
}

fn bool_text(is_true: bool) -> &'static str {
    if is_true { "true" } else { "false" }
}

/// A kind of defect that was looked for.
struct Kind {
    name: &'static str,
    element: &'static str,
}

impl Kind {
    fn item(&self) -> [String; 3] {
        let known = CATALOGUE.iter().find(|(kind, _)| *kind == self.name);
        let id = known.map_or_else(
            || format!("gst-defect-{}", self.name),
            |(_, id)| (*id).to_owned(),
        );
        [
            Xml::text("EBUQCID", &id),
            Xml::text("EBUQCName", self.name),
            Xml::text("EBUQCVersion", ITEM_VERSION),
        ]
    }
}

/// The kinds that the detectors of its tracks look for.
fn kinds(file: &File) -> Vec<Kind> {
    let all = detectors::all();
    let is_used = |element: &str| file.tracks.iter().any(|t| t.detectors.contains(&element));
    let used = all.iter().filter(|d| is_used(d.info.element));
    let kinds = used.flat_map(|d| {
        d.info.kinds.iter().map(|k| Kind {
            name: k.name,
            element: d.info.element,
        })
    });
    kinds.collect()
}

fn tool(report: &Report) -> String {
    let (name, version) = report
        .program
        .split_once(' ')
        .unwrap_or((&report.program, ""));
    Xml::of(
        "ToolInformation",
        &[
            Xml::text("ToolID", env!("CARGO_PKG_REPOSITORY")),
            Xml::text("ToolName", name),
            Xml::text("URL", env!("CARGO_PKG_REPOSITORY")),
            Xml::text("Version", version),
        ],
    )
}

fn profile(report: &Report, kinds: &[Kind], content: String) -> String {
    let items = kinds.iter().map(|kind| {
        let settings = report.settings.iter().filter(|s| s.element == kind.element);
        let inputs = settings.map(|s| {
            Xml::of(
                "Input",
                &[Xml::text("Name", s.property), Xml::text("Value", &s.value)],
            )
        });
        let mut item = kind.item().to_vec();
        item.extend([
            Xml::text("UsedAs", "check"),
            Xml::of("Scopes", &[]),
            Xml::of("Inputs", &inputs.collect::<Vec<_>>()),
        ]);
        Xml::of("Item", &item)
    });
    Xml::of(
        "Profile",
        &[
            Xml::text("ID", &uuid()),
            Xml::text("Name", "defect-monitor"),
            content,
            Xml::text("CheckResultRule", "AND"),
            Xml::of("Scopes", &[]),
            Xml::of("Items", &items.collect::<Vec<_>>()),
            Xml::of("ItemDefinitions", &[]),
        ],
    )
}

fn result(file: &File, kind: &Kind, status: &str, page: Option<(&str, usize)>) -> String {
    let found = file
        .defects
        .iter()
        .enumerate()
        .filter(|(_, d)| d.message.kind == kind.name);
    let outputs: Vec<String> = found
        .clone()
        .map(|(n, d)| {
            output(
                d,
                page.map(|(page, file)| format!("{page}#defect-{file}-{n}")),
            )
        })
        .collect();
    let worst = found.map(|(_, d)| severity(d)).max().unwrap_or(0);
    let mut parts = kind.item().to_vec();
    parts.extend([
        Xml::text("AnalysisMethodUsed", "measure"),
        Xml::text("ExecutionStatus", status),
        Xml::text("CheckResult", bool_text(outputs.is_empty())),
        Xml::text("MaxSeverity", &worst.to_string()),
        Xml::text("DetectionMethod", "automatic"),
        Xml::of("Outputs", &outputs),
    ]);
    Xml::of("ItemResult", &parts)
}

fn output(defect: &Defect, evidence: Option<String>) -> String {
    let message = &defect.message;
    let clock = |seconds: f64| time::clock((seconds.max(0.0) * 1e9) as u64);
    let area = message
        .area
        .map(|[x, y, w, h]| format!("pixel:{x},{y},{w},{h}"));
    let detail = message.detail.as_deref().unwrap_or("no detail");
    let unit = defect.unit;
    let words = format!(
        "{}: {detail}; limit {} {unit}",
        message.kind, message.threshold
    );
    Xml::of(
        "Output",
        &[
            Xml::text("Name", &message.kind),
            Xml::of(
                "Locator",
                &[
                    Xml::text("Start", &clock(defect.start)),
                    Xml::text("End", &clock(defect.end)),
                    Xml::optional("SpatialRegion", area),
                ],
            ),
            Xml::text("Track", &defect.track),
            Xml::text("Value", &message.value.to_string()),
            Xml::of("Annotation", &[Xml::text("Text", words.trim_end())]),
            Xml::optional("VerificationMedia", evidence),
            Xml::text(
                "Confidence",
                &format!("{:.3}", message.confidence.clamp(0.0, 1.0)),
            ),
            Xml::text("Severity", &severity(defect).to_string()),
        ],
    )
}

/// From 1 (info) to 4 (critical).
fn severity(defect: &Defect) -> usize {
    let place = SEVERITIES
        .iter()
        .position(|s| *s == defect.message.severity);
    SEVERITIES.len() - place.unwrap_or(SEVERITIES.len() - 1)
}
