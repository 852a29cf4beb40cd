//! The picture of a dialogue: its states in layers by the steps from the start, what leads forward drawn downward, what leads back
//! on lanes at the right side. The table beside it says the same to those who do not see it.

use super::text;
use crate::grammar::StateMachine;
use crate::limits::HTML_EDGES;
use crate::limits::HTML_STATES;
use std::collections::BTreeMap;

/// Message types named on an edge, and columns of a name.
const NAMED: usize = 3;
const NAME: usize = 22;

/// Sizes in pixels: a state, between states (at least, at most) and layers, a line of text, a letter, a lane of the way back, a way from a
/// state to itself, the margin.
const WIDTH: f64 = 64.0;
const HEIGHT: f64 = 30.0;
const ACROSS: (f64, f64) = (150.0, 240.0);
const DOWN: f64 = 66.0;
const LINE: f64 = 14.0;
const LETTER: f64 = 6.4;
const LANE: f64 = 22.0;
const OWN: f64 = 25.0;
const MARGIN: f64 = 14.0;

/// The picture; coordinates are whole pixels as text.
#[derive(Debug, Default)]
pub(super) struct Picture {
    pub(super) width: String,
    pub(super) height: String,
    pub(super) states: Vec<Node>,
    pub(super) edges: Vec<Edge>,
}

/// A state.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) is_final: bool,
    pub(super) title: String,
    /// Left, top, and the middle, where its name stands.
    pub(super) at: [String; 4],
}

/// Steps from one state to another.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) path: String,
    pub(super) lines: Vec<Line>,
}

/// A line of a label.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) anchor: &'static str,
    pub(super) text: String,
}

/// The steps between two states, by number: what leads from one to the other.
type Steps = BTreeMap<(usize, usize), Vec<String>>;

impl Picture {
    /// Draws it; nothing when it has more than a picture can hold. `name` tells what a message type is called.
    pub(super) fn of(machine: &StateMachine, name: &dyn Fn(&str) -> String) -> Option<Self> {
        let number: BTreeMap<&str, usize> = machine.states.iter().enumerate().map(|(number, state)| (state.id.as_str(), number)).collect();
        let mut steps = Steps::new();
        for step in &machine.transitions {
            let (from, to) = (number.get(step.from.as_str())?, number.get(step.to.as_str())?);
            steps.entry((*from, *to)).or_default().push(text::cut(&name(&step.on), NAME));
        }
        if machine.states.is_empty() || machine.states.len() > HTML_STATES || steps.len() > HTML_EDGES {
            return None;
        }
        let layers = layers(machine.states.len(), number.get(machine.initial.as_str()).copied().unwrap_or(0), &steps);
        Some(draw(machine, &layers, &steps))
    }
}

/// States by how many steps they are from the start, each layer ordered by where its states are reached from.
fn layers(states: usize, initial: usize, steps: &Steps) -> Vec<Vec<usize>> {
    let mut layers = vec![vec![initial]];
    let mut placed = vec![initial];
    while let Some(layer) = layers.last() {
        let mut next: Vec<usize> = Vec::new();
        for from in layer {
            for (_, to) in steps.keys().filter(|(start, _)| start == from) {
                if !placed.contains(to) {
                    placed.push(*to);
                    next.push(*to);
                }
            }
        }
        if next.is_empty() {
            break;
        }
        layers.push(next);
    }
    let lost: Vec<usize> = (0..states).filter(|state| !placed.contains(state)).collect();
    layers.extend((!lost.is_empty()).then_some(lost));
    layers
}

/// A count as a length.
fn real(number: usize) -> f64 {
    u32::try_from(number).map_or(0.0, f64::from)
}

fn px(length: f64) -> String {
    format!("{length:.0}")
}

/// The lines of a label: some names, and how many more.
fn label(names: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = names.iter().take(NAMED).cloned().collect();
    if names.len() > NAMED {
        lines.push(format!("and {} more", names.len().saturating_sub(NAMED)));
    }
    lines
}

