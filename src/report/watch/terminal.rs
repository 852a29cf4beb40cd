//! The terminal: taken for the screen, and given back whatever happens.
//!
//! Everything is opened once, before rights are given up; later, neither a user who may not open a terminal nor Landlock is in the way.

use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::termios::OptionalActions;
use rustix::termios::Termios;
use std::fs::File;
use std::io;
use std::io::IsTerminal;
use std::io::Read;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::panic;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::Once;
use std::sync::PoisonError;
use std::sync::TryLockError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

/// Takes another page of the terminal and hides the cursor; gives both back.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[2J";
const LEAVE: &[u8] = b"\x1b[0m\x1b[?25h\x1b[?1049l";

/// How often, and how long in between, a panic waits for the screen to be done with its drawing.
const PATIENCE: (u32, Duration) = (40, Duration::from_millis(5));

/// Lines for standard error that wait until the screen is gone; of more, the first are the ones to read.
const HELD_LINES: usize = 100;

/// Whether the terminal is taken.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// The terminal as it was; held for a moment only.
static BEFORE: Mutex<Option<Before>> = Mutex::new(None);
/// Held by who draws, so that nothing is drawn on a terminal that was given back.
static DRAWING: Mutex<()> = Mutex::new(());
/// What waits to be said, and how much of it was shown.
static HELD: Mutex<(Vec<String>, usize)> = Mutex::new((Vec::new(), 0));

/// What giving back takes.
struct Before {
    keyboard: File,
    screen: File,
    modes: Termios,
}

/// A terminal to draw on and to read keys from.
#[derive(Debug)]
pub struct Terminal {
    keyboard: File,
    screen: File,
    /// Signals wake whoever waits for keys.
    wake: UnixStream,
    waker: UnixStream,
}

/// What woke who waits for keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// So many bytes of keys.
    Keys(usize),
    /// Time, or a signal.
    Nothing,
    /// The terminal is gone.
    Gone,
}

impl Terminal {
    /// The terminal on standard output; keys come from standard input, or, where that is none, from the terminal of the process.
    ///
    /// # Errors
    ///
    /// Neither of them is a terminal.
    pub fn open() -> io::Result<Self> {
        let not = |what: &str| io::Error::new(io::ErrorKind::NotFound, what.to_owned());
        if !io::stdout().is_terminal() {
            return Err(not("standard output is not a terminal"));
        }
        let keyboard = if io::stdin().is_terminal() {
            File::from(io::stdin().as_fd().try_clone_to_owned()?)
        } else {
            File::open("/dev/tty").map_err(|_| not("there is no terminal to read keys from"))?
        };
        Self::on(keyboard, File::from(io::stdout().as_fd().try_clone_to_owned()?))
    }

    /// A terminal that is open already.
    ///
    /// # Errors
    ///
    /// Too many files are open.
    pub fn on(keyboard: File, screen: File) -> io::Result<Self> {
        let (wake, waker) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        Ok(Self { keyboard, screen, wake, waker })
    }

    /// Lets a signal wake who waits for keys.
    ///
    /// # Errors
    ///
    /// The signal cannot be watched for.
    pub fn wake_at(&self, signal: i32) -> io::Result<()> {
        signal_hook::low_level::pipe::register(signal, self.waker.try_clone()?).map(|_| ())
    }

    /// Takes the terminal: every key is read as it is, and a page of its own is drawn on. A panic gives it back.
    ///
    /// # Errors
    ///
    /// The terminal does not do it.
    pub fn enter(&self) -> io::Result<()> {
        give_back_on_panic();
        let mut before = locked(&BEFORE);
        if !TAKEN.load(Ordering::SeqCst) {
            let modes = rustix::termios::tcgetattr(&self.keyboard)?;
            *before = Some(Before { keyboard: self.keyboard.try_clone()?, screen: self.screen.try_clone()?, modes });
        }
        if let Some(before) = before.as_ref() {
            let mut modes = before.modes.clone();
            modes.make_raw();
            rustix::termios::tcsetattr(&self.keyboard, OptionalActions::Now, &modes)?;
        }
        TAKEN.store(true, Ordering::SeqCst);
        (&self.screen).write_all(ENTER)
    }

