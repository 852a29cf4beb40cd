//! Where configuration files are looked for, and which are not trusted.

use super::Problem;
use std::env;
use std::fs::File;
use std::fs::FileType;
use std::fs::Metadata;
use std::io;
use std::io::Read;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

/// Longest configuration file: all options with a thousand networks have some 30 kB.
const MOST_BYTES: u64 = 1 << 20;

/// Not to wait for whoever is at the other end.
#[allow(clippy::cast_possible_wrap, clippy::as_conversions, reason = "flags of the kernel's, which are small")]
const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits() as i32;

/// Where each program has its folder.
const MACHINE: &str = "/etc";
/// The file below it.
const FILE: &str = "ntp-sniff/config.toml";

/// A file that may hold settings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    /// Whether the user named it: then it must be there, and may be anybody's.
    named: bool,
}

/// The files to look at, the strongest first. One that is named stands alone.
pub(super) fn places(named: Option<PathBuf>) -> Vec<Place> {
    let named = named.or_else(|| env::var_os("NTP_SNIFF_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from));
    if let Some(path) = named {
        return vec![Place { path, named: true }];
    }
    let folder = |variable: &str| env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let user = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")));
    user.into_iter().chain([PathBuf::from(MACHINE)]).map(|folder| Place { path: folder.join(FILE), named: false }).collect()
}

impl Place {
    /// The text of the file; nothing where it is not there and need not be.
    pub(super) fn read(&self) -> Result<Option<String>, Problem> {
        // A pipe that nobody writes to must not hold the program up before it is known for one.
        let opened = File::options().read(true).custom_flags(NONBLOCK).open(&self.path);
        let file = match opened {
            Err(error) if !self.named && is_missing(&error) => return Ok(None),
            opened => opened.map_err(|error| self.problem(&error.to_string()))?,
        };
        let found = file.metadata().map_err(|error| self.problem(&error.to_string()))?;
        if !found.is_file() {
            return Err(self.problem(&format!("{}, and no file", called(found.file_type()))));
        }
        if !self.named {
            self.trust(&found)?;
        }
        let mut bytes = Vec::new();
        file.take(MOST_BYTES.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| self.problem(&error.to_string()))?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MOST_BYTES {
            return Err(self.problem("longer than a MiB"));
        }
        String::from_utf8(bytes).map(Some).map_err(|_| self.problem("not UTF-8"))
    }

    /// A file that nobody named may only be the user's own or root's: it says which files are written, with the user's rights.
    fn trust(&self, found: &Metadata) -> Result<(), Problem> {
        let own = [0, rustix::process::geteuid().as_raw()].contains(&found.uid());
        if own && found.mode() & 0o002 == 0 {
            return Ok(());
        }
        Err(self.problem("somebody else may write it: name it with --config to use it, or go without with --no-config"))
    }

    fn problem(&self, reason: &str) -> Problem {
        format!("{}: cannot read settings: {reason}", Path::display(&self.path))
    }
}

/// What it is that is no file.
fn called(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a pipe"
    } else {
        "a device"
    }
}

/// Whether there is no such file, or none that this user may know of.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::PermissionDenied)
}