/// Places states and edges.
fn draw(machine: &StateMachine, layers: &[Vec<usize>], steps: &Steps) -> Picture {
    let widest = layers.iter().map(Vec::len).max().unwrap_or(1);
    let apart = apart(steps);
    let across = real(widest) * apart;
    let mut centre = vec![(0.0, 0.0); machine.states.len()];
    let mut layer_of = vec![0; machine.states.len()];
    let mut y = MARGIN + HEIGHT / 2.0;
    for (depth, layer) in layers.iter().enumerate() {
        for (place, state) in layer.iter().enumerate() {
            let x = MARGIN + (across - real(layer.len()) * apart) / 2.0 + (real(place) + 0.5) * apart;
            if let (Some(centre), Some(layer)) = (centre.get_mut(*state), layer_of.get_mut(*state)) {
                (*centre, *layer) = ((x, y), depth);
            }
        }
        let lines = steps.iter().filter(|((from, _), _)| layer.contains(from)).map(|(_, names)| label(names).len()).max().unwrap_or(0);
        y += HEIGHT + DOWN + real(lines.saturating_mul(2)) * LINE;
    }
    let mut picture = Picture { height: px(y - DOWN + MARGIN), ..Picture::default() };
    let mut taken = Vec::new();
    let mut ways = Ways { edge: MARGIN + across, lanes: Vec::new() };
    let mut right = MARGIN + across;
    let mut ordered: Vec<_> =
        steps.iter().filter_map(|((from, to), names)| Some((*centre.get(*from)?, *centre.get(*to)?, from == to, names))).collect();
    // Short ways first: they get the inner lanes, and cross fewer others.
    ordered.sort_by(|one, other| reach(one.0, one.1).total_cmp(&reach(other.0, other.1)));
    for (start, end, own, names) in ordered {
        let (path, at, anchor) = match (own, end.1 > start.1) {
            (true, _) => around(start),
            (_, true) => downward(start, end),
            _ => ways.back(start, end),
        };
        let lines = place(&label(names), at, anchor, &mut taken);
        let width = width(&label(names));
        right = right.max(at.0 + if anchor == "middle" { width / 2.0 } else { width });
        picture.edges.push(Edge { path, lines });
    }
    picture.width = px(right.max(ways.right()) + MARGIN);
    picture.states = machine
        .states
        .iter()
        .zip(&centre)
        .map(|(state, (x, y))| Node {
            id: text::cut(&state.id, 6),
            is_final: state.is_final,
            title: format!("{}: reached {}", text::cut(&state.id, 6), text::count(state.visits, "time")),
            at: [px(x - WIDTH / 2.0), px(y - HEIGHT / 2.0), px(*x), px(y + 4.5)],
        })
        .collect();
    picture
}

/// The way to a state below, and where its label stands.
fn downward((x, y): (f64, f64), (to_x, to_y): (f64, f64)) -> (String, (f64, f64), &'static str) {
    let (top, bottom) = (y + HEIGHT / 2.0, to_y - HEIGHT / 2.0 - 5.0);
    let middle = f64::midpoint(top, bottom);
    let path = format!("M{x:.0} {top:.0}C{x:.0} {middle:.0} {to_x:.0} {middle:.0} {to_x:.0} {bottom:.0}");
    (path, (f64::midpoint(x, to_x), middle), "middle")
}

/// How far states stand apart: so that what stands beside one, of the ways to itself, ends before the next.
fn apart(steps: &Steps) -> f64 {
    let own = steps.iter().filter(|((from, to), _)| from == to);
    let widest = own.map(|(_, names)| width(&label(names))).fold(0.0, f64::max);
    (widest + WIDTH + OWN + 10.0).clamp(ACROSS.0, ACROSS.1)
}

/// How far it is from one to the other, upward.
fn reach((_, y): (f64, f64), (_, to_y): (f64, f64)) -> f64 {
    (y - to_y).abs()
}

/// The width of a label.
fn width(lines: &[String]) -> f64 {
    lines.iter().map(|line| real(line.chars().count()) * LETTER).fold(0.0, f64::max)
}

/// The way from a state to itself.
fn around((x, y): (f64, f64)) -> (String, (f64, f64), &'static str) {
    let right = x + WIDTH / 2.0;
    let out = right + 30.0;
    let path = format!("M{right:.0} {:.0}C{out:.0} {:.0} {out:.0} {:.0} {:.0} {:.0}", y - 7.0, y - 20.0, y + 20.0, right + 4.0, y + 7.0);
    (path, (right + OWN, y), "start")
}

/// The ways back, beside all states: lanes, each with the heights that are taken.
struct Ways {
    edge: f64,
    lanes: Vec<Vec<(f64, f64)>>,
}

