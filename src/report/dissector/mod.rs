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
mod shape;
pub mod splice;
pub mod verify;
mod within;

use crate::grammar::Description;
use crate::grammar::Export;
use crate::grammar::Target;
use crate::grammar::Verified;
use crate::report::document::model::Document;
use plan::Plan;
use std::collections::BTreeSet;
use std::net::IpAddr;

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
    lua::filter(&Plan::of(description, &BTreeSet::new()))
}

/// The addresses of those who serve a protocol, as the sessions of a document have them.
#[must_use]
pub fn servers(document: &Document, description: &Description) -> BTreeSet<IpAddr> {
    let of = document.sessions.iter().filter(|session| session.protocol == description.id);
    of.filter_map(|session| session.server.ip.parse().ok()).collect()
}

/// Translates a grammar of a protocol that these serve: of packets between two ports of servers, their addresses tell the direction.
#[must_use]
pub fn translate(description: &Description, servers: &BTreeSet<IpAddr>, target: Target) -> Translated {
    let plan = Plan::of(description, servers);
    let mut lossy = plan.lossy.clone();
    let text = match target {
        Target::WiresharkLua => {
            let prompts = plan.client.prompts.len().saturating_add(plan.server.prompts.len());
            if prompts > 0 {
                lossy.push(format!(
                    "{prompts} messages without a terminator are known by how they begin: others that begin so are cut there"
                ));
            }
            lossy.push("the sender is told by the port of the server; where both ends use it, by the addresses of the document".to_owned());
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
