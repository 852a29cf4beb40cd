//! The left pane: who serves, how much was said there, and how fast.

use super::super::escape::terminal_cut;
use super::super::words::count;
use super::super::words::size;
use super::app::App;
use super::app::Pane;
use super::services::Service;
use crate::peer::Endpoint;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;
use ratatui::widgets::Paragraph;

/// Rows of a service.
pub(super) const ROWS: usize = 3;

/// What the pane is called.
pub(super) fn title(app: &App) -> String {
    let more = if app.services.more > 0 { format!(", {} without a place", app.services.more) } else { String::new() };
    // Beside the timeline, that says it itself.
    let filter = app.ring.filter().filter(|_| !app.wide).map(|filter| format!(", timeline only {}", filter.typed)).unwrap_or_default();
    format!("services {}{filter}{more}", app.services.len())
}

/// Draws the services around the selected one.
pub(super) fn draw(app: &mut App, frame: &mut Frame<'_>, area: Rect) {
    let ranked = app.services.ranked();
    let places = (usize::from(area.height) / ROWS).max(1);
    let selected = ranked.iter().position(|(server, _)| Some(*server) == app.service).unwrap_or(0);
    let top = selected.saturating_add(1).saturating_sub(places);
    let chosen = ranked.get(selected).map(|(server, _)| *server);
    let shown = ranked.iter().skip(top).take(places);
    let lines =
        shown.flat_map(|(server, service)| lines(app, *server, service, chosen == Some(*server), usize::from(area.width))).collect();
    frame.render_widget(Paragraph::new::<Vec<Line<'_>>>(lines), area);
    app.service = chosen;
}

/// The rows of a service: who and what; how many messages, how many bytes, and how fast they come.
fn lines(app: &App, server: Endpoint, service: &Service, chosen: bool, width: usize) -> [Line<'static>; ROWS] {
    let rate = service.rate(app.now());
    let focus = chosen && app.pane == Pane::Services;
    let who = format!("{}{server} {}", if focus { ">" } else { " " }, service.name);
    let who = terminal_cut(who.as_bytes(), width);
    let (whole, tenths) = (rate.messages / 10, rate.messages % 10);
    let said = match service.messages {
        0 if service.bytes > 0 => "   not decoded".to_owned(),
        0 => "   nothing decoded".to_owned(),
        messages => format!("   {}, {whole}.{tenths}/s", count(messages, "message")),
    };
    let bytes = format!("   {}, {}/s", size(service.bytes), size(rate.bytes / 10));
    let looks = match focus {
        true => app.theme.strong().add_modifier(Modifier::REVERSED),
        false if service.sessions > 0 => app.theme.strong(),
        false => Style::new(),
    };
    [
        Line::from(Span::styled(format!("{who:<width$}"), looks)),
        Line::from(Span::raw(terminal_cut(said.as_bytes(), width))),
        Line::from(Span::raw(terminal_cut(bytes.as_bytes(), width))),
    ]
}
