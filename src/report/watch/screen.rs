//! The thread that draws and listens to the keyboard, while the run goes on in another one.

use super::Manner;
use super::app::Action;
use super::app::App;
use super::draw;
use super::inbox::Shared;
use super::keys::Keyboard;
use super::terminal;
use super::terminal::Terminal;
use super::terminal::Woken;
use ratatui::Terminal as Canvas;
use ratatui::TerminalOptions;
use ratatui::Viewport;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use signal_hook::consts::SIGCONT;
use signal_hook::consts::SIGHUP;
use signal_hook::consts::SIGINT;
use signal_hook::consts::SIGTERM;
use signal_hook::consts::SIGTSTP;
use signal_hook::consts::SIGWINCH;
use std::fs::File;
use std::io;
use std::io::BufWriter;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

/// How often what came is taken and, if it is news, drawn.
const TICK: Duration = Duration::from_millis(100);
/// How often rates are drawn anew while nothing comes.
const RATES: Duration = Duration::from_secs(1);
/// How long a terminal may take to be given back, and how often that is looked at.
const STALLED: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(50);
/// Bytes of keys that are read at once.
const KEYS: usize = 256;

/// The screen: made with its output, started once everything is open and rights are given up, ended with the run or after it.
#[derive(Debug)]
pub struct Screen {
    manner: Manner,
    shared: Arc<Shared>,
    /// The screen is to end, and the run is.
    leave: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Screen {
    /// A screen of what comes into this inbox.
    pub(super) fn new(manner: Manner, shared: Arc<Shared>) -> Self {
        Self { manner, shared, leave: Arc::default(), stop: Arc::default(), thread: None }
    }

    /// Takes the terminal and begins to draw. When its user ends it, `stop` becomes true; when `stop` does, it ends.
    ///
    /// # Errors
    ///
    /// What the terminal says.
    pub fn start(&mut self, terminal: Terminal, stop: &Arc<AtomicBool>) -> io::Result<()> {
        self.stop = Arc::clone(stop);
        let flags = Flags { stop: Arc::clone(stop), leave: Arc::clone(&self.leave), suspend: Arc::default(), resumed: Arc::default() };
        signal_hook::flag::register(SIGTSTP, Arc::clone(&flags.suspend))?;
        signal_hook::flag::register(SIGCONT, Arc::clone(&flags.resumed))?;
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH] {
            terminal.wake_at(signal)?;
        }
        terminal.enter()?;
        let watch = Watch::new(App::new(self.manner.clone()), Arc::clone(&self.shared), flags, terminal)?;
        self.thread = Some(thread::Builder::new().name("screen".to_owned()).spawn(move || watch.run())?);
        Ok(())
    }

    /// The run is over. With `stay`, the screen is there until its user ends it; the terminal is given back then. What could not be said
    /// meanwhile is given back.
    ///
    /// # Errors
    ///
    /// What the terminal said while it was drawn on.
    pub fn end(self, stay: bool) -> (Vec<String>, io::Result<()>) {
        self.leave.store(!stay, Ordering::Relaxed);
        let ended = self.thread.map_or(Ok(()), |thread| wait(thread, &[&self.leave, &self.stop]));
        (terminal::held(), ended)
    }
}

