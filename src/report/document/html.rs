//! The protocol document as one HTML file that needs nothing else: read without script, printed, or sent by mail.
//!
//! Sessions are rendered as they close, and what they rest on is let go; the page has a size that it never outgrows, so its sessions
//! wait in memory until what stands above them is known. Whatever does not fit is counted where it is missing.
//!
//! Every value passes [`HtmlText`](crate::report::escape::HtmlText), which the templates' configuration names: no text of a capture can
//! become markup, or hide. Markup that was rendered before carries a type of its own.

mod grammar;
mod machine;
mod message;
mod network;
mod page;
mod phase;
mod policy;
mod session;
#[cfg(test)]
mod tests;
mod text;

pub(in crate::report) use page::open;

use askama::Template;
use askama::filters::Safe;
use std::io;

/// Markup from a template: the only way past the escaping.
type Markup = Safe<String>;

/// Renders a template.
fn rendered(template: &impl Template) -> io::Result<Markup> {
    template.render().map(Safe).map_err(io::Error::other)
}