    /// Gives it back as it was.
    pub fn leave(&self) {
        let _drawn = locked(&DRAWING);
        give_back();
    }

    /// Runs some drawing, unless the terminal was given back.
    ///
    /// # Errors
    ///
    /// Those of the drawing.
    pub fn draw(&self, draw: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let _drawing = locked(&DRAWING);
        if TAKEN.load(Ordering::SeqCst) { draw() } else { Ok(()) }
    }

    /// What to draw on.
    ///
    /// # Errors
    ///
    /// Too many files are open.
    pub fn screen(&self) -> io::Result<File> {
        self.screen.try_clone()
    }

    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        rustix::termios::tcgetwinsize(&self.screen).map_or((0, 0), |size| (size.ws_col, size.ws_row))
    }

    /// Waits for keys, a signal, or some time.
    pub fn wait(&self, keys: &mut [u8], most: Duration) -> Woken {
        let mut files = [PollFd::new(&self.keyboard, PollFlags::IN), PollFd::new(&self.wake, PollFlags::IN)];
        let most = Timespec { tv_sec: i64::try_from(most.as_secs()).unwrap_or(0), tv_nsec: most.subsec_nanos().into() };
        if rustix::event::poll(&mut files, Some(&most)).unwrap_or(0) == 0 {
            return Woken::Nothing;
        }
        let came = files.each_ref().map(PollFd::revents);
        let [keyboard, wake] = came;
        if !wake.is_empty() {
            // What it says is that something came, not what.
            _ = (&self.wake).read(&mut [0; 64]);
        }
        if keyboard.is_empty() {
            return Woken::Nothing;
        }
        match (&self.keyboard).read(keys) {
            Ok(0) => Woken::Gone,
            Ok(count) => Woken::Keys(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Woken::Nothing,
            Err(_) => Woken::Gone,
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.leave();
    }
}

/// What a lock holds; who panicked while holding it left it whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives the terminal back, if it is taken. What it does not take any more cannot be mended.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    if let Some(before) = locked(&BEFORE).as_ref() {
        _ = (&before.screen).write_all(LEAVE);
        _ = rustix::termios::tcsetattr(&before.keyboard, OptionalActions::Now, &before.modes);
    }
}

/// Gives back what can be of a terminal that takes no more text: how it reads keys.
pub(super) fn give_up() {
    if let Some(before) = locked(&BEFORE).as_ref() {
        _ = rustix::termios::tcsetattr(&before.keyboard, OptionalActions::Now, &before.modes);
    }
}

/// A panic gives the terminal back before it says what happened.
fn give_back_on_panic() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let said_before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            // Who draws is let finish. Where it is the drawing that panicked, this time runs out.
            for _ in 0..PATIENCE.0 {
                match DRAWING.try_lock() {
                    Err(TryLockError::WouldBlock) => thread::sleep(PATIENCE.1),
                    _ => break,
                }
            }
            give_back();
            said_before(panic);
        }));
    });
}

/// Holds back a line for standard error while the screen is there; whether it did. Where standard error is no terminal, nothing is in the way.
#[must_use]
pub fn hold(line: &str) -> bool {
    if !TAKEN.load(Ordering::SeqCst) || !io::stderr().is_terminal() {
        return false;
    }
    let mut held = locked(&HELD);
    if held.0.len() < HELD_LINES {
        held.0.push(line.to_owned());
    }
    true
}

/// The newest line held back, if it was not shown yet.
pub(super) fn news() -> Option<String> {
    let mut held = locked(&HELD);
    let count = held.0.len();
    let shown = std::mem::replace(&mut held.1, count);
    held.0.last().filter(|_| count > shown).cloned()
}

/// All lines held back, to be said now.
pub(super) fn held() -> Vec<String> {
    std::mem::take(&mut *locked(&HELD)).0
}
