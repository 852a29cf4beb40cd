//! Promises of the screen: what it shows at usual sizes, what its keys do, and that nothing hostile, secret or unbounded is on it.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test, known to be small")]

use super::super::escape::display_width;
use super::super::script;
use super::Manner;
use super::Most;
use super::app::Action;
use super::app::App;
use super::app::Pane;
use super::draw;
use super::inbox::Shared;
use super::keys::Key;
use super::keys::Keyboard;
use super::sink::feed;
use crate::annotation::Role;
use crate::limits::Limits;
use crate::peer::Peer;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;
use std::sync::Arc;

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (160, 48);

fn manner() -> Manner {
    let most = Most::of(&Limits::default());
    Manner { color: false, verbose: false, live: false, input: "script.pcap".to_owned(), most }
}

/// The state after the scripted run.
fn played(manner: Manner) -> App {
    let shared = Arc::new(Shared::new(manner.most));
    let mut sink = feed(&shared, &manner);
    script::play(sink.as_mut()).unwrap();
    let mut app = App::new(manner);
    app.take(shared.inbox().take());
    app
}

/// Presses keys, as they are on the wire.
fn press(app: &mut App, keys: &str) {
    for key in Keyboard::default().push(keys.as_bytes()) {
        assert_eq!(app.key(key), Action::Stay, "{key:?}");
        buffer(app, SMALL);
    }
}

