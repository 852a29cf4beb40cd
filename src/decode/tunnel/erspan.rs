//! ERSPAN: frames that a switch mirrors through GRE.

use crate::anomaly::Anomaly;
use crate::decode::cursor::{Cursor, Layer, be16, broken};
use crate::tunnel::TunnelKind;

/// Where the session id is, and its bits. The tag of the mirrored port's VLAN in the same header is left alone: the
/// switch says in no uniform way whether the frame has it too.
const SESSION: (usize, u16) = (2, 0x03ff);

/// Enters a mirrored frame without header of its own.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] for a fifth tunnel.
///
/// # Wire
///
/// draft-foschiano-erspan-03 section 4.1: type I is GRE type 0x88be without a sequence number.
pub(super) fn first(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    frame(cursor, TunnelKind::Erspan1, None)
}

/// Takes off a header of type II.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when it is not whole, or for a fifth tunnel.
///
/// # Wire
///
/// draft-foschiano-erspan-03 section 4.2: GRE type 0x88be with a sequence number; version 1 and VLAN, class, flags and
/// session, port index.
pub(super) fn second(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    let (version, session) = start(cursor, 8)?;
    if version != 1 {
        return Ok(Layer::Other("gre_other"));
    }
    frame(cursor, TunnelKind::Erspan2, Some(session))
}

/// Takes off a header of type III, and the subheader that some platforms add.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when it is not whole, or for a fifth tunnel.
///
/// # Wire
///
/// draft-foschiano-erspan-03 section 4.3: GRE type 0x22eb; version 2 and VLAN, class, flags and session, timestamp,
/// group, and a half word whose bits say the frame's type (0 Ethernet, 2 IP) and whether eight bytes more follow.
pub(super) fn third(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    let last = be16(cursor.rest, 10).unwrap_or_default();
    let (version, session) = start(cursor, 12)?;
    if version != 2 {
        return Ok(Layer::Other("gre_other"));
    }
    if last & 1 != 0 {
        if cursor.rest.len() < 8 {
            return Err(broken("erspan", "too short"));
        }
        cursor.skip(8);
    }
    let ethernet = frame(cursor, TunnelKind::Erspan3, Some(session))?;
    Ok(match (last >> 10) & 0x1f {
        0 => ethernet,
        2 => Layer::Ip,
        _ => Layer::Other("gre_other"),
    })
}

/// Takes off a header of so many bytes: its version and session.
fn start(cursor: &mut Cursor<'_>, bytes: usize) -> Result<(u8, u32), Anomaly> {
    let header = cursor.rest.get(..bytes).ok_or_else(|| broken("erspan", "too short"))?;
    let version = header.first().map_or(0, |first| first >> 4);
    let session = be16(header, SESSION.0).unwrap_or_default() & SESSION.1;
    cursor.skip(bytes);
    Ok((version, session.into()))
}

/// Enters the mirrored frame.
fn frame(cursor: &mut Cursor<'_>, kind: TunnelKind, session: Option<u32>) -> Result<Layer, Anomaly> {
    cursor.enter(kind, session)?;
    cursor.copied = true;
    Ok(Layer::Ethernet)
}
