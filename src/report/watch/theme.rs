//! The looks of the screen: the palette of the table, as the drawing library wants it.

use super::super::page::palette;
use super::bytes::Mark;
use super::entry::Tone;
use crate::peer::Peer;
use anstyle::AnsiColor;
use anstyle::Color as Ansi;
use anstyle::Effects;
use ratatui::style::Color;
use ratatui::style::Modifier;
use ratatui::style::Style;

/// Colours, or weight and lines alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    /// Whether colour is used.
    pub(super) color: bool,
}

impl Theme {
    /// The looks of a byte.
    pub(super) fn mark(self, mark: Mark) -> Style {
        self.of(match mark {
            Mark::Control => palette::CONTROL,
            Mark::Keyword => palette::KEYWORD,
            Mark::Data => palette::DATA,
            Mark::Unknown => palette::FAINT,
            Mark::Secret => palette::SECRET,
            Mark::Words => palette::PLAIN,
        })
    }

    /// The looks of a line.
    pub(super) fn tone(self, tone: Tone) -> Style {
        match tone {
            Tone::Session => self.of(palette::STRONG).add_modifier(Modifier::UNDERLINED),
            Tone::Phase | Tone::Good | Tone::Story => self.of(palette::STRONG),
            Tone::Message => Style::new(),
            Tone::Faint => self.faint(),
            Tone::Alarm => self.alarm(),
        }
    }

    /// The looks of who speaks.
    pub(super) fn peer(self, peer: Peer) -> Style {
        self.of(match peer {
            Peer::Client => palette::CLIENT,
            Peer::Server => palette::SERVER,
        })
    }

    /// What is looked at second.
    pub(super) fn faint(self) -> Style {
        self.of(palette::FAINT)
    }

    /// Names and titles.
    pub(super) fn strong(self) -> Style {
        self.of(palette::STRONG)
    }

    /// Something odd.
    pub(super) fn alarm(self) -> Style {
        self.of(palette::ALARM)
    }

    /// A style of the palette, without its colours where there are to be none.
    fn of(self, style: anstyle::Style) -> Style {
        let mut looks = Style::new();
        if let Some(Ansi::Ansi(color)) = style.get_fg_color().filter(|_| self.color) {
            looks = looks.fg(basic(color));
        }
        let effects = style.get_effects();
        for (effect, modifier) in
            [(Effects::BOLD, Modifier::BOLD), (Effects::DIMMED, Modifier::DIM), (Effects::UNDERLINE, Modifier::UNDERLINED)]
        {
            if effects.contains(effect) {
                looks = looks.add_modifier(modifier);
            }
        }
        looks
    }
}

/// One of the colours of the palette.
fn basic(color: AnsiColor) -> Color {
    match color {
        AnsiColor::Red => Color::Red,
        AnsiColor::Green => Color::Green,
        AnsiColor::Yellow => Color::Yellow,
        AnsiColor::Blue => Color::Blue,
        AnsiColor::Magenta => Color::Magenta,
        AnsiColor::Cyan => Color::Cyan,
        _ => Color::Reset,
    }
}
