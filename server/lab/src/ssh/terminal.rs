//! A session's terminal: what the client asked for, on a pair of the kernel's.

use pty_process::{Pts, Pty, Size};
use russh::Pty as Mode;
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Winsize, tcgetattr, tcsetattr, tcsetwinsize,
};
use std::os::fd::{AsFd, OwnedFd};

/// A terminal as a client asks for it.
pub(super) struct Wanted {
    /// What `TERM` says.
    pub(super) term: String,
    pub(super) size: Winsize,
    pub(super) modes: Vec<(Mode, u32)>,
}

impl Wanted {
    /// Makes the terminal.
    pub(super) fn open(&self) -> Result<(Pty, Pts), pty_process::Error> {
        let (pty, pts) = pty_process::open()?;
        pty.resize(Size::new(self.size.ws_row, self.size.ws_col))?;
        let mut termios = tcgetattr(&pts)?;
        for (mode, value) in &self.modes {
            apply(&mut termios, *mode, *value);
        }
        tcsetattr(&pts, OptionalActions::Now, &termios)?;
        Ok((pty, pts))
    }
}

/// Size in characters; what does not fit into the kernel's numbers is cut.
pub(super) fn size(columns: u32, rows: u32) -> Winsize {
    let cut = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
    Winsize { ws_row: cut(rows), ws_col: cut(columns), ws_xpixel: 0, ws_ypixel: 0 }
}

/// The hold on a terminal with which its size is changed. The terminal hangs up only when this is gone too.
pub(super) struct Resizer(OwnedFd);

impl Resizer {
    pub(super) fn of(pty: &Pty) -> std::io::Result<Self> {
        pty.as_fd().try_clone_to_owned().map(Self)
    }

    pub(super) fn resize(&self, size: Winsize) {
        if let Err(error) = tcsetwinsize(&self.0, size) {
            tracing::debug!(%error, "cannot change the size of a terminal");
        }
    }
}

/// One mode of RFC 4254, section 8; those without an equal here are passed over.
fn apply(termios: &mut rustix::termios::Termios, mode: Mode, value: u32) {
    let on = value != 0;
    if let Some(code) = special(mode) {
        // 255 is "none" on the wire and 0 here.
        termios.special_codes[code] = u8::try_from(value).ok().filter(|code| *code != 255).unwrap_or(0);
    } else if let Some(flag) = input(mode) {
        termios.input_modes.set(flag, on);
    } else if let Some(flag) = local(mode) {
        termios.local_modes.set(flag, on);
    } else if let Some(flag) = output(mode) {
        termios.output_modes.set(flag, on);
    }
}

fn special(mode: Mode) -> Option<SpecialCodeIndex> {
    Some(match mode {
        Mode::VINTR => SpecialCodeIndex::VINTR,
        Mode::VQUIT => SpecialCodeIndex::VQUIT,
        Mode::VERASE => SpecialCodeIndex::VERASE,
        Mode::VKILL => SpecialCodeIndex::VKILL,
        Mode::VEOF => SpecialCodeIndex::VEOF,
        Mode::VEOL => SpecialCodeIndex::VEOL,
        Mode::VEOL2 => SpecialCodeIndex::VEOL2,
        Mode::VSTART => SpecialCodeIndex::VSTART,
        Mode::VSTOP => SpecialCodeIndex::VSTOP,
        Mode::VSUSP => SpecialCodeIndex::VSUSP,
        Mode::VREPRINT => SpecialCodeIndex::VREPRINT,
        Mode::VWERASE => SpecialCodeIndex::VWERASE,
        Mode::VLNEXT => SpecialCodeIndex::VLNEXT,
        _ => return None,
    })
}

fn input(mode: Mode) -> Option<InputModes> {
    Some(match mode {
        Mode::IGNPAR => InputModes::IGNPAR,
        Mode::INLCR => InputModes::INLCR,
        Mode::IGNCR => InputModes::IGNCR,
        Mode::ICRNL => InputModes::ICRNL,
        Mode::IXON => InputModes::IXON,
        Mode::IXANY => InputModes::IXANY,
        Mode::IXOFF => InputModes::IXOFF,
        Mode::IUTF8 => InputModes::IUTF8,
        _ => return None,
    })
}

fn local(mode: Mode) -> Option<LocalModes> {
    Some(match mode {
        Mode::ISIG => LocalModes::ISIG,
        Mode::ICANON => LocalModes::ICANON,
        Mode::ECHO => LocalModes::ECHO,
        Mode::ECHOE => LocalModes::ECHOE,
        Mode::ECHOK => LocalModes::ECHOK,
        Mode::ECHONL => LocalModes::ECHONL,
        Mode::ECHOCTL => LocalModes::ECHOCTL,
        Mode::ECHOKE => LocalModes::ECHOKE,
        Mode::NOFLSH => LocalModes::NOFLSH,
        Mode::TOSTOP => LocalModes::TOSTOP,
        Mode::IEXTEN => LocalModes::IEXTEN,
        _ => return None,
    })
}

fn output(mode: Mode) -> Option<OutputModes> {
    Some(match mode {
        Mode::OPOST => OutputModes::OPOST,
        Mode::ONLCR => OutputModes::ONLCR,
        Mode::OCRNL => OutputModes::OCRNL,
        Mode::ONOCR => OutputModes::ONOCR,
        Mode::ONLRET => OutputModes::ONLRET,
        _ => return None,
    })
}
