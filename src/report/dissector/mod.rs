//! A protocol document for other programs: a Wireshark dissector, a Kaitai Struct, a picture of the state machine; and what Wireshark makes
//! of the dissector, compared with the document.
//!
//! Names are made here, and text that came from a capture is quoted by one function per target: whoever sent the packets would like to
//! choose what these programs run.

mod cut;
mod dot;
mod edges;
mod ksy;
mod lua;
mod names;
mod pdml;
mod plan;
mod quote;
pub mod splice;
pub mod verify;

use crate::grammar::Description;
use crate::grammar::Export;
use crate::grammar::Target;
use crate::grammar::Verified;
use plan::Plan;

/// A translation, not yet tried.
#[derive(Clone, Debug)]
pub struct Translated {
    /// The text of the file.
    pub text: String,
    /// What it is, for the document.
    pub export: Export,
}

/// What Wireshark calls the dissector, and with a dot behind it all its fields.
#[must_use]
pub fn filter(description: &Description) -> String {
    lua::filter(&Plan::of(description))
}

/// Translates a grammar.
#[must_use]
pub fn translate(description: &Description, target: Target) -> Translated {
    let plan = Plan::of(description);
    let mut lossy = plan.lossy.clone();
    let text = match target {
        Target::WiresharkLua => {
            let prompts = plan.client.prompts.len().saturating_add(plan.server.prompts.len());
            if prompts > 0 {
                lossy.push(format!(
                    "{prompts} messages without a terminator are known by how they begin: others that begin so are cut there"
                ));
            }
            lossy.push("the sender is told by the port of the server".to_owned());
            lossy.push("requests and replies are not paired".to_owned());
            lua::lua(&plan)
        }
        Target::Kaitai => {
            lossy.push("it reads one direction of one stream without gaps; the reader says which direction".to_owned());
            lossy.push("requests and replies are not paired".to_owned());
            ksy::ksy(&plan, &mut lossy)
        }
        Target::Graphviz => {
            lossy.clear();
            lossy.push("it draws the state machine only: neither framing nor fields".to_owned());
            dot::dot(&plan, &mut lossy)
        }
    };
    Translated { text, export: Export { target, verified: Verified::NotVerified, messages_covered: None, tokens_covered: None, lossy } }
}
