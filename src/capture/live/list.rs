//! Which interfaces there are to capture from.

use crate::error::Error;
use pcap::ConnectionStatus;
use pcap::Device;
use std::net::IpAddr;

/// An interface as libpcap lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// What `-i` takes.
    pub name: String,
    /// What libpcap says it is; of network cards nothing.
    pub about: Option<String>,
    /// `up`, `running`, `down`, `loopback`, `wireless`, `connected`, `disconnected`: what holds of it.
    pub state: Vec<&'static str>,
    /// Its addresses, with the length of the network's prefix where that is known.
    pub addresses: Vec<(IpAddr, Option<u8>)>,
}

/// All interfaces that this user may be able to open, in libpcap's order.
///
/// # Errors
///
/// [`Error::Interface`].
pub fn interfaces() -> Result<Vec<Interface>, Error> {
    let devices = Device::list().map_err(|source| Error::Interface { interface: "interfaces".to_owned(), source })?;
    Ok(devices.into_iter().map(interface).collect())
}

fn interface(device: Device) -> Interface {
    let flags = &device.flags;
    let mut state = Vec::new();
    // What libpcap describes is no card, and neither up nor down unless it says so.
    if device.desc.is_none() || flags.is_up() {
        state.push(if flags.is_up() { "up" } else { "down" });
    }
    let more = [(flags.is_running(), "running"), (flags.is_loopback(), "loopback"), (flags.is_wireless(), "wireless")];
    state.extend(more.into_iter().filter(|(holds, _)| *holds).map(|(_, name)| name));
    match flags.connection_status {
        ConnectionStatus::Connected => state.push("connected"),
        ConnectionStatus::Disconnected => state.push("disconnected"),
        ConnectionStatus::Unknown | ConnectionStatus::NotApplicable => {}
    }
    let addresses = device.addresses.iter().map(|address| (address.addr, address.netmask.and_then(prefix))).collect();
    Interface { name: device.name, about: device.desc, state, addresses }
}

/// The length of the prefix that a netmask stands for; nothing where it is none.
fn prefix(mask: IpAddr) -> Option<u8> {
    ipnet::ip_mask_to_prefix(mask).ok()
}