impl Ways {
    /// The way to a state beside or above: between the layers to a lane of its own, up there, and back between the layers. It crosses
    /// no state.
    fn back(&mut self, (x, y): (f64, f64), (to_x, to_y): (f64, f64)) -> (String, (f64, f64), &'static str) {
        let (low, high) = (y + HEIGHT / 2.0 + 12.0, to_y - HEIGHT / 2.0 - 14.0);
        let free = self.lanes.iter().position(|taken| taken.iter().all(|(top, bottom)| low < top - 4.0 || high > bottom + 4.0));
        let number = free.unwrap_or(self.lanes.len());
        if free.is_none() {
            self.lanes.push(Vec::new());
        }
        if let Some(lane) = self.lanes.get_mut(number) {
            lane.push((high, low));
        }
        let lane = self.edge + LANE * (real(number) + 0.5);
        let (out, into) = (x + 18.0, to_x + 18.0);
        let path = format!(
            "M{out:.0} {:.0}V{:.0}Q{out:.0} {low:.0} {:.0} {low:.0}H{:.0}Q{lane:.0} {low:.0} {lane:.0} {:.0}V{:.0}Q{lane:.0} {high:.0} {:.0} {high:.0}H{:.0}Q{into:.0} {high:.0} {into:.0} {:.0}V{:.0}",
            y + HEIGHT / 2.0,
            low - 5.0,
            out + 5.0,
            lane - 5.0,
            low - 5.0,
            high + 5.0,
            lane - 5.0,
            into + 5.0,
            high + 5.0,
            to_y - HEIGHT / 2.0 - 4.0
        );
        (path, (lane + 4.0, f64::midpoint(low, high)), "start")
    }

    /// Their right edge.
    fn right(&self) -> f64 {
        self.edge + LANE * real(self.lanes.len())
    }
}

/// Places the lines of a label so that they cover no other's: down until there is room.
fn place(lines: &[String], (x, y): (f64, f64), anchor: &'static str, taken: &mut Vec<[f64; 4]>) -> Vec<Line> {
    let width = width(lines);
    let height = real(lines.len()) * LINE;
    let left = if anchor == "middle" { x - width / 2.0 } else { x };
    let mut top = y - height / 2.0;
    let covered =
        |top: f64, taken: &[[f64; 4]]| taken.iter().any(|[l, t, r, b]| left < *r && left + width > *l && top < *b && top + height > *t);
    for _ in 0..HTML_EDGES {
        if !covered(top, taken) {
            break;
        }
        top += LINE;
    }
    taken.push([left, top, left + width, top + height]);
    let line = |(number, text): (usize, &String)| Line { x: px(x), y: px(top + (real(number) + 0.75) * LINE), anchor, text: text.clone() };
    lines.iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::State;
    use crate::grammar::Transition;

    fn machine(states: usize, steps: &[(usize, usize)]) -> StateMachine {
        let state = |number| State { id: format!("q{number}"), is_final: number == states, visits: 1 };
        let step = |(from, to): &(usize, usize)| Transition {
            from: format!("q{from}"),
            to: format!("q{to}"),
            on: "mt1".to_owned(),
            count: 1,
            sessions: 1,
        };
        StateMachine {
            algorithm: "k-tails".to_owned(),
            initial: "q0".to_owned(),
            states: (0..states).map(state).collect(),
            transitions: steps.iter().map(step).collect(),
            training_sessions: 1,
            held_out_acceptance: None,
        }
    }

    #[test]
    fn states_stand_below_what_leads_to_them() {
        let picture = Picture::of(&machine(4, &[(0, 1), (0, 2), (1, 3), (3, 0), (2, 2)]), &str::to_owned).unwrap();
        let top = |number: usize| picture.states[number].at[1].parse::<i32>().unwrap();
        assert!(top(0) < top(1) && top(1) == top(2) && top(2) < top(3));
        assert_eq!(picture.edges.len(), 5);
    }

    #[test]
    fn what_no_picture_holds_is_not_drawn() {
        assert!(Picture::of(&machine(HTML_STATES + 1, &[]), &str::to_owned).is_none());
        assert!(Picture::of(&machine(0, &[]), &str::to_owned).is_none());
        assert!(Picture::of(&machine(2, &[(0, 7)]), &str::to_owned).is_none(), "a step to nowhere");
        assert!(Picture::of(&machine(3, &[]), &str::to_owned).is_some(), "states that nothing leads to");
    }
}
