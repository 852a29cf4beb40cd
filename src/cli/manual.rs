//! What is made of the one definition of the command line: manual pages, and completions for shells.

use clap::ValueEnum;
use clap_mangen::Man;
use clap_mangen::roff::Roff;
use clap_mangen::roff::bold;
use clap_mangen::roff::roman;
use std::io;
use std::io::Write;

/// The name the program is called by.
const NAME: &str = "ntp-sniff";

/// When the pages were last looked through.
const DATE: &str = "2026-11-28";

/// What begins each part that is made for itself, and need be there once.
const PREAMBLE: [&str; 2] = [".ie \\n(.g", ".el .ds Aq"];

/// Shells that completions are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// For `~/.local/share/bash-completion/completions/ntp-sniff`.
    Bash,
    /// For a folder of `$fpath`, as `_ntp-sniff`.
    Zsh,
    /// For `~/.config/fish/completions/ntp-sniff.fish`.
    Fish,
}

/// What `completions` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// Shell to complete in.
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: Shell,
}

/// What `man` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Manual {
    /// Subcommand whose page is wanted [default: the program's own page].
    #[arg(value_name = "SUBCOMMAND")]
    pub(crate) page: Option<String>,
}

/// What a signal does.
const SIGNALS: [(&str, &str); 4] = [
    ("SIGINT, SIGTERM", "End the run with its report and exit code 0. A second one ends the program at once."),
    ("SIGUSR1", "Write a stats record now."),
    ("SIGHUP", "Open the outputs again, and read the files of --focus @FILE and --exclude @FILE again."),
    ("SIGPIPE", "A closed pipe ends the run quietly, with exit code 0."),
];

/// Where settings come from, beside the command line.
const FILES: [(&str, &str); 4] = [
    ("--config FILE", "Read alone, when it is given. NTP_SNIFF_CONFIG names such a file, too."),
    ("$XDG_CONFIG_HOME/ntp-sniff/config.toml", "The user's settings; ~/.config where the variable is not set."),
    ("/etc/ntp-sniff/config.toml", "The settings of the machine, weaker than the user's."),
    ("NTP_SNIFF_<OPTION>", "The environment, stronger than any file: NTP_SNIFF_FOCUS=10.0.0.0/8. Options outdo it."),
];

/// Writes the completions of a shell to standard output.
///
/// # Errors
///
/// Standard output cannot be written.
pub(crate) fn completions(shell: Shell) -> io::Result<()> {
    let mut script = Vec::new();
    let mut command = super::command();
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    clap_complete::generate(shell, &mut command, NAME, &mut script);
    // clap_complete 4.6 takes the hyphen of the name for the seam of a subcommand in one of two places, and bash would find no subcommand's
    // options: a test tells when that is mended.
    let mut script = String::from_utf8_lossy(&script).replace("ntp__subcmd__sniff", "ntp__sniff");
    if shell == clap_complete::Shell::Fish {
        script.push_str(&positional_values(&command));
    }
    io::stdout().write_all(script.as_bytes())
}

/// The values of what subcommands take without an option, which `clap_complete` leaves out for fish.
fn positional_values(command: &clap::Command) -> String {
    let line = |name: &str, value: &str| format!("complete -c {NAME} -n \"__fish_ntp_sniff_using_subcommand {name}\" -f -a {value}\n");
    let of = |subcommand: &clap::Command| {
        let values = subcommand.get_positionals().flat_map(clap::Arg::get_possible_values);
        values.map(|value| line(subcommand.get_name(), value.get_name())).collect::<String>()
    };
    command.get_subcommands().map(of).collect()
}

/// Writes a manual page to standard output: the program's own, where there is no subcommand of this name.
///
/// # Errors
///
/// Standard output cannot be written.
pub(crate) fn man(page: Option<&str>) -> io::Result<()> {
    let mut command = super::command();
    command.build();
    let page = match page.and_then(|page| command.find_subcommand(page)).cloned() {
        None => whole(command)?,
        Some(subcommand) => part(subcommand)?,
    };
    io::stdout().write_all(tidy(&String::from_utf8_lossy(&page)).as_bytes())
}

/// The program's own page.
fn whole(command: clap::Command) -> io::Result<Vec<u8>> {
    let subcommands: Vec<_> = command.get_subcommands().map(|command| (command.get_name().to_owned(), about(command))).collect();
    let mut page = title(NAME);
    let man = Man::new(command);
    man.render_name_section(&mut page)?;
    synopsis(super::USAGE).to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    verbatim("EXAMPLES", super::EXAMPLES).to_writer(&mut page)?;
    man.render_options_section(&mut page)?;
    list("SUBCOMMANDS", subcommands.iter().map(|(name, about)| (format!("{NAME} {name}"), about.clone()))).to_writer(&mut page)?;
    list("FILES AND ENVIRONMENT", FILES).to_writer(&mut page)?;
    list("SIGNALS", SIGNALS).to_writer(&mut page)?;
    verbatim("EXIT STATUS", super::EXIT).to_writer(&mut page)?;
    list("SEE ALSO", [("pcap-filter(7)", "The language of EXPRESSION."), ("tcpdump(8)", "Packets to read.")]).to_writer(&mut page)?;
    Ok(page)
}

/// The page of a subcommand.
fn part(command: clap::Command) -> io::Result<Vec<u8>> {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    let name = format!("{NAME}-{}", command.get_name());
    // Its own name, as the manual's index wants it: with a hyphen.
    let mut page = title(&name);
    let man = Man::new(command.display_name(name));
    man.render_name_section(&mut page)?;
    synopsis(&usage).to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    list("SEE ALSO", [(format!("{NAME}(1)"), "The program itself.")]).to_writer(&mut page)?;
    Ok(page)
}

/// The line that begins a page.
fn title(name: &str) -> Vec<u8> {
    format!(".TH {} 1 {DATE} \"{NAME} {}\" \"User Commands\"\n", name.to_uppercase(), env!("CARGO_PKG_VERSION")).into_bytes()
}

/// Without what is there twice, and without line breaks beside empty lines: mandoc warns of them.
fn tidy(page: &str) -> String {
    let mut kept: Vec<&str> = PREAMBLE.iter().filter_map(|start| page.lines().find(|line| line.starts_with(start))).collect();
    let mut lines = page.lines().filter(|line| !PREAMBLE.iter().any(|start| line.starts_with(start))).peekable();
    while let Some(line) = lines.next() {
        let beside = lines.peek().is_some_and(|next| next.is_empty()) || kept.last().is_some_and(|last| last.is_empty());
        if line != ".br" || !beside {
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}

/// The first line about a subcommand.
fn about(command: &clap::Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// How it is called, a line for each way.
fn synopsis(usage: &str) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", ["SYNOPSIS"]);
    for (number, line) in usage.lines().enumerate() {
        if number > 0 {
            roff.control("br", []);
        }
        roff.text([roman(line.trim())]);
    }
    roff
}

/// Lines as they are, without their heading.
fn verbatim(heading: &str, lines: &str) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", [heading]);
    roff.control("nf", []);
    for line in lines.lines().skip(1) {
        roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    roff.control("fi", []);
    roff
}

/// Terms, each with its sentence.
fn list(heading: &str, items: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", [heading]);
    for (term, sentence) in items {
        roff.control("TP", []);
        roff.text([bold(term.into())]);
        roff.text([roman(sentence.into())]);
    }
    roff
}
