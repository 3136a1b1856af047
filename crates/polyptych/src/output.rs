//! What the program prints. It never fails because its reader has gone: `polyptych demo | head -1` is no error.

use std::io::{self, Write};

/// Writes lines to standard output at once, so that a reader at the other end of a pipe sees them.
///
/// # Errors
/// If they cannot be written for another reason than a closed pipe.
pub(crate) fn print(lines: impl std::fmt::Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "{lines}").and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
