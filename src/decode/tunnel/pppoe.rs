//! `PPPoE`: sessions of PPP over Ethernet.

use crate::anomaly::Anomaly;
use crate::decode::cursor::{Cursor, Layer, be16, broken};
use crate::tunnel::TunnelKind;

/// Takes off the header of a session, and what lies behind its packet.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when it is not whole, or for a fifth tunnel.
///
/// # Wire
///
/// RFC 2516 section 4: version and type 1, code (0 in a session, others find one), session id, length of the PPP packet.
pub(in crate::decode) fn session(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    let (Some([version_and_type, code]), Some(session), Some(length)) =
        (cursor.rest.first_chunk(), be16(cursor.rest, 2), be16(cursor.rest, 4))
    else {
        return Err(broken("pppoe", "too short"));
    };
    if *version_and_type != 0x11 || *code != 0 {
        return Ok(Layer::Other("pppoe_other"));
    }
    cursor.skip(6);
    cursor.limit(usize::from(length));
    cursor.enter_link(TunnelKind::Pppoe, Some(session.into()))?;
    Ok(Layer::Ppp)
}
