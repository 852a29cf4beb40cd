//! A page cut into tags and text, as strictly as the program writes it: whatever a capture could slip in does not fit.

/// Elements that the templates write.
pub(crate) const ELEMENTS: [&str; 52] = [
    "html", "head", "meta", "title", "style", "body", "a", "header", "p", "h1", "h2", "h3", "h4", "h5", "nav", "ul", "li", "aside",
    "label", "input", "kbd", "span", "div", "main", "section", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "code",
    "time", "br", "strong", "svg", "defs", "marker", "path", "g", "rect", "text", "details", "summary", "article", "i", "b", "footer",
    "script",
];

/// Elements without an end.
pub(crate) const EMPTY: [&str; 3] = ["meta", "input", "br"];

/// Attributes that the templates write.
pub(crate) const ATTRIBUTES: [&str; 33] = [
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "href",
    "id",
    "type",
    "checked",
    "hidden",
    "scope",
    "title",
    "role",
    "tabindex",
    "open",
    "aria-label",
    "aria-labelledby",
    "aria-describedby",
    "viewBox",
    "width",
    "height",
    "x",
    "y",
    "rx",
    "d",
    "refX",
    "refY",
    "markerWidth",
    "markerHeight",
    "orient",
    "marker-end",
    "text-anchor",
];

/// A part of a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    Text(&'a str),
    Open { name: &'a str, attributes: Vec<(&'a str, &'a str)>, closed: bool },
    Close(&'a str),
}

/// The parts of a page behind its document type; style and script are text.
pub(crate) fn parts(page: &str) -> Vec<Part<'_>> {
    let mut rest = page.strip_prefix("<!DOCTYPE html>\n").expect("a document type");
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let at = rest.find('<').unwrap_or(rest.len());
        let (text, tail) = rest.split_at(at);
        assert!(!text.contains('>'), "a tag's end without its begin: {text}");
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        let Some(tag) = tail.strip_prefix('<') else { break };
        // No value holds the end of a tag: it is escaped.
        let (tag, after) = tag.split_once('>').expect("the end of a tag");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            parts.push(Part::Close(name));
            continue;
        }
        let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        parts.push(Part::Open { name, attributes: read(attributes), closed });
        if name == "style" || name == "script" {
            rest = &rest[rest.find("</").expect("its end")..];
        }
    }
    parts
}

/// Names and quoted values; some attributes have none.
fn read(attributes: &str) -> Vec<(&str, &str)> {
    let mut rest = attributes;
    let mut read = Vec::new();
    while !rest.is_empty() {
        rest = rest.trim_start_matches(' ');
        let end = rest.find([' ', '=']).unwrap_or(rest.len());
        let (name, tail) = rest.split_at(end);
        let Some(quoted) = tail.strip_prefix("=\"") else {
            assert!(!tail.starts_with('='), "a value without quotes: {attributes}");
            read.push((name, ""));
            rest = tail;
            continue;
        };
        let (value, tail) = quoted.split_once('"').unwrap_or_else(|| panic!("the end of a value: {attributes}"));
        assert!(!value.contains('\''), "{attributes}");
        read.push((name, value));
        rest = tail;
    }
    read
}
