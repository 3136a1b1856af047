//! Which hosts and ports may be called: entries of the form `host`, `host:port` or `*.domain`, compared with the host as an
//! address spells it once it was normalised. It resolves nothing.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

use super::{FetchConfigError, FetchError};

/// A host that may be called: `pictures.test`, `pictures.test:8080`, `*.pictures.test` (any name below it, not itself), an
/// address, `[::1]:8080`. Without a port those of [`FetchConfig::ports`](super::FetchConfig) are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    /// As a parsed URL spells it, without a dot at its end.
    host: String,
    /// Whether names below it are meant.
    below: bool,
    port: Option<u16>,
}

impl FromStr for HostRule {
    type Err = FetchConfigError;

    fn from_str(text: &str) -> Result<Self, FetchConfigError> {
        let wrong = || FetchConfigError::Host(text.to_owned());
        let (below, plain) = text.strip_prefix("*.").map_or((false, text), |domain| (true, domain));
        // A scheme without a port of its own keeps any port that is written, and its hosts are normalised like those of http.
        let url = Url::parse(&format!("http://{plain}/")).map_err(|_| wrong())?;
        let odd = |char: char| char.is_whitespace() || char.is_control() || "/\\?#@*".contains(char);
        if plain.is_empty() || plain.contains(odd) || (below && url.domain().is_none()) {
            return Err(wrong());
        }
        let host = url.host_str().map(normal).filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let written = plain.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
        let port = written.map(|(_, port)| port.parse().map_err(|_| wrong())).transpose()?;
        Ok(Self { host, below, port })
    }
}

impl fmt::Display for HostRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.below { "*." } else { "" };
        write!(f, "{star}{}", self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl HostRule {
    fn names(&self, host: &str) -> bool {
        if !self.below {
            return self.host == host;
        }
        host.strip_suffix(self.host.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
    }

    fn covers(&self, host: &str, port: u16, usual: &[u16]) -> bool {
        self.names(host) && self.port.map_or(usual.contains(&port), |own| own == port)
    }
}

fn normal(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// All entries.
#[derive(Debug)]
pub(super) struct Hosts {
    named: Vec<HostRule>,
    private: Vec<HostRule>,
    /// Ports of the entries that name none.
    usual: Vec<u16>,
}

/// What is granted to a host at a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grant {
    /// Whether it may be of this machine or of a private network.
    pub(super) private: bool,
}

impl Hosts {
    pub(super) fn new(named: Vec<HostRule>, private: Vec<HostRule>, usual: Vec<u16>) -> Self {
        Self { named, private, usual }
    }

    /// Whether this host, as a parsed URL spells it, may be called at this port.
    pub(super) fn grant(&self, host: &str, port: u16) -> Result<Grant, FetchError> {
        let host = normal(host);
        let usual = &self.usual;
        let covered = |rules: &[HostRule]| rules.iter().any(|rule| rule.covers(&host, port, usual));
        let private = covered(&self.private);
        if private || covered(&self.named) || (self.named.is_empty() && usual.contains(&port)) {
            return Ok(Grant { private });
        }
        let known = self.private.iter().chain(&self.named).any(|rule| rule.names(&host));
        let message = if self.named.is_empty() || known {
            format!("its port {port} is not called; if it is meant, name HOST:{port} in `hosts` of [fetch]")
        } else {
            "its host is not among `hosts` of [fetch]".to_owned()
        };
        Err(FetchError::refused(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(entries: &[&str]) -> Vec<HostRule> {
        entries.iter().map(|entry| entry.parse().unwrap()).collect()
    }

    #[test]
    fn an_entry_covers_its_host_and_port_and_nothing_else() {
        for (entry, host, port, covered) in [
            ("a.test", "a.test", 443, true),
            ("a.test", "A.test.", 80, true),
            ("a.test", "a.test", 8080, false),
            ("a.test", "b.a.test", 443, false),
            ("a.test", "aa.test", 443, false),
            ("a.test:8080", "a.test", 8080, true),
            ("a.test:8080", "a.test", 80, false),
            ("a.test:80", "a.test", 80, true),
            ("*.a.test", "b.a.test", 443, true),
            ("*.a.test", "c.b.a.test", 443, true),
            ("*.a.test", "a.test", 443, false),
            ("*.a.test", "ba.test", 443, false),
            ("[::1]:8080", "[::1]", 8080, true),
            ("[::1]", "[::1]", 80, true),
            ("127.0.0.1", "127.0.0.1", 80, true),
            ("картинки.test", "xn--80aqafcrtq.test", 443, true),
        ] {
            let hosts = Hosts::new(rules(&[entry]), Vec::new(), vec![80, 443]);
            assert_eq!(hosts.grant(host, port).is_ok(), covered, "{entry} for {host}:{port}");
        }
    }

    #[test]
    fn without_entries_any_host_is_called_at_the_usual_ports() {
        let hosts = Hosts::new(Vec::new(), rules(&["intranet:8080"]), vec![80, 443]);
        assert_eq!(hosts.grant("a.test", 443).ok(), Some(Grant { private: false }));
        assert_eq!(hosts.grant("intranet", 8080).ok(), Some(Grant { private: true }));
        assert_eq!(hosts.grant("intranet", 80).ok(), Some(Grant { private: false }));
        assert!(hosts.grant("a.test", 22).is_err());
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for entry in
            ["", "*", "*.", "a.test/x", "http://a.test", "u@a.test", "a.test:x", "a.test:99999", "a b", "*.127.0.0.1"]
        {
            assert!(entry.parse::<HostRule>().is_err(), "{entry}");
        }
        assert_eq!("*.A.test:8080".parse::<HostRule>().unwrap().to_string(), "*.a.test:8080");
    }
}
