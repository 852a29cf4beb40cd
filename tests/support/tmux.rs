//! A terminal without anybody before it: tmux with a server of its own, driven by keys and read by its screen.
#![allow(clippy::print_stderr, clippy::unwrap_used, clippy::panic, reason = "a failed test is told by a panic, a skipped one by a line")]

use std::process::Command;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;
use std::time::Instant;

/// Longest time to wait for a screen on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with a shell in it; gone when it is dropped.
pub(crate) struct Tmux {
    socket: String,
}

impl Tmux {
    /// A shell in a terminal of this size; nothing, and a line that says so, where there is no tmux.
    pub(crate) fn shell(name: &str, size: (u16, u16)) -> Option<Self> {
        Self::run(name, size, "exec env -u NO_COLOR PS1='$ ' bash --norc --noprofile")
    }

    /// A command in a terminal of this size.
    pub(crate) fn run(name: &str, (columns, rows): (u16, u16), command: &str) -> Option<Self> {
        if !Command::new("tmux").arg("-V").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
            assert!(std::env::var_os("CI").is_none(), "tmux is missing");
            eprintln!("skipped: tmux is missing");
            return None;
        }
        let tmux = Self { socket: format!("ntp-sniff-{name}-{}", std::process::id()) };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let mut start = tmux.command(&["-f", "/dev/null", "-u", "new-session", "-d", "-x", &columns, "-y", &rows, command]);
        start.args([";", "set", "-g", "status", "off", ";", "set", "-g", "remain-on-exit", "on", ";", "set", "-s", "escape-time", "0"]);
        start.args([";", "resize-window", "-x", &columns, "-y", &rows]);
        assert!(start.env("LC_ALL", "C.UTF-8").status().unwrap().success());
        Some(tmux)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-L", &self.socket]).args(args);
        command
    }

    /// What tmux says of the terminal.
    pub(crate) fn says(&self, what: &str) -> String {
        let output = self.command(&["display-message", "-p", what]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The process in the terminal.
    pub(crate) fn pid(&self) -> u32 {
        self.says("#{pane_pid}").parse().unwrap()
    }

    /// Types text.
    pub(crate) fn text(&self, text: &str) {
        assert!(self.command(&["send-keys", "-l", text]).status().unwrap().success());
    }

    /// Presses keys by their names.
    pub(crate) fn keys(&self, keys: &[&str]) {
        assert!(self.command(&["send-keys"]).args(keys).status().unwrap().success());
    }

    /// Types a line for the shell.
    pub(crate) fn line(&self, line: &str) {
        self.text(line);
        self.keys(&["Enter"]);
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, (columns, rows): (u16, u16)) {
        assert!(self.command(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]).status().unwrap().success());
    }

    /// What is on the screen.
    pub(crate) fn screen(&self) -> String {
        let output = self.command(&["capture-pane", "-p"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits for a screen; gives it.
    pub(crate) fn until(&self, what: &str, mut shows: impl FnMut(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let screen = self.screen();
            if shows(&screen) {
                return screen;
            }
            assert!(start.elapsed() < PATIENCE, "never: {what}\n{screen}");
            sleep(Duration::from_millis(50));
        }
    }

    /// Waits for some text on the screen.
    pub(crate) fn until_text(&self, text: &str) -> String {
        self.until(text, |screen| screen.contains(text))
    }

    /// Waits for some text on a screen that stands still: a terminal may be read while it is drawn, and keys may be on their way.
    #[allow(dead_code, reason = "not every test compares screens")]
    pub(crate) fn still(&self, text: &str) -> String {
        let mut last = String::new();
        self.until(text, |screen| {
            let stands = screen == last && screen.contains(text);
            screen.clone_into(&mut last);
            stands
        })
    }

    /// The modes of the terminal, and whether it shows its first page and a cursor. Asked while the shell waits.
    pub(crate) fn state(&self, mark: &str) -> String {
        self.line(&format!("clear; stty -g; echo {mark}-end"));
        let end = format!("\n{mark}-end");
        let screen = self.until("the modes", |screen| screen.contains(&end));
        let modes = screen.lines().find(|line| line.matches(':').count() > 10).unwrap_or_else(|| panic!("no modes: {screen}"));
        format!("{modes} {}", self.says("#{alternate_on} #{cursor_flag}"))
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        // Fails where its last terminal has ended.
        let _ = self.command(&["kill-server"]).stderr(Stdio::null()).status();
    }
}
