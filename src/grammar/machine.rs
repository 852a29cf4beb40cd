//! Which message follows which: exchanges of a request and its reply, and the states of a dialogue.

use super::Share;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use std::time::Duration;

/// A kind of request and a kind of reply to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "exchange")]
pub struct Exchange {
    /// Message type of the request.
    pub request: String,
    /// Message type of the reply.
    pub response: String,
    /// How often.
    pub count: u64,
    /// Of all replies to this request.
    pub probability: Share,
    /// The field that pairs them, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlated_by: Option<String>,
    /// Median time between, in seconds, as a decimal text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_delay: Option<String>,
}

impl Exchange {
    /// The median of these times, of an even number the greater of the two in the middle, as documents write it; of none nothing.
    #[must_use]
    pub fn median(mut delays: Vec<Duration>) -> Option<String> {
        delays.sort_unstable();
        let median = delays.get(delays.len() / 2)?;
        Some(format!("{}.{:06}", median.as_secs(), median.subsec_micros()))
    }
}

/// What happened, as states and what leads from one to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "state_machine")]
pub struct StateMachine {
    /// How it was made.
    pub algorithm: String,
    /// Where every dialogue begins.
    pub initial: String,
    /// All states.
    pub states: Vec<State>,
    /// All steps, in order of `from`, then of `on`.
    pub transitions: Vec<Transition>,
    /// Sessions it was made from.
    pub training_sessions: u64,
    /// Share of sessions that the machine made from all others accepts; absent with fewer than three sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out_acceptance: Option<Share>,
}

/// A state of a dialogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "state")]
pub struct State {
    /// `q0`, `q1` …
    pub id: String,
    /// Whether sessions ended here.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// How often it was reached.
    pub visits: u64,
}

/// A step from state to state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "transition")]
pub struct Transition {
    /// From this state.
    pub from: String,
    /// To that one.
    pub to: String,
    /// The message type that leads there.
    pub on: String,
    /// How often.
    pub count: u64,
    /// In how many sessions.
    pub sessions: u64,
}
