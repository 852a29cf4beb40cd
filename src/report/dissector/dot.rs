//! The state machine of a grammar as a picture in the DOT language of Graphviz.
//!
//! A step has the name of the message that makes it and how often it was seen; one by the server is dashed. States in which sessions
//! ended have a double line.

use super::plan::Plan;
use crate::grammar::Transition;
use crate::report::graphviz::label;
use crate::report::graphviz::quoted;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// States, and pairs of states with steps between them, that are drawn: with more the picture is no picture any more.
const DRAWN: usize = 500;

/// Messages named on a line.
const NAMED: usize = 8;

/// The picture; says what it loses.
pub(super) fn dot(plan: &Plan<'_>, lossy: &mut Vec<String>) -> String {
    let mut out = String::from("digraph states {\n  graph [rankdir=LR];\n  node [shape=circle, fontname=\"sans-serif\"];\n");
    out.push_str("  edge [fontname=\"sans-serif\", fontsize=10];\n");
    let Some(machine) = &plan.description.grammar.state_machine else {
        lossy.push("the document has no state machine: the picture is empty".to_owned());
        out.push_str("}\n");
        return out;
    };
    let mut pairs: BTreeMap<(&str, &str), Vec<&Transition>> = BTreeMap::new();
    for step in &machine.transitions {
        pairs.entry((&step.from, &step.to)).or_default().push(step);
    }
    if machine.states.len() > DRAWN || pairs.len() > DRAWN {
        lossy.push(format!("only the first {DRAWN} states and lines are drawn"));
    }
    // Writing to a String cannot fail.
    for state in machine.states.iter().take(DRAWN) {
        let shape = if state.is_final { ", shape=doublecircle" } else { "" };
        let style = if state.id == machine.initial { ", style=bold" } else { "" };
        _ = writeln!(out, "  {} [label={}{shape}{style}];", quoted(&state.id), label(&[state.id.clone(), state.visits.to_string()]));
    }
    for ((from, to), steps) in pairs.iter().take(DRAWN) {
        let mut lines: Vec<String> = steps.iter().take(NAMED).map(|step| format!("{} {}×", name(plan, &step.on), step.count)).collect();
        let more = steps.len().saturating_sub(NAMED);
        lines.extend((more > 0).then(|| format!("and {more} more")));
        let style = if steps.iter().all(|step| by_server(plan, &step.on)) { ", style=dashed" } else { "" };
        _ = writeln!(out, "  {} -> {} [label={}{style}];", quoted(from), quoted(to), label(&lines));
    }
    out.push_str("}\n");
    out
}

/// What a message type is called.
fn name<'a>(plan: &'a Plan<'_>, id: &'a str) -> &'a str {
    plan.description.grammar.message_types.iter().find(|message| message.id == id).map_or(id, |message| &message.name)
}

fn by_server(plan: &Plan<'_>, id: &str) -> bool {
    let found = plan.description.grammar.message_types.iter().find(|message| message.id == id);
    found.is_some_and(|message| message.direction.as_deref() == Some("server"))
}
