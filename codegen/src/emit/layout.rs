//! What the formatter leaves undone: blank lines between items, and the macro around open enums, whose inside no
//! formatter touches.

const OPEN_ENUM: &str = "#[open_enum]";

/// Lays out a formatted file.
pub(super) fn lay_out(text: &str) -> String {
    separate(&wrap_open_enums(text))
}

/// Turns each enum that is marked with [`OPEN_ENUM`] into a call of the macro.
fn wrap_open_enums(text: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line == OPEN_ENUM {
            let docs = out.iter().rev().take_while(|line| line.starts_with("///")).count();
            let docs = out.split_off(out.len() - docs);
            out.push("polyptych_wire::open_enum! {".to_owned());
            out.extend(docs.iter().map(|line| format!("    {line}")));
            inside = true;
        } else if inside {
            out.push(format!("    {line}"));
            if line == "}" {
                out.push("}".to_owned());
                inside = false;
            }
        } else {
            out.push(line.to_owned());
        }
    }
    out.join("\n") + "\n"
}

/// Puts a blank line after each item and each method that another one follows.
fn separate(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 11 / 10);
    let mut previous = "";
    for line in text.lines() {
        let opens = |indent: &str| {
            line.strip_prefix(indent).is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['}', ' ', ')']))
        };
        let after_item = previous == "}" || (previous.ends_with(';') && !previous.starts_with(' '));
        let after_method = previous == "    }" || (previous.starts_with("    use ") && previous.ends_with(';'));
        let between_uses = line.starts_with("use ") && previous.starts_with("use ");
        let after_docs = previous.starts_with("//!") && !line.starts_with("//!");
        let new_item = after_docs || (after_item && opens("") && !between_uses) || (after_method && opens("    "));
        if new_item && !line.is_empty() && !previous.is_empty() {
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
        previous = line;
    }
    out
}
