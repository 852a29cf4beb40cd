//! Names of services by their ports, as IANA registers them.

/// The registered name of a TCP port.
#[must_use]
pub(super) fn name(port: u16) -> Option<&'static str> {
    (port == 1241).then_some("nessus")
}
