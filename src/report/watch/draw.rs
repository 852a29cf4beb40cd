//! The whole screen: what stands where at which size, the status line, and the line of keys below it.

use super::super::escape::display_width;
use super::super::escape::terminal_cut;
use super::super::words;
use super::app::App;
use super::app::Pane;
use super::detail;
use super::listing;
use super::timeline;
use ratatui::Frame;
use ratatui::layout::Constraint;
use ratatui::layout::Layout;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;
use ratatui::widgets::Block;
use ratatui::widgets::Borders;
use ratatui::widgets::Paragraph;

/// From this width on, all three panes stand side by side.
const WIDE: u16 = 120;
/// Columns of the services, and least columns of the details beside the timeline.
const SERVICES: u16 = 32;
const DETAILS: u16 = 46;
/// Columns of details whose rows hold sixteen bytes.
const DETAILS_FULL: u16 = 76;
/// Columns the timeline wants before the details get more.
const TIMELINE: u16 = 100;
/// Smaller than this nothing can be read.
const LEAST: (u16, u16) = (40, 8);
/// Most columns of the input's name in the status line, its part of wider ones, and least columns before losses are told in short.
const INPUT: usize = 24;
const INPUT_PART: usize = 4;
const INPUT_LEAST: usize = 8;

/// The keys.
const HELP: [&str; 18] = [
    "j k, arrows   down, up             /    search: any text, or field:value",
    "space, PgDn   a page down          n N  next one, the one before",
    "b, PgUp       a page up            &    filter, likewise; empty: everything",
    "d u           half a page          f    follow the newest line, or do not",
    "g G           first, last          Tab  next pane",
    "Enter         details; a service:  Esc  close, or back to the timeline",
    "              only its lines; a    ^L   draw anew",
    "              count: what it holds ^Z   stop for a while",
    "q, Ctrl-C     end",
    "",
    "Fields: event, session, client, server, protocol, from, name, phase,",
    "and those of messages, as their details show them.",
    "For example: &server:192.0.2.1:1241",
    "",
    "All of it is in the output without --watch, too: -xv shows every byte,",
    "-T jsonl every field, --show services who serves.",
    "",
    "Any key: back.",
];

/// Draws everything.
pub(super) fn draw(app: &mut App, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let text = format!("{} by {}: too small, at least {} by {}", area.width, area.height, LEAST.0, LEAST.1);
        frame.render_widget(Paragraph::new(text), area);
        return;
    }
    let [panes, status, keys] = Layout::vertical([Constraint::Min(1), Constraint::Length(1), Constraint::Length(1)]).areas(area);
    app.wide = area.width >= WIDE;
    if app.help {
        let inner = framed(app, frame, panes, "keys", true, Borders::TOP);
        let lines: Vec<Line<'_>> = HELP.iter().map(|line| Line::from(format!(" {line}"))).collect();
        frame.render_widget(Paragraph::new(lines), inner);
    } else if app.wide {
        side_by_side(app, frame, panes);
    } else {
        stacked(app, frame, panes);
    }
    frame.render_widget(Paragraph::new(status_line(app, area.width)), status);
    draw_keys(app, frame, keys);
}

/// Three columns.
fn side_by_side(app: &mut App, frame: &mut Frame<'_>, area: Rect) {
    let rest = area.width.saturating_sub(SERVICES);
    let details = if rest >= TIMELINE.saturating_add(DETAILS_FULL) { DETAILS_FULL } else { DETAILS };
    let widths = [Constraint::Length(SERVICES), Constraint::Min(1), Constraint::Length(details)];
    let [left, middle, right] = Layout::horizontal(widths).areas(area);
    draw_pane(app, frame, left, Pane::Services, Borders::TOP);
    draw_pane(app, frame, middle, Pane::Timeline, Borders::TOP | Borders::LEFT);
    draw_pane(app, frame, right, Pane::Details, Borders::TOP | Borders::LEFT);
}

/// One column: the timeline or the services, and below, when they are open, the details.
fn stacked(app: &mut App, frame: &mut Frame<'_>, area: Rect) {
    // Who looked at them beside the timeline looks on below it.
    app.open |= app.pane == Pane::Details;
    let main = if app.pane == Pane::Services { Pane::Services } else { Pane::Timeline };
    if !app.open {
        draw_pane(app, frame, area, main, Borders::TOP);
        return;
    }
    let [above, below] = Layout::vertical([Constraint::Percentage(40), Constraint::Min(1)]).areas(area);
    draw_pane(app, frame, above, main, Borders::TOP);
    draw_pane(app, frame, below, Pane::Details, Borders::TOP);
}