/// Waits for the thread to end. Once it is to, a terminal that takes nothing more does not hold up the end of the program.
fn wait(thread: JoinHandle<io::Result<()>>, over: &[&AtomicBool]) -> io::Result<()> {
    let mut since = None;
    while !thread.is_finished() {
        if over.iter().any(|flag| flag.load(Ordering::Relaxed)) && since.get_or_insert_with(Instant::now).elapsed() > STALLED {
            terminal::give_up();
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        thread::sleep(LOOK);
    }
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the screen broke")))
}

/// What others set.
struct Flags {
    /// The run is to end, or ends.
    stop: Arc<AtomicBool>,
    /// The screen is to end.
    leave: Arc<AtomicBool>,
    /// SIGTSTP came.
    suspend: Arc<AtomicBool>,
    /// SIGCONT came.
    resumed: Arc<AtomicBool>,
}

/// The thread's own things.
struct Watch {
    app: App,
    shared: Arc<Shared>,
    flags: Flags,
    terminal: Terminal,
    canvas: Canvas<CrosstermBackend<BufWriter<File>>>,
    size: (u16, u16),
    keyboard: Keyboard,
    drawn_at: Instant,
}

/// Whatever ends the thread ends the run: nobody could end it with a key any more.
impl Drop for Watch {
    fn drop(&mut self) {
        self.terminal.leave();
        if thread::panicking() {
            self.flags.stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Watch {
    fn new(app: App, shared: Arc<Shared>, flags: Flags, terminal: Terminal) -> io::Result<Self> {
        // Colour is decided by the arguments; the library would look at the environment once more.
        ratatui::crossterm::style::force_color_output(true);
        let size = terminal.size();
        let backend = CrosstermBackend::new(BufWriter::with_capacity(1 << 16, terminal.screen()?));
        let options = TerminalOptions { viewport: Viewport::Fixed(area(size)) };
        let canvas = Canvas::with_options(backend, options)?;
        Ok(Self { app, shared, flags, terminal, canvas, size, keyboard: Keyboard::default(), drawn_at: Instant::now() })
    }

    /// Draws and listens until somebody ends it.
    fn run(mut self) -> io::Result<()> {
        self.draw()?;
        let mut keys = [0; KEYS];
        let mut news = false;
        while !self.flags.stop.load(Ordering::Relaxed) && !self.flags.leave.load(Ordering::Relaxed) {
            let action = match self.terminal.wait(&mut keys, TICK) {
                Woken::Keys(count) => Some(self.keys(keys.get(..count).unwrap_or_default())),
                Woken::Nothing => self.keyboard.rest().map(|key| self.app.key(key)),
                Woken::Gone => Some(Action::Quit),
            };
            match action {
                Some(Action::Quit) => self.flags.stop.store(true, Ordering::Relaxed),
                Some(Action::Suspend) => self.suspend()?,
                Some(Action::Redraw) => self.canvas.clear()?,
                Some(Action::Stay) | None => {}
            }
            let turned = self.signals()?;
            news |= self.news();
            let due = self.drawn_at.elapsed() >= if news { TICK } else { RATES };
            if action.is_some() || turned || (due && (news || self.app.manner.live)) {
                self.draw()?;
                news = false;
            }
        }
        Ok(())
    }

    /// Hands keys to the screen's state. Keys behind one that ends or stops it are nobody's.
    fn keys(&mut self, bytes: &[u8]) -> Action {
        let mut asked = Action::Stay;
        for key in self.keyboard.push(bytes) {
            match self.app.key(key) {
                Action::Stay => {}
                Action::Redraw => asked = Action::Redraw,
                last => return last,
            }
        }
        asked
    }

    /// Takes what came; whether there is something new to see.
    fn news(&mut self) -> bool {
        let batch = self.shared.inbox().take();
        self.shared.wants_counts.store(true, Ordering::Relaxed);
        let said = terminal::news();
        let news = self.app.take(batch) || said.is_some();
        self.app.remark = said.or_else(|| self.app.remark.take());
        news
    }

    /// Looks for signals, and for another size; whether all is to be drawn anew.
    fn signals(&mut self) -> io::Result<bool> {
        if self.flags.suspend.swap(false, Ordering::Relaxed) {
            self.suspend()?;
            return Ok(true);
        }
        let resumed = self.flags.resumed.swap(false, Ordering::Relaxed);
        if resumed {
            self.terminal.enter()?;
        }
        let size = self.terminal.size();
        let other = size != self.size;
        if other || resumed {
            self.size = size;
            self.canvas.resize(area(size))?;
        }
        Ok(other || resumed)
    }

    /// Gives the terminal back, stops the process as the signal would have done, and goes on when it is woken.
    fn suspend(&mut self) -> io::Result<()> {
        self.terminal.leave();
        signal_hook::low_level::emulate_default_handler(SIGTSTP)?;
        self.flags.resumed.store(false, Ordering::Relaxed);
        self.terminal.enter()?;
        self.size = self.terminal.size();
        self.canvas.resize(area(self.size))
    }

    /// Draws everything that changed.
    fn draw(&mut self) -> io::Result<()> {
        let Self { app, canvas, terminal, .. } = self;
        self.drawn_at = Instant::now();
        terminal.draw(|| canvas.draw(|frame| draw::draw(app, frame)).map(|_| ()))
    }
}

/// The whole of a terminal of this size.
fn area((columns, rows): (u16, u16)) -> Rect {
    Rect::new(0, 0, columns, rows)
}
