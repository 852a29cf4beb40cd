//! Arguments that say what is documented by inference.

use clap::Args;
use ntp_sniff::protocol::unknown::Documenting;

/// What is documented by inference.
#[derive(Debug, Args)]
pub(crate) struct Documents {
    /// Document the protocol of services on this port by inference, "all" for every port; repeatable.
    ///
    /// Of connections no dissector reads, and of UDP datagrams, it is inferred where messages end, what they are made of, and which
    /// follow which. It is told when the input ends: until then the sessions are kept, up to a bound.
    #[arg(long, value_name = "PORT", value_parser = port, value_delimiter = ',')]
    document: Vec<Port>,

    /// Let no dissector read anything, TLS included: so that --document finds known protocols, too.
    #[arg(long)]
    no_dissectors: bool,
}

/// A port to document.
#[derive(Clone, Copy, Debug)]
enum Port {
    All,
    One(u16),
}

/// Reads a port, or "all".
fn port(text: &str) -> Result<Port, String> {
    if text == "all" {
        return Ok(Port::All);
    }
    let port = text.parse().ok().filter(|port| *port != 0);
    port.map(Port::One).ok_or_else(|| "neither a port nor \"all\"".to_owned())
}

impl Documents {
    /// What the pipeline is to keep.
    pub(crate) fn wanted(&self) -> Documenting {
        let one = |port: &Port| if let Port::One(port) = port { Some(*port) } else { None };
        Documenting {
            all: self.document.iter().any(|port| matches!(port, Port::All)),
            ports: self.document.iter().filter_map(one).collect(),
            no_dissectors: self.no_dissectors,
        }
    }
}
