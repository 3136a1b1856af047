//! What a client may do at all. A right says nothing about where.

/// One right. None includes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// Look: libraries, albums, images, quotas, checks, the client's own events.
    Read,
    /// Change: upload, delete, copy, publish, associate, cancel.
    Write,
    /// See the operations and events of all clients, within the libraries that it may use.
    Admin,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// As it is written in a configuration: `read`, `write`, `admin`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

/// Some rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights(u8);

impl Rights {
    /// Whether `right` is one of them.
    pub fn hold(self, right: Right) -> bool {
        self.0 & bit(right) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        Self(rights.into_iter().fold(0, |bits, right| bits | bit(right)))
    }
}

fn bit(right: Right) -> u8 {
    match right {
        Right::Read => 0b001,
        Right::Write => 0b010,
        Right::Admin => 0b100,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_hold_what_they_were_made_of_and_nothing_else() {
        for chosen in 0..8_u8 {
            let told: Vec<Right> = Right::ALL
                .into_iter()
                .enumerate()
                .filter(|(place, _)| chosen >> place & 1 == 1)
                .map(|(_, r)| r)
                .collect();
            let rights: Rights = told.iter().copied().collect();
            assert_eq!(Right::ALL.map(|right| rights.hold(right)), Right::ALL.map(|right| told.contains(&right)));
            assert_eq!(rights.is_empty(), told.is_empty());
        }
    }
}
