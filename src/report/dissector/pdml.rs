//! What tshark says of each packet, read from its PDML as it comes: the messages of one dissector, and what it marked in them.

use quick_xml::Reader;
use quick_xml::events::BytesStart;
use quick_xml::events::Event;
use std::io;
use std::io::BufReader;
use std::io::Read;

/// A message as the dissector found it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Marked {
    /// Whether the server sent it.
    pub(super) from_server: bool,
    /// Its bytes.
    pub(super) length: u64,
    /// The ranges in it that a role was given, from its start.
    pub(super) ranges: Vec<(u64, u64)>,
}

/// What is read, without what no XML may hold: tshark shows what the wire said, and nothing looked for here is more than ASCII.
struct Plain<R>(R);

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        let odd = |byte: &&mut u8| !matches!(**byte, b' '..=b'~' | b'\n' | b'\t' | b'\r');
        buffer.iter_mut().take(read).filter(odd).for_each(|byte| *byte = b'?');
        Ok(read)
    }
}

/// Reads packet by packet.
pub(super) struct Packets<R: Read> {
    reader: Reader<BufReader<Plain<R>>>,
    buffer: Vec<u8>,
    filter: String,
}

/// Where the reader is inside a packet.
#[derive(Default)]
struct Place {
    frame: u64,
    messages: Vec<Marked>,
    /// Elements open below the message.
    depth: Option<u64>,
    /// Where the message begins in its packet.
    start: u64,
}

impl<R: Read> Packets<R> {
    pub(super) fn new(input: R, filter: &str) -> Self {
        Self { reader: Reader::from_reader(BufReader::new(Plain(input))), buffer: Vec::new(), filter: filter.to_owned() }
    }

    /// The next packet's frame number and messages.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Vec<Marked>)>> {
        let mut place = Place::default();
        loop {
            self.buffer.clear();
            match self.reader.read_event_into(&mut self.buffer) {
                Ok(Event::Start(element)) => {
                    if place.depth.is_some() || element.name().as_ref() == "field" {
                        enter(&mut place, &element, &self.filter, true);
                    }
                }
                Ok(Event::Empty(element)) => enter(&mut place, &element, &self.filter, false),
                Ok(Event::End(element)) => {
                    if element.name().as_ref() == "packet" {
                        return Ok(Some((place.frame, place.messages)));
                    }
                    place.depth = place.depth.and_then(|depth| depth.checked_sub(1));
                }
                Ok(Event::Eof) => return Ok(None),
                Ok(_) => {}
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
    }
}

/// Takes in an element, which may have others inside.
fn enter(place: &mut Place, element: &BytesStart<'_>, filter: &str, opens: bool) {
    let text = |name: &str| element.try_get_attribute(name).ok().flatten().map(|found| found.value.into_owned());
    let number = |name: &str| text(name).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let name = text("name").unwrap_or_default();
    if name == "num" && place.frame == 0 {
        place.frame = number("show");
    }
    let own = name.strip_prefix(filter).and_then(|rest| rest.strip_prefix('.'));
    match (place.depth, own) {
        (None, Some("message")) => {
            place.start = number("pos");
            place.messages.push(Marked { length: number("size"), ..Marked::default() });
            place.depth = opens.then_some(0);
            return;
        }
        (Some(0), Some("from")) => {
            if let Some(message) = place.messages.last_mut() {
                message.from_server = text("show").as_deref() == Some("server");
            }
        }
        (Some(_), Some("control" | "keyword" | "data" | "unknown")) => {
            if let Some(message) = place.messages.last_mut() {
                let start = number("pos").saturating_sub(place.start);
                message.ranges.push((start, start.saturating_add(number("size"))));
            }
        }
        _ => {}
    }
    if opens {
        place.depth = place.depth.map(|depth| depth.saturating_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDML: &str = r#"<?xml version="1.0"?><pdml><packet>
        <proto name="geninfo" pos="0"><field name="num" pos="0" show="7" size="9"/></proto>
        <proto name="ntps.x" size="12" pos="54">
          <field name="ntps.x.message" size="5" pos="54" show="a">
            <field name="ntps.x.from" size="0" pos="0" show="server"/>
            <field name="ntps.x.f1" size="4" pos="54"><field name="ntps.x.keyword" hide="yes" size="4" pos="54"/></field>
            <field name="ntps.x.terminator" size="1" pos="58"><field name="ntps.x.control" hide="yes" size="1" pos="58"/></field>
          </field>
          <field name="ntps.x.message" size="7" pos="59" show="b"><field name="ntps.x.f1" size="7" pos="59">
            <field name="ntps.x.tag" size="2" pos="59"><field name="ntps.x.keyword" size="2" pos="59"/>
            <field name="ntps.x.value" size="5" pos="61"><field name="ntps.x.data" size="5" pos="61"/></field></field></field></field>
        </proto></packet><packet></packet></pdml>"#;

    #[test]
    fn messages_and_what_is_marked_in_them() {
        let mut packets = Packets::new(PDML.as_bytes(), "ntps.x");
        let first = Marked { from_server: true, length: 5, ranges: vec![(0, 4), (4, 5)] };
        let second = Marked { from_server: false, length: 7, ranges: vec![(0, 2), (2, 7)] };
        assert_eq!(packets.next().unwrap(), Some((7, vec![first, second])));
        assert_eq!(packets.next().unwrap(), Some((0, vec![])));
        assert_eq!(packets.next().unwrap(), None);
    }

    #[test]
    fn what_is_cut_or_no_pdml_is_an_end_or_an_error() {
        assert_eq!(Packets::new(&b""[..], "ntps.x").next().unwrap(), None);
        assert_eq!(Packets::new(&b"<pdml><packet><field"[..], "ntps.x").next().ok().flatten(), None);
    }
}
