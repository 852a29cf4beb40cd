//! In the captures of real servers every message is read for what it is.

use crate::hear::GENERIC;
use crate::support::collect::options;
use ntp_sniff::capture::files::Files;
use ntp_sniff::decode::Checks;
use ntp_sniff::event::Event;
use ntp_sniff::event::EventKind;
use ntp_sniff::limits::Limits;
use ntp_sniff::pipeline;
use ntp_sniff::report::Sink;
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Names of messages that are not read for what they are, and how many messages there are.
#[derive(Default)]
struct Unread {
    names: Vec<String>,
    messages: usize,
}

impl Sink for Unread {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if let EventKind::MessageDecoded(message) = &event.kind {
            self.messages += 1;
            let annotation = message.annotation;
            let name = &*annotation.name;
            if annotation.sentence == GENERIC || name.starts_with("unplaced") || name.starts_with("partial") || name == "stray_bytes" {
                self.names.push(name.to_owned());
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Captures by the number in their name: those inside TLS are read elsewhere.
fn is_clear(name: &str) -> bool {
    let number: u32 = name.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(99);
    let is_capture = Path::new(name).extension().is_some_and(|end| end == "pcap" || end == "pcapng");
    is_capture && !(30..60).contains(&number) && ![91, 92].contains(&number)
}

#[test]
fn real_dialogues_hold_nothing_unread() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures/ntp");
    if !folder.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing, and this is CI", folder.display());
        return eprintln!("skipped: {} is not here", folder.display());
    }
    let mut names: Vec<String> = folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| is_clear(name));
    names.sort_unstable();
    assert!(names.len() >= 44, "{names:?}");
    for name in names {
        let limits = Limits::default();
        let mut source = Files::new(vec![folder.join(&name)], &limits);
        let verify = name.starts_with("63") || name.starts_with("64");
        let options = pipeline::Options { checks: Checks { verify }, ..options(&limits, false) };
        let mut unread = Unread::default();
        pipeline::run(&mut source, options, &mut unread, &AtomicBool::new(false), &mut |error| panic!("{name}: {error}")).unwrap();
        assert!(unread.messages > 5, "{name}: {} messages", unread.messages);
        match name.get(..2).unwrap() {
            // Cut at 128 bytes a frame, and six segments lost: parts of lines are no wonder there, unknown messages would be.
            "70" | "83" => {
                let part = |what: &String| ["partial_line", "partial_record", "unplaced"].contains(&what.as_str());
                assert!(!unread.names.is_empty() && unread.names.iter().all(part), "{name}: {:?}", unread.names);
            }
            "82" => assert_eq!(unread.names, ["partial_line"], "{name}"),
            _ => assert_eq!(unread.names, Vec::<String>::new(), "{name}"),
        }
    }
}
