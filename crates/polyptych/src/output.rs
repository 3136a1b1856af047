//! What the program prints. It never fails because its reader has gone: `polyptych demo | head -1` is no error.

mod table;

use std::fmt::Display;
use std::io::{self, Write};

use terminal_size::{Width, terminal_size_of};
use unicode_width::UnicodeWidthStr;

pub(crate) use self::table::table;

/// With what the lines begin that go on with a line of standard error.
const HANGING: usize = 4;

/// Writes lines to standard output at once, so that a reader at the other end of a pipe sees them.
///
/// # Errors
/// If they cannot be written for another reason than a closed pipe.
pub(crate) fn print(lines: impl Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "{lines}").and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// An error with its causes, of which those that are told already are left out.
pub(crate) fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told.contains(&cause) {
        true => told,
        false if told.is_empty() => cause,
        false => format!("{told}: {cause}"),
    })
}

/// Writes lines to standard error: as long as they are, save on a terminal, where they are broken between words. Where nobody
/// can read them, the exit code has to do.
pub(crate) fn tell(lines: impl Display) {
    let width = terminal_size_of(io::stderr()).map_or(usize::MAX, |(Width(width), _)| usize::from(width));
    let lines = visible(&lines.to_string());
    let lines: Vec<_> = lines.lines().flat_map(|line| wrapped(line, width, HANGING)).collect();
    let _ = writeln!(io::stderr(), "{}", lines.join("\n"));
}

/// A text of others as a terminal may have it: it could hold what moves the cursor or changes the title.
fn visible(text: &str) -> String {
    text.replace(|letter: char| letter.is_control() && letter != '\n', "\u{fffd}")
}

/// The columns that lines may have: those of the terminal that standard output is, else what `COLUMNS` says, if it is set.
pub(crate) fn width() -> Option<usize> {
    let terminal = terminal_size_of(io::stdout()).map(|(Width(width), _)| usize::from(width));
    terminal.or_else(|| std::env::var("COLUMNS").ok()?.parse().ok())
}

/// A line as lines of at most `width` columns, of which those after the first begin with `hanging` columns more than it does.
/// It is broken at spaces alone: a longer word is left to the terminal, from which it can be copied as one. So is a command
/// between backticks.
fn wrapped(line: &str, width: usize, hanging: usize) -> Vec<String> {
    let text = line.trim_start_matches(' ');
    let begin = line.len() - text.len();
    let (mut lines, mut current) = (Vec::new(), " ".repeat(begin));
    let mut begun = false;
    for word in words(text) {
        if begun && current.width() + 1 + word.width() > width {
            // A word that is too long for an indented line is to be copied without it.
            let indent = if begin + hanging + word.width() > width { 0 } else { begin + hanging };
            lines.push(std::mem::replace(&mut current, " ".repeat(indent)));
            begun = false;
        }
        if begun {
            current.push(' ');
        }
        current.push_str(word);
        begun = true;
    }
    lines.push(current);
    lines
}

/// What a text may be broken into.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let paired = text.matches('`').count().is_multiple_of(2);
    let mut inside = false;
    text.split(move |letter| {
        inside ^= paired && letter == '`';
        letter == ' ' && !inside
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_between_words_and_goes_on_indented() {
        let line = "error: banner.gif to yandex-v5: pixels is 728x410";
        let lines = ["error: banner.gif to", "    yandex-v5:", "    pixels is", "    728x410"];
        assert_eq!(wrapped(line, 20, HANGING), lines);
        assert_eq!(wrapped("  chunk: pixels is 728x410", 20, HANGING), ["  chunk: pixels is", "      728x410"]);
        assert_eq!(wrapped(line, usize::MAX, HANGING), [line]);
        assert_eq!(wrapped("картинка не подходит", 12, 0), ["картинка не", "подходит"]);
        assert_eq!(wrapped("", 12, 0), [""]);
    }

    #[test]
    fn causes_are_told_once() {
        let error = anyhow::anyhow!("it is refused").context("transport: it is refused").context("nobody answers");
        assert_eq!(told(&error), "nobody answers: transport: it is refused");
    }

    #[test]
    fn what_is_copied_is_never_broken() {
        let id = "operations/5e46f8de-ec4f-4f87-85de-337b88fa2bdd";
        assert_eq!(wrapped(&format!("see {id} there"), 20, 0), ["see", id, "there"]);
        let help = format!("help: `polyptych operations wait {id}` follows it");
        let command = format!("`polyptych operations wait {id}`");
        assert_eq!(wrapped(&help, 20, 0), ["help:", &command, "follows it"]);
        assert_eq!(wrapped(&help, 20, HANGING), ["help:", &command, "    follows it"]);
        // A backtick of a provider's message is no pair.
        assert_eq!(wrapped("it`s one two", 8, 0), ["it`s one", "two"]);
    }
}
