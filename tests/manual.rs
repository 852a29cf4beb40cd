//! What is made of the definition of the command line works where it is used: shells complete, and man(1) shows the pages.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "a failed test is told by a panic, a skipped one by a line"
)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ntp-sniff");

/// What the program prints.
fn printed(args: &[&str]) -> Vec<u8> {
    let output = Command::new(PROGRAM).args(args).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{args:?}: {output:?}");
    output.stdout
}

/// That, in a file.
fn file(name: &str, args: &[&str]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, printed(args)).unwrap();
    path
}

/// Runs a tool; nothing where it is not installed, which CI must not say.
fn tool(name: &str, args: &[&str]) -> Option<Output> {
    let ran = Command::new(name).args(args).env("LC_ALL", "C.UTF-8").env("MANWIDTH", "80").output();
    if ran.is_err() {
        assert!(std::env::var_os("CI").is_none(), "{name} is missing");
        eprintln!("skipped: {name} is missing");
    }
    ran.ok()
}

#[track_caller]
fn is_quiet(output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{} {said}", output.status);
}

/// The pages: what the program is called with, and what they are called.
fn pages() -> Vec<(PathBuf, String)> {
    let help = String::from_utf8(printed(&["-h"])).unwrap();
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    // Lines that begin nearer to the edge than what a sentence goes on with.
    let names = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next());
    let page = |subcommand: &str| {
        let name = format!("ntp-sniff-{subcommand}.1");
        (file(&name, &["man", subcommand]), name)
    };
    let own = (file("ntp-sniff.1", &["man"]), "ntp-sniff.1".to_owned());
    let pages: Vec<_> = names.map(page).chain([own]).collect();
    assert!(pages.len() > 6, "{pages:?}");
    pages
}

#[test]
fn shells_can_read_their_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let path = file(&format!("completions.{shell}"), &["completions", shell]);
        if let Some(output) = tool(shell, &["-n", path.to_str().unwrap()]) {
            is_quiet(&output);
        }
    }
}

#[test]
fn bash_completes_options_values_and_subcommands() {
    let path = file("completions-used.bash", &["completions", "bash"]);
    for (words, wanted) in [
        ("--foc", "--focus"),
        ("--color al", "always"),
        ("-T js", "jsonl"),
        ("fac", "facts"),
        ("completions f", "fish"),
        ("man dis", "dissector"),
    ] {
        let ask = format!(
            "source {}; COMP_WORDS=(ntp-sniff {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _ntp__sniff ntp-sniff \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"; echo \"${{COMPREPLY[*]}}\"",
            path.display()
        );
        let Some(output) = tool("bash", &["-c", &ask]) else { return };
        let reply = String::from_utf8(output.stdout).unwrap();
        assert!(reply.split_whitespace().any(|word| word == wanted), "{words}: {reply}{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn fish_completes_what_subcommands_take() {
    let path = file("completions-used.fish", &["completions", "fish"]);
    for (words, wanted) in [("fac", "facts"), ("completions z", "zsh"), ("man dis", "dissector"), ("schema doc", "document")] {
        let Some(output) = tool("fish", &["-c", &format!("source {}; complete -C 'ntp-sniff {words}'", path.display())]) else { return };
        let reply = String::from_utf8(output.stdout).unwrap();
        assert!(reply.lines().any(|line| line.split('\t').next() == Some(wanted)), "{words}: {reply}");
    }
}

#[test]
fn zsh_knows_what_subcommands_take() {
    let script = String::from_utf8(printed(&["completions", "zsh"])).unwrap();
    let page = script.lines().find(|line| line.starts_with("'::page ")).unwrap();
    assert!(page.contains("(schema check export facts diff dissector completions man)"), "{page}");
}

#[test]
fn pages_have_nothing_to_warn_of() {
    for (path, _) in pages() {
        if let Some(output) = tool("mandoc", &["-Tlint", "-Wwarning", path.to_str().unwrap()]) {
            is_quiet(&output);
        }
    }
}

#[test]
fn man_shows_the_pages() {
    for (path, name) in pages() {
        let Some(output) = tool("man", &["--warnings", "-l", path.to_str().unwrap()]) else { return };
        let (text, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success() && said.is_empty(), "{name}: {said}");
        let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty(), "{name}: {long:?}");
        assert!(text.starts_with(&name.trim_end_matches(".1").to_uppercase()) && text.contains("ntp-sniff 0."), "{text}");
    }
}

#[test]
fn the_page_names_every_option() {
    let page = String::from_utf8(printed(&["man"])).unwrap().replace("\\-", "-");
    let help = String::from_utf8(printed(&["--help"])).unwrap();
    let options: Vec<&str> = help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 4).collect();
    assert!(options.len() > 40, "{options:?}");
    for option in options {
        let name = option.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        assert!(page.contains(name), "{name}");
    }
}

#[test]
fn help_has_its_examples_before_the_options() {
    for help in ["-h", "--help"] {
        let text = String::from_utf8(printed(&[help])).unwrap();
        let (examples, options) = (text.find("Examples:").unwrap(), text.find("Input:").unwrap());
        assert!(examples < options && text.contains("ntp-sniff -r capture.pcap"), "{text}");
    }
}

#[test]
fn help_fits_into_eighty_columns() {
    for help in [&["--help"][..], &["-h"], &["facts", "--help"], &["export", "--help"], &["diff", "--help"], &["man", "--help"]] {
        let output = Command::new(PROGRAM).args(help).env("COLUMNS", "80").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty() && !text.is_empty(), "{help:?}: {long:?}");
        // No line of examples or exit codes was torn: a second line stands behind what it goes on with.
        let own = ["Examples:\n", "Exit codes:\n"].into_iter().filter_map(|start| text.split(start).nth(1)?.split("\n\n").next());
        for line in own.flat_map(str::lines) {
            let starts = ["  ntp-sniff ", "  ssh ", "            -w ", "     "];
            let code = line.as_bytes().get(2).is_some_and(u8::is_ascii_digit);
            assert!(code || starts.iter().any(|start| line.starts_with(start)), "{help:?}: {line}");
        }
    }
}

#[test]
fn a_page_that_is_not_there_is_wrong_usage() {
    let output = Command::new(PROGRAM).args(["man", "nope"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("invalid value 'nope' for '[SUBCOMMAND]'") && said.contains("[possible values: schema, check, "), "{said}");
}