fn buffer(app: &mut App, (columns, rows): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| draw::draw(app, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// What is on the screen, without blanks at the ends of lines.
fn screen(app: &mut App, size: (u16, u16)) -> String {
    let buffer = buffer(app, size);
    let mut text = String::new();
    for y in 0..size.1 {
        let mut hidden = 0_usize;
        let mut line = String::new();
        for x in 0..size.0 {
            let symbol = buffer[(x, y)].symbol();
            // The second half of a wide character has nothing of its own.
            if hidden == 0 {
                line.push_str(symbol);
            }
            hidden = hidden.max(display_width(symbol)).saturating_sub(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[test]
fn screens_are_stable() {
    let mut app = played(manner());
    insta::assert_snapshot!("small", screen(&mut app, SMALL));
    insta::assert_snapshot!("large", screen(&mut app, LARGE));
    press(&mut app, "/SSH\r");
    insta::assert_snapshot!("large_message", screen(&mut app, LARGE));
    press(&mut app, "\r");
    insta::assert_snapshot!("small_message", screen(&mut app, SMALL));
    press(&mut app, "\x1b[Z\x1b[Z");
    insta::assert_snapshot!("small_services", screen(&mut app, SMALL));
    press(&mut app, "?");
    insta::assert_snapshot!("small_help", screen(&mut app, SMALL));
}

#[test]
fn every_byte_has_the_colour_of_its_role() {
    let mut app = played(Manner { color: true, ..manner() });
    press(&mut app, "/SSH\r");
    let buffer = buffer(&mut app, (200, 60));
    let colors = |text: &str| {
        let mut found = Vec::new();
        for y in 0..60 {
            let line: Vec<&str> = (0..200).map(|x| buffer[(x, y)].symbol()).collect();
            let width = text.chars().count();
            for x in 0..200 - width {
                if line[x..x + width].concat() == text {
                    found.push(buffer[(u16::try_from(x).unwrap(), y)].fg);
                }
            }
        }
        found
    };
    assert!(colors("53 53 48 20").contains(&Color::Yellow), "data");
    assert!(colors("3c 7c 3e").contains(&Color::Green), "a separator");
    assert!(colors("** **").iter().all(|color| *color == Color::Red) && !colors("** **").is_empty(), "a secret");
    assert!(colors("0a").contains(&Color::Cyan), "a line end");
}

#[test]
fn no_screen_shows_a_secret_or_obeys_the_wire() {
    let secret = str::from_utf8(script::SECRET).unwrap();
    let hex = script::SECRET.iter().take(4).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    let mut app = played(Manner { verbose: true, ..manner() });
    let (lines, _) = app.ring.counts();
    let mut redacted = 0;
    press(&mut app, "g");
    for _ in 0..lines {
        for size in [(80, 60), (200, 60)] {
            app.open = true;
            let screen = screen(&mut app, size);
            redacted += screen.matches("<redacted 14 bytes>").count();
            for forbidden in [secret, &hex, "hunter", "S3cret"] {
                assert!(!screen.contains(forbidden), "{screen}");
            }
            assert!(screen.chars().all(|char| char == '\n' || !char.is_control() && char != '\u{202e}'), "{screen}");
        }
        press(&mut app, "j");
    }
    assert!(redacted > 0);
    assert_eq!(app.ring.at(lines - 1), Some(app.selected), "every line was looked at");
}

#[test]
fn the_loss_counter_is_always_there() {
    let mut app = played(manner());
    for size in [(40, 8), (60, 20), SMALL, LARGE, (300, 90)] {
        for keys in ["", "?", "\r", "/abc", "&", "\t"] {
            for key in Keyboard::default().push(keys.as_bytes()) {
                app.key(key);
            }
            let screen = screen(&mut app, size);
            assert!(screen.contains("LOST 3"), "{size:?} {keys}: {screen}");
            app.key(Key::Esc);
        }
    }
}

#[test]
fn a_loss_is_told_however_long_all_else_is() {
    let name = "a-capture-with-a-very-long-name-indeed.pcapng";
    let mut app = played(Manner { input: name.to_owned(), live: true, ..manner() });
    for size in [(40, 8), (40, 12), (50, 12), SMALL] {
        let screen = screen(&mut app, size);
        assert!(screen.contains("LOST 3") && screen.contains(" a-capt"), "{size:?}: {screen}");
    }
}

#[test]
fn keys_move_search_and_filter() {
    let mut app = played(manner());
    let (lines, _) = app.ring.counts();
    let row = |app: &App| app.ring.row(app.selected);
    assert_eq!((row(&app), app.follow), (0, false), "a file is read from its beginning");
    press(&mut app, "jj");
    assert_eq!(row(&app), 2);
    press(&mut app, "k\x1b[B\x1b[A");
    assert_eq!(row(&app), 1);
    press(&mut app, "G");
    assert_eq!(row(&app), lines - 1);
    press(&mut app, "g ");
    let page = row(&app);
    assert!(page > 15);
    press(&mut app, "\x1b[6~\x1b[5~b");
    assert_eq!(row(&app), 0);
    press(&mut app, "/password\r");
    let first = row(&app);
    press(&mut app, "n");
    assert!(row(&app) > first);
    press(&mut app, "N");
    assert_eq!(row(&app), first);
    press(&mut app, "N");
    assert_eq!((row(&app), app.remark.is_some()), (first, true), "there is none before");
    press(&mut app, "&session:2\r");
    let (_, passed) = app.ring.counts();
    assert!(passed > 0 && passed < lines && app.ring.rows(0, 99).all(|entry| entry.session.as_ref().unwrap().id.0 == 2));
    press(&mut app, "&\r");
    assert_eq!(app.ring.counts(), (lines, lines));
    press(&mut app, "f");
    assert_eq!((row(&app), app.follow), (lines - 1, true));
    press(&mut app, "k");
    assert_eq!((row(&app), app.follow), (lines - 2, false), "who moves does not follow");
    press(&mut app, "/x\x1b[Dy\x7f\x7f\x7f");
    assert_eq!(app.prompt, None, "a prompt that is deleted is gone");
    assert_eq!((app.key(Key::Char('q')), app.key(Key::Ctrl('c')), app.key(Key::Ctrl('z'))), (Action::Quit, Action::Quit, Action::Suspend));
}

#[test]
fn panes_take_turns_and_a_service_filters() {
    let mut app = played(manner());
    buffer(&mut app, LARGE);
    let turns: Vec<Pane> = (0..3)
        .map(|_| {
            app.key(Key::Tab);
            app.pane
        })
        .collect();
    assert_eq!(turns, [Pane::Details, Pane::Services, Pane::Timeline]);
    app.key(Key::BackTab);
    buffer(&mut app, LARGE);
    app.key(Key::Down);
    app.key(Key::Enter);
    assert_eq!((app.pane, app.ring.filter().unwrap().typed.as_str()), (Pane::Timeline, "server:[2001:db8::8]:9999"));
    app.key(Key::Enter);
    assert_eq!(app.pane, Pane::Details);
    app.key(Key::Char('G'));
    buffer(&mut app, LARGE);
    assert!(app.scroll < 100, "held at the last page");
    app.key(Key::Esc);
    assert_eq!(app.pane, Pane::Timeline);
}

/// What stands before the length of a message.
fn before_length(line: &str) -> Option<&str> {
    line.split_once(" B│").map_or_else(|| line.strip_suffix(" B"), |(before, _)| Some(before))
}

#[test]
fn wide_characters_keep_the_columns() {
    let manner = manner();
    let shared = Arc::new(Shared::new(manner.most));
    let mut sink = feed(&shared, &manner);
    let mut player = script::Player { sink: sink.as_mut() };
    let flow = script::flow(1, "10.0.0.2:40000", "10.0.0.1:1241");
    player.session(&flow, "nessus_ntp", Some("1.2"), &[]).unwrap();
    for text in ["漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字", "x漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字", "漢"]
    {
        let parts = [(text.as_bytes(), Role::Data, "text", false), (b"\n".as_slice(), Role::Control, "line_end", false)];
        player.message((5, 1, &[5]), (Peer::Client, "note", false), (text, vec![]), &parts).unwrap();
    }
    let mut app = App::new(manner);
    app.take(shared.inbox().take());
    for size in [(79, 24), SMALL, (81, 24), LARGE] {
        let screen = screen(&mut app, size);
        let notes: Vec<&str> = screen.lines().filter(|line| line.contains(" note ")).collect();
        let ends: Vec<usize> = notes.into_iter().filter_map(before_length).map(display_width).collect();
        assert_eq!(ends.len(), 3, "{screen}");
        assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?} {screen}");
        assert!(screen.lines().all(|line| display_width(line) <= usize::from(size.0)), "{screen}");
    }
}

#[test]
fn what_nobody_took_leaves_and_is_counted() {
    let most = Most { entries: 10, ..manner().most };
    let mut app = played(Manner { most, ..manner() });
    let (lines, _) = app.ring.counts();
    assert_eq!(lines, 10);
    assert!(app.ring.gone()[0] > 20);
    assert!(screen(&mut app, SMALL).contains("older lines left"));
}

/// A session with a block of 7,000 records.
fn long_block() -> App {
    let manner = manner();
    let shared = Arc::new(Shared::new(manner.most));
    let mut sink = feed(&shared, &manner);
    let mut app = App::new(manner);
    let mut player = script::Player { sink: sink.as_mut() };
    let flow = script::flow(1, "10.0.0.2:40000", "10.0.0.1:1241");
    player.session(&flow, "nessus_ntp", Some("1.2"), &[]).unwrap();
    for part in [0..3500, 3500..7000] {
        player.plugins(1, part).unwrap();
        app.take(shared.inbox().take());
    }
    app
}

#[test]
fn a_long_block_takes_four_lines() {
    let mut app = long_block();
    assert_eq!(app.ring.counts().0, 5, "the session, three records, the count");
    assert!(screen(&mut app, SMALL).contains("⋮ 6997 more plugin_record, 531772 bytes (Enter opens, closes)"));
}

#[test]
fn what_is_folded_is_opened_found_and_filtered() {
    let mut app = long_block();
    let row = |app: &App| app.ring.row(app.selected);
    press(&mut app, "G\r");
    assert_eq!((app.ring.counts(), row(&app), app.open), ((7002, 7002), 4, false), "opened in its place");
    press(&mut app, "j\r");
    assert!(screen(&mut app, SMALL).contains("plugin_record, server to client"), "details of a folded message");
    press(&mut app, "\rk\r");
    assert_eq!((app.ring.counts(), row(&app)), ((5, 5), 4));
    let last = app.ring.get(app.ring.at(4).unwrap()).unwrap().number + 6997;
    let text = app.ring.get(last).unwrap().text();
    let id = text.split(' ').next().unwrap().to_owned();
    press(&mut app, &format!("g/{id}\r"));
    assert!(app.selected > 5 && app.ring.counts().0 == 7002, "found where it was folded: {id}, {}", app.selected);
    press(&mut app, "gG");
    press(&mut app, &format!("&{id}\r"));
    let (all, passed) = app.ring.counts();
    assert!(all == 7002 && (1..7000).contains(&passed), "{passed} of {all}");
    press(&mut app, "\t");
    assert!(screen(&mut app, SMALL).contains(&format!("services 1, timeline only {id}")), "{}", screen(&mut app, SMALL));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_keys_at_any_size_are_drawn(keys in "[jkgGfnNbdu? /&qxé\r\t\x7f\x1b\\[ABZ56~]{0,40}", sizes: Vec<(u8, u8)>) {
        let mut app = played(manner());
        let keys = Keyboard::default().push(keys.as_bytes());
        let mut sizes = sizes.into_iter().map(|(x, y)| (u16::from(x), u16::from(y))).chain(std::iter::repeat(SMALL));
        for key in keys {
            app.key(key);
            buffer(&mut app, sizes.next().unwrap());
        }
        let (_, rows) = app.ring.counts();
        prop_assert!(rows == 0 || app.ring.row(app.selected) < rows);
    }
}