/// One pane with its title.
fn draw_pane(app: &mut App, frame: &mut Frame<'_>, area: Rect, pane: Pane, borders: Borders) {
    let focus = app.pane == pane;
    let title = match pane {
        Pane::Services => listing::title(app),
        Pane::Timeline => timeline::title(app),
        Pane::Details => detail::title(app),
    };
    let inner = framed(app, frame, area, &title, focus, borders);
    if focus {
        app.page = usize::from(inner.height);
        if pane == Pane::Services {
            app.page /= listing::ROWS;
        }
    }
    match pane {
        Pane::Services => listing::draw(app, frame, inner),
        Pane::Timeline => timeline::draw(app, frame, inner),
        Pane::Details => detail::draw(app, frame, inner),
    }
}

/// A frame with a title; the focus is seen without colour too.
fn framed(app: &App, frame: &mut Frame<'_>, area: Rect, title: &str, focus: bool, borders: Borders) -> Rect {
    let room = usize::from(area.width).saturating_sub(4);
    let (title, style) = if focus {
        (format!("▶ {} ", terminal_cut(title.as_bytes(), room.saturating_sub(3))), Style::new().add_modifier(Modifier::BOLD))
    } else {
        (format!(" {} ", terminal_cut(title.as_bytes(), room.saturating_sub(2))), Style::new())
    };
    let block = Block::new().borders(borders).border_style(app.theme.faint()).title(Span::styled(title, style));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

/// Where packets come from, what was lost, and how many they are. What was lost stands where it is never cut off, whatever the input is called.
fn status_line(app: &App, width: u16) -> Line<'static> {
    let state = match (app.done, app.manner.live) {
        (true, _) => "ended",
        (false, true) => "live",
        (false, false) => "reading",
    };
    let width = usize::from(width);
    let middle = " │ ";
    let frame = display_width(state).saturating_add(5);
    let least = frame.saturating_add(INPUT_LEAST);
    let (lost, bad) = app.account.lost(app.manner.live, width.saturating_sub(least));
    let room = width.saturating_sub(frame).saturating_sub(display_width(&lost));
    let input = terminal_cut(app.manner.input.as_bytes(), INPUT.max(width / INPUT_PART).min(room));
    let start = format!(" {input} {state}{middle}");
    let used = [start.as_str(), &lost, middle].into_iter().map(display_width).fold(0, usize::saturating_add);
    let rest = terminal_cut(app.account.words().as_bytes(), width.saturating_sub(used));
    let line = Line::from(vec![
        Span::raw(start),
        Span::styled(lost, if bad { app.theme.alarm() } else { app.theme.strong() }),
        Span::raw(format!("{middle}{rest}")),
    ]);
    line.style(Style::new().add_modifier(Modifier::REVERSED))
}

/// What is typed, a word to the user, or the keys.
fn draw_keys(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let room = usize::from(area.width);
    if let Some(prompt) = &app.prompt {
        // The end of what is typed is seen, however long it is.
        let mut shown = prompt.text.as_str();
        while display_width(shown) > room.saturating_sub(3) {
            let mut letters = shown.chars();
            letters.next();
            shown = letters.as_str();
        }
        frame.render_widget(Paragraph::new(format!("{}{shown}", prompt.sign)), area);
        let column = u16::try_from(display_width(shown).saturating_add(1)).unwrap_or(area.width);
        frame.set_cursor_position((area.x.saturating_add(column), area.y));
        return;
    }
    let keys = "q end  ? help  / search  & filter  f follow  Tab pane  Enter details";
    let (text, style) = match &app.remark {
        Some(remark) => (terminal_cut(remark.as_bytes(), room.saturating_sub(1)), app.theme.strong()),
        None => (terminal_cut(keys.as_bytes(), room.saturating_sub(1)), app.theme.faint()),
    };
    frame.render_widget(Paragraph::new(Span::styled(format!(" {text}"), style)), area);
}

/// `3 of 17`, or the one number where nothing is left out.
pub(super) fn part(shown: usize, all: usize) -> String {
    if shown == all { all.to_string() } else { format!("{shown} of {all}") }
}

/// `, 5 older lines and 7 folded left`, where some did.
pub(super) fn gone([lines, folded]: [u64; 2]) -> String {
    match (lines, folded) {
        (0, 0) => String::new(),
        (lines, 0) => format!(", {} left", words::count(lines, "older line")),
        (0, folded) => format!(", {} left", words::count(folded, "folded line")),
        (lines, folded) => format!(", {} and {folded} folded left", words::count(lines, "older line")),
    }
}
