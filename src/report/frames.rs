//! Frame numbers as people copy them into Wireshark: `#9 #11`, `#19-21`, and short when there are many.

use super::escape::display_width;
use crate::evidence::FrameSpan;
use crate::evidence::Frames;

/// The frames in at most so many columns if that can be done: all of them, or `#9…4593` for the first and the last.
///
/// Frames of an input after the first are marked with its number from 0, as in the records: `i1#9`.
pub(super) fn frame_list(frames: &Frames, columns: usize) -> String {
    let mut list = String::new();
    for span in frames.spans() {
        if !list.is_empty() {
            list.push(' ');
        }
        list.push_str(&one(span));
        if display_width(&list) > columns {
            return ends(frames);
        }
    }
    list
}

/// One span.
fn one(span: &FrameSpan) -> String {
    let FrameSpan { first, last, .. } = span;
    let input = input(span);
    if first == last { format!("{input}#{first}") } else { format!("{input}#{first}-{last}") }
}

/// The mark of an input after the first.
fn input(span: &FrameSpan) -> String {
    if span.input == 0 { String::new() } else { format!("i{}", span.input) }
}

/// The first and the last frame; a single span stays as it is, however long.
fn ends(frames: &Frames) -> String {
    let mut spans = frames.spans();
    let Some(first) = spans.next() else { return String::new() };
    match spans.last() {
        None => one(first),
        Some(last) if last.input == first.input => format!("{}#{}…{}", input(first), first.first, last.last),
        Some(last) => format!("{}#{}…{}#{}", input(first), first.first, input(last), last.last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::FrameId;
    use crate::report::script::frames;

    #[test]
    fn lists_are_exact_until_they_are_long() {
        assert_eq!(frame_list(&frames(&[9, 11]), 10), "#9 #11");
        assert_eq!(frame_list(&frames(&[19, 20, 21]), 10), "#19-21");
        assert_eq!(frame_list(&frames(&[1, 3, 5, 7, 9, 10]), 10), "#1…10");
        assert_eq!(frame_list(&frames(&[1_234_567, 1_234_568]), 10), "#1234567-1234568");
        assert_eq!(frame_list(&Frames::default(), 10), "");
        let mut both = frames(&[9]);
        both.add(FrameId { input: 1, number: 3 });
        assert_eq!((frame_list(&both, 10), frame_list(&both, 4)), ("#9 i1#3".to_owned(), "#9…i1#3".to_owned()));
    }
}
