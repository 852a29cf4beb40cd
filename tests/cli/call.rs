//! Runs the program and looks at what came of it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_ntp-sniff");

/// The capture every test starts from: 31 frames, three sessions, 40 messages.
pub(crate) const CAPTURE: &str = "captures/frank4dd.pcap";

/// What a finished run left.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// Checks the exit code and that exactly one line was said, with all these parts.
    #[track_caller]
    pub(crate) fn says(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "not one line: {}", self.stderr);
        for part in parts {
            assert!(self.stderr.contains(part), "'{part}' is not in: {}", self.stderr);
        }
    }

    /// Checks that the run ended well without a word.
    #[track_caller]
    pub(crate) fn is_quiet(&self) {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
    }

    /// A number of the summary record.
    #[track_caller]
    pub(crate) fn summary(&self, field: &str) -> u64 {
        let last = self.stdout.lines().last().expect("a summary");
        let record: serde_json::Value = serde_json::from_str(last).unwrap();
        assert_eq!(record["event"], "summary");
        record[field].as_u64().unwrap()
    }
}

/// The program with its arguments, standard input empty, colour and locale as in a plain shell.
pub(crate) fn program(args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// Runs the program to its end.
pub(crate) fn run(args: &[&str]) -> Outcome {
    outcome(program(args))
}

/// Runs a command to its end.
pub(crate) fn outcome(mut command: Command) -> Outcome {
    let output = command.output().unwrap();
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Writes a file for one test; its name must be the test's own.
pub(crate) fn file(name: &str, bytes: &[u8]) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::File::create(&path).and_then(|mut file| file.write_all(bytes)).unwrap();
    path.display().to_string()
}

/// The bytes of [`CAPTURE`].
pub(crate) fn capture() -> Vec<u8> {
    fs::read(CAPTURE).unwrap()
}

/// Whether the user is root.
pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}
