//! Tunnels: headers that carry a packet in a packet. What is inside counts; what was outside is noted on the cursor.
//!
//! Each arm of the layer loop takes its header off and names the layer inside. A header that is not of the tunnel its
//! number promises makes the frame one of its carrier (`udp`) or of nobody (`gre_other`), not a broken one.

pub(super) mod erspan;
pub(super) mod gre;
pub(super) mod mpls;
pub(super) mod pppoe;
pub(super) mod udp;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) use self::tests::carriers;
