//! Rights given up once everything is open: another user, no capabilities, no new privileges, and only the folders of its own files.

use anyhow::Context;
use anyhow::bail;
use caps::CapSet;
use landlock::Access;
use landlock::AccessFs;
use landlock::AccessNet;
use landlock::BitFlags;
use landlock::Ruleset;
use landlock::RulesetAttr;
use landlock::RulesetCreatedAttr;
use landlock::RulesetStatus;
use landlock::path_beneath_rules;
use nix::unistd::Gid;
use nix::unistd::Uid;
use nix::unistd::User;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::path::PathBuf;

/// What libpcap reads for the drops of an interface, and `SQLite` for random numbers.
const READ_BY_LIBRARIES: [&str; 3] = ["/sys/class/net", "/sys/devices", "/dev/urandom"];

/// What the program still has to reach.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    /// Files that are written, moved and made anew: their folders.
    pub(crate) written: Vec<PathBuf>,
    /// Files that are read again, and may have been replaced: their folders.
    pub(crate) read: Vec<PathBuf>,
    /// Whether TCP connections are made.
    pub(crate) tcp: bool,
}

/// A user to become.
pub(crate) struct Nobody(User);

impl Nobody {
    /// Looks the user up, before anything is opened.
    pub(crate) fn find(name: &str) -> anyhow::Result<Self> {
        let user = User::from_name(name).with_context(|| format!("cannot look up user '{name}'"))?;
        let Some(user) = user else { bail!("no user '{name}'") };
        if !Uid::effective().is_root() && Uid::effective() != user.uid {
            bail!("--user {name}: only root can become another user");
        }
        Ok(Self(user))
    }

    /// Its numbers.
    pub(crate) fn ids(&self) -> (u32, u32) {
        (self.0.uid.as_raw(), self.0.gid.as_raw())
    }

    /// Gives it a state file, and what lies beside that; what is not there is made by the user itself.
    pub(crate) fn take_over(&self, state: &Path) -> anyhow::Result<()> {
        let (user, group) = self.ids();
        for tail in ["", "-wal", "-shm", "-journal"] {
            let mut path = state.as_os_str().to_owned();
            path.push(tail);
            if fs::exists(&path).unwrap_or(false) {
                chown(&path, Some(user), Some(group)).with_context(|| format!("{}: cannot be given to --user", path.display()))?;
            }
        }
        Ok(())
    }

    /// Becomes this user, for good.
    fn become_it(&self) -> anyhow::Result<()> {
        if Uid::effective() == self.0.uid {
            return Ok(());
        }
        nix::unistd::setgroups(&[]).context("cannot leave the groups")?;
        nix::unistd::setgid(self.0.gid).context("cannot change the group")?;
        nix::unistd::setuid(self.0.uid).context("cannot change the user")?;
        if !self.0.uid.is_root() && (nix::unistd::setuid(Uid::from_raw(0)).is_ok() || nix::unistd::setgid(Gid::from_raw(0)).is_ok()) {
            bail!("the rights of root came back");
        }
        Ok(())
    }
}

/// Gives up all rights but these; what has to be said about it is given back. Called while the program has one thread, since some rights
/// are those of a thread.
///
/// # Errors
///
/// A right that cannot be given up.
pub(crate) fn enter(user: Option<&Nobody>, reach: Option<&Reach>) -> anyhow::Result<Option<&'static str>> {
    // Needs a right that only root has; without it there is nothing to bound.
    for capability in caps::all() {
        _ = caps::drop(None, CapSet::Bounding, capability);
    }
    user.map_or(Ok(()), Nobody::become_it)?;
    for set in [CapSet::Ambient, CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
        caps::clear(None, set).context("cannot give up capabilities")?;
    }
    rustix::thread::set_no_new_privs(true).context("cannot forgo new privileges")?;
    match reach.map(confine).transpose().context("cannot confine itself by Landlock; --no-sandbox goes without")? {
        Some(RulesetStatus::NotEnforced) => {
            Ok(Some("this kernel has no Landlock: not confined to its folders (--no-sandbox: goes without)"))
        }
        _ => Ok(None),
    }
}

/// Confines the program to the folders of its files, and to no TCP where none is needed, as far as the kernel knows how.
fn confine(reach: &Reach) -> anyhow::Result<RulesetStatus> {
    let reads = AccessFs::ReadFile | AccessFs::ReadDir;
    let own = AccessFs::WriteFile | AccessFs::ReadFile | AccessFs::Truncate;
    let folder = own | AccessFs::ReadDir | AccessFs::MakeReg | AccessFs::MakeSym | AccessFs::RemoveFile;
    let (files, devices): (Vec<&PathBuf>, Vec<&PathBuf>) = reach.written.iter().partition(|path| !is_device(path));
    // All that Landlock knows of files up to its third version; later ones are about devices and sockets that are open already.
    let all: BitFlags<AccessFs> = AccessFs::from_all(landlock::ABI::V3);
    let mut rules = Ruleset::default().handle_access(all)?;
    if !reach.tcp {
        rules = rules.handle_access(AccessNet::ConnectTcp | AccessNet::BindTcp)?;
    }
    let status = rules
        .create()?
        .add_rules(path_beneath_rules(READ_BY_LIBRARIES, reads))?
        .add_rules(path_beneath_rules(reach.read.iter().flat_map(|path| folders(path)), reads))?
        .add_rules(path_beneath_rules(devices, own))?
        .add_rules(path_beneath_rules(files.into_iter().flat_map(|path| folders(path)), folder))?
        .restrict_self()?;
    Ok(status.ruleset)
}

/// Whether an output is a pipe or a device: it is opened again, but not moved.
fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// The folder of a file, and that of what it stands for.
fn folders(path: &Path) -> impl Iterator<Item = PathBuf> {
    let behind = fs::canonicalize(path).ok().filter(|behind| behind != path);
    [Some(parent(path).to_owned()), behind.as_deref().map(|behind| parent(behind).to_owned())].into_iter().flatten()
}

/// The folder of a file.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}
