//! The command line and a façade that speaks TLS, and asks for certificates.

use std::process::Output;

use crate::support::{Serving, polyptych};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tempfile::TempDir;

/// A folder with an authority, a certificate for this machine and one for `till.test`, and a certificate of somebody else.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    write("ca.pem", authority.pem());
    for (name, host, purpose) in [
        ("server", "127.0.0.1", ExtendedKeyUsagePurpose::ServerAuth),
        ("till", "till.test", ExtendedKeyUsagePurpose::ClientAuth),
    ] {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        write(&format!("{name}.pem"), params.signed_by(&key, &authority).unwrap().pem());
        write(&format!("{name}.key"), key.serialize_pem());
    }
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    write("other.pem", other.cert.pem());
    folder
}

/// A façade over TLS, with these settings beside.
fn serve(folder: &TempDir, settings: &[&str]) -> Serving {
    let mut command = polyptych();
    command.args(["serve", "--emulate", "--listen", "127.0.0.1:0"]).current_dir(folder.path());
    for setting in ["tls.certificate_file=server.pem", "tls.key_file=server.key"].iter().chain(settings) {
        command.args(["--set", setting]);
    }
    let serving = Serving::spawn(&mut command);
    assert!(serving.address.starts_with("https://"), "{}", serving.address);
    serving
}

fn libraries(folder: &TempDir, endpoint: &str, arguments: &[&str], key: &str) -> (i32, String, String) {
    let mut command = polyptych();
    command.args(["libraries", "--endpoint", endpoint]).args(arguments).current_dir(folder.path());
    let Output { status, stdout, stderr } = command.env("POLYPTYCH_API_KEY", key).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn a_facade_is_called_over_tls_where_its_authority_is_trusted() {
    let folder = folder();
    let serving = serve(&folder, &[]);
    let (code, stdout, stderr) = libraries(&folder, &serving.address, &["--ca-file", "ca.pem"], "");
    assert!(code == 0 && stdout.contains("evotor"), "{stdout}{stderr}");
    let (code, _, stderr) = libraries(&folder, &serving.address, &[], "");
    assert!(code == 3 && stderr.contains("--ca-file") && stderr.contains("certificate"), "{stderr}");
    let (code, _, stderr) = libraries(&folder, &serving.address, &["--ca-file", "other.pem"], "");
    assert!(code == 3 && stderr.contains("--ca-file"), "{stderr}");
    let (code, _, stderr) = libraries(&folder, &serving.address.replace("https", "http"), &[], "");
    assert!(code == 3 && stderr.contains("https:// where it speaks TLS"), "{stderr}");
    // The certificate is for the address alone.
    let elsewhere = serving.address.replace("127.0.0.1", "localhost");
    let (code, _, stderr) = libraries(&folder, &elsewhere, &["--ca-file", "ca.pem"], "");
    assert!(code == 3 && stderr.contains("--ca-file"), "{stderr}");
    let (code, _, stderr) = libraries(&folder, &serving.address, &["--ca-file", "server.key"], "");
    assert!(code == 3 && stderr.contains("no certificate"), "{stderr}");
}

#[test]
fn a_certificate_is_shown_to_a_facade_that_knows_its_callers_by_them() {
    let folder = folder();
    let serving = serve(
        &folder,
        &[
            "tls.client_ca_file=ca.pem",
            "tls.client_certificates=required",
            "clients.till.libraries=[\"facebook\"]",
            "clients.till.rights=[\"read\"]",
            "clients.till.certificates=[\"dns:till.test\"]",
        ],
    );
    let shown = ["--ca-file", "ca.pem", "--certificate-file", "till.pem", "--key-file", "till.key"];
    let (code, stdout, stderr) = libraries(&folder, &serving.address, &shown, "");
    assert!(code == 0 && stdout.contains("facebook") && !stdout.contains("evotor"), "{stdout}{stderr}");
    // However the connection ends, whose alert may be lost on the way.
    for _ in 0..10 {
        let (code, stdout, stderr) = libraries(&folder, &serving.address, &["--ca-file", "ca.pem"], "");
        assert!(code == 3 && stdout.is_empty(), "{stdout}{stderr}");
        assert!(stderr.contains("--certificate-file FILE") && !stderr.contains("--ca-file"), "{stderr}");
    }
    let wrong = ["--ca-file", "ca.pem", "--certificate-file", "till.pem", "--key-file", "server.key"];
    let (code, _, stderr) = libraries(&folder, &serving.address, &wrong, "");
    assert!(code == 3 && stderr.contains("client certificate") && !stderr.contains("PRIVATE"), "{stderr}");
    // It asks for one before the caller has found out whom it calls; who does not trust it is to be told that.
    let (code, _, stderr) = libraries(&folder, &serving.address, &[], "");
    assert!(code == 3 && stderr.contains("--ca-file FILE") && !stderr.contains("--certificate-file"), "{stderr}");
    let (code, _, stderr) = libraries(&folder, &serving.address, &["--certificate-file", "till.pem"], "");
    assert!(code == 2 && stderr.contains("--key-file"), "{stderr}");
}

#[test]
fn what_is_secret_is_not_sent_in_the_clear() {
    let folder = folder();
    // An address for documents: nobody is called.
    let (code, _, stderr) = libraries(&folder, "http://192.0.2.1:50051", &[], "canary");
    assert!(code == 3 && stderr.contains("in the clear") && !stderr.contains("canary"), "{stderr}");
    let (code, _, stderr) = libraries(&folder, "http://127.0.0.1:1", &["--ca-file", "ca.pem"], "");
    assert!(code == 3 && stderr.contains("without TLS"), "{stderr}");
}
