//! The opposite of every switch: the command line turns off what a weaker place turned on.

use super::kind;
use super::kind::Kind;
use clap::Arg;
use clap::ArgAction;
use clap::ArgMatches;
use clap::Command;
use clap::parser::ValueSource;

/// What the ids of opposites begin with.
const ID: &str = "opposite of ";

/// Adds the opposites. The help does not list them: one sentence says how they are called.
pub(crate) fn with_opposites(command: Command) -> Command {
    let switch = |(name, arg): (&str, &Arg)| (Kind::of(arg) == Kind::Switch).then(|| (name.to_owned(), arg.get_id().clone()));
    let switches: Vec<_> = kind::settings(&command).filter_map(switch).collect();
    switches.into_iter().fold(command, |command, (name, id)| {
        let opposite = Arg::new(format!("{ID}{name}")).long(called(&name)).action(ArgAction::SetTrue).hide(true);
        command.arg(opposite.overrides_with(id))
    })
}

/// How the opposite of a switch is called: `no-verbose` of `verbose`, `sandbox` of `no-sandbox`.
fn called(name: &str) -> String {
    name.strip_prefix("no-").map_or_else(|| format!("no-{name}"), str::to_owned)
}

/// Whether an option is the opposite of a setting, and no setting itself.
pub(super) fn is_opposite(arg: &Arg) -> bool {
    arg.get_id().as_str().starts_with(ID)
}

/// Whether the command line turns a setting off.
pub(super) fn is_off(said: &ArgMatches, name: &str) -> bool {
    let id = format!("{ID}{name}");
    said.try_contains_id(&id).is_ok() && said.value_source(&id) == Some(ValueSource::CommandLine)
}
