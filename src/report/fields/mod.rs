//! The same records under other names, for readers that know a common schema. Never mixed: one output has one set of names.
//!
//! The mapping works on finished records, so that nothing can be in one and not in the other, and costs only those who ask for it.

mod ecs;
#[cfg(test)]
mod tests;
mod zeek;

use super::escape::JsonText;
use crate::time::Timestamp;
use serde::Serialize as _;
use serde_json::Map;
use serde_json::Serializer;
use serde_json::Value;
use std::io;

/// Whose names the fields of JSON Lines have: what `--fields` offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fields {
    /// Those of `ntp-sniff schema`.
    #[default]
    Native,
    /// Elastic Common Schema, nested; what it has no name for is under `ntp_sniff`.
    Ecs,
    /// Those of Zeek's `conn.log` as JSON, flat; what it has no name for keeps its own.
    Zeek,
}

impl Fields {
    /// All of them; the first is the default.
    pub const ALL: [Self; 3] = [Self::Native, Self::Ecs, Self::Zeek];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Ecs => "ecs",
            Self::Zeek => "zeek",
        }
    }

    /// One line for `--help`.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Native => "as `ntp-sniff schema` describes them",
            Self::Ecs => "Elastic Common Schema, what it has no name for under ntp_sniff",
            Self::Zeek => "those of Zeek's conn.log, what it has no name for under its own",
        }
    }

    /// Appends a record under these names, without a line end.
    pub(super) fn write(self, record: Map<String, Value>, at: Timestamp, out: &mut Vec<u8>) -> io::Result<()> {
        let mapped = match self {
            Self::Native => record,
            Self::Ecs => ecs::map(record),
            Self::Zeek => {
                // Written as digits: a floating-point number does not hold nanoseconds since the epoch.
                out.extend_from_slice(b"{\"ts\":");
                out.extend_from_slice(zeek::seconds(at).as_bytes());
                let mut rest = Vec::new();
                zeek::map(record).serialize(&mut Serializer::with_formatter(&mut rest, JsonText))?;
                let members = rest.strip_prefix(b"{").unwrap_or_default();
                out.extend_from_slice(if members == b"}" { b"" } else { b"," });
                out.extend_from_slice(members);
                return Ok(());
            }
        };
        mapped.serialize(&mut Serializer::with_formatter(out, JsonText))?;
        Ok(())
    }
}

/// Outer and inner tag, where all frames had the same one or two: what the schemas have names for.
fn tags(vlans: &Value) -> Option<(u64, Option<u64>)> {
    let stack = match vlans.as_array()?.as_slice() {
        [Value::Array(only)] => only.as_slice(),
        numbers => numbers,
    };
    match stack {
        [outer] => Some((outer.as_u64()?, None)),
        [outer, inner] => Some((outer.as_u64()?, Some(inner.as_u64()?))),
        _ => None,
    }
}
