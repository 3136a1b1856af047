//! What an address leads to: the public internet, this machine and private networks, or where no picture is ever fetched from.
//! Decided by tables of the special-purpose registries of IANA (RFC 6890 and its successors); what is not in them, and for IPv6
//! not in the range that is assigned to the public, is not public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// How far away an address is, the harmless first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// The public internet.
    Public,
    /// This machine, or a network of its owner.
    Private,
    /// The link (where clouds keep their metadata), groups, ranges for documents and tests, and forms of IPv6 that hide
    /// another address.
    Never,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

const PRIVATE_V4: [Ipv4Net; 5] = [
    v4(10, 0, 0, 0, 8),
    // Shared address space of carriers; also of overlay networks.
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(172, 16, 0, 0, 12),
    v4(192, 168, 0, 0, 16),
];

const NEVER_V4: [Ipv4Net; 12] = [
    // "This network"; many systems take it for this machine.
    v4(0, 0, 0, 0, 8),
    // A cloud keeps its metadata in the carriers' space.
    v4(100, 100, 100, 200, 32),
    // A cloud's host for its guests, although the address is public.
    v4(168, 63, 129, 16, 32),
    v4(169, 254, 0, 0, 16),
    // Assignments for protocols; a cloud keeps its metadata here, too.
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    // Relays of 6to4, given up.
    v4(192, 88, 99, 0, 24),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    // Reserved, with the broadcast address.
    v4(240, 0, 0, 0, 4),
];

/// All that is assigned to the public.
const PUBLIC_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

const PRIVATE_V6: [Ipv6Net; 2] = [Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), v6(0xfc00, 0, 0, 7)];

const NEVER_V6: [Ipv6Net; 5] = [
    // Clouds keep their metadata in their own part of the private space.
    v6(0xfd00, 0x0ec2, 0, 32),
    // Assignments for protocols: Teredo and ORCHID among them.
    v6(0x2001, 0, 0, 23),
    v6(0x2001, 0x0db8, 0, 32),
    // 6to4 holds an IPv4 address.
    v6(0x2002, 0, 0, 16),
    v6(0x3fff, 0, 0, 20),
];

/// Metadata of a cloud in the private space.
const METADATA_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254), 128);

impl Reach {
    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let within = |nets: &[Ipv4Net]| nets.iter().any(|net| net.contains(&address));
        if within(&NEVER_V4) {
            Self::Never
        } else if within(&PRIVATE_V4) {
            Self::Private
        } else {
            Self::Public
        }
    }

    /// Addresses that carry an IPv4 one (mapped, compatible, NAT64) lie outside of the public range, save those of ISATAP.
    fn of_v6(address: Ipv6Addr) -> Self {
        let within = |nets: &[Ipv6Net]| nets.iter().any(|net| net.contains(&address));
        let [.., flags, mark, _, _] = address.segments();
        let isatap = mark == 0x5efe && flags & !0x0200 == 0;
        if within(&NEVER_V6) || METADATA_V6.contains(&address) || isatap {
            Self::Never
        } else if within(&PRIVATE_V6) {
            Self::Private
        } else if PUBLIC_V6.contains(&address) {
            Self::Public
        } else {
            Self::Never
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reaches(addresses: &[&str], expected: Reach) {
        for address in addresses {
            assert_eq!(Reach::of(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn neighbours_of_special_ranges_are_public() {
        let v4 =
            ["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"];
        reaches(&v4, Reach::Public);
        reaches(&["172.15.255.255", "172.32.0.0", "192.167.255.255", "223.255.255.255", "198.20.0.0"], Reach::Public);
        reaches(&["2001:200::1", "2001:4860:4860::8888", "2003::1", "2a00:1450:4001::1", "3ffe::1"], Reach::Public);
    }

    #[test]
    fn this_machine_and_private_networks_are_private() {
        reaches(&["10.0.0.1", "127.0.0.1", "127.255.255.254", "172.31.255.255", "192.168.0.1"], Reach::Private);
        reaches(&["100.64.0.1", "100.127.255.255", "::1", "fc00::1", "fdff:ffff::1"], Reach::Private);
    }

    #[test]
    fn everything_else_is_never_fetched_from() {
        reaches(
            &["0.0.0.0", "0.1.2.3", "169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192"],
            Reach::Never,
        );
        reaches(&["192.0.2.1", "198.19.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1"], Reach::Never);
        reaches(&["224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"], Reach::Never);
        reaches(
            &["::", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:1.1.1.1", "64:ff9b::7f00:1", "64:ff9b:1::1"],
            Reach::Never,
        );
        reaches(
            &["2002:7f00:1::", "2001:0:4136:e378::1", "2001:db8::1", "3fff::1", "fe80::1", "fec0::1"],
            Reach::Never,
        );
        reaches(&["ff02::1", "fd00:ec2::254", "fd20:ce::254", "100::1", "4000::1", "5f00::1"], Reach::Never);
        reaches(&["2a00::5efe:a00:1", "2a00::200:5efe:a00:1"], Reach::Never);
    }
}
