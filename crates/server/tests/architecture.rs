//! Who may know whom (docs/ARCHITECTURE.md), read from the manifests. A new arrow is a decision: make it here and say
//! why in an ADR.
#![expect(
    clippy::expect_used,
    reason = "a test fails by panicking, in its helpers as well"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use serde_json::Value;

/// Each crate of ours, and which others of ours it may depend on. Tests may use any.
const ARROWS: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("migrations", &[]),
    ("egress", &["domain"]),
    ("store", &["domain", "migrations"]),
    ("probe", &["domain", "egress"]),
    ("scheduler", &["domain", "probe", "store"]),
    ("alert", &["domain", "egress", "store"]),
    ("api", &["alert", "domain", "scheduler", "store"]),
    ("ui", &["alert", "domain", "scheduler", "store"]),
    (
        "server",
        &[
            "alert",
            "api",
            "domain",
            "egress",
            "probe",
            "scheduler",
            "store",
            "ui",
        ],
    ),
    ("testkit", &["domain"]),
];

/// Libraries with an owner: whoever else needs what they do asks the owner. `testkit` plays the other side of every
/// conversation and is free of these rules.
const OWNERS: [(&str, &[&str]); 13] = [
    ("sea-orm", &["store", "migrations"]),
    ("sea-orm-migration", &["store", "migrations"]),
    ("sqlx", &[]),
    ("lettre", &["alert"]),
    ("axum", &["api", "ui", "server"]),
    ("axum-extra", &["api", "ui", "server"]),
    ("reqwest", &["egress", "probe", "alert"]),
    // The server side of hyper is `server`'s.
    ("hyper", &["egress", "probe", "alert", "server"]),
    ("hyper-util", &["egress", "probe", "alert", "server"]),
    ("hickory-resolver", &["egress"]),
    ("askama", &["ui", "alert"]),
    ("cron", &["domain"]),
    ("argon2", &["store"]),
];

/// What would give the pure centre a runtime, a network, a database or chance.
const IMPURE: [&str; 12] = [
    "tokio",
    "tokio-util",
    "futures-util",
    "async-trait",
    "sea-orm",
    "axum",
    "reqwest",
    "hyper",
    "lettre",
    "rustls",
    "getrandom",
    "rand",
];

/// Never in the lock file, not even through somebody else: a second TLS stack, a C compiler in the build, or a crate
/// with an open advisory.
const BANNED: [&str; 8] = [
    "openssl",
    "openssl-sys",
    "native-tls",
    "tokio-native-tls",
    "aws-lc-rs",
    "aws-lc-sys",
    "rsa",
    "hyper-tls",
];

/// What a manifest asks for, by name; `normal` leaves out what only tests and build scripts use.
struct Manifest {
    normal: BTreeSet<String>,
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn manifests() -> BTreeMap<String, Manifest> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies");
            let normal = dependencies
                .iter()
                .filter(|d| d["kind"].is_null())
                .map(|d| text(&d["name"]))
                .collect();
            (text(&package["name"]), Manifest { normal })
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[test]
fn arrows_between_our_crates_are_the_drawn_ones() {
    let manifests = manifests();
    let drawn: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    let present: BTreeSet<&str> = manifests.keys().map(String::as_str).collect();
    assert_eq!(
        present, drawn,
        "the workspace has other members than ARROWS knows: add the new crate there with its arrows, and to docs/ARCHITECTURE.md"
    );
    for (name, allowed) in ARROWS {
        for other in manifests[name]
            .normal
            .iter()
            .filter(|d| present.contains(d.as_str()))
        {
            assert!(
                allowed.contains(&other.as_str()),
                "`{name}` must not depend on `{other}` (allowed: {allowed:?}). Move the code to where both may see it, or meet in the database; if the arrow is right, add it to ARROWS and write an ADR"
            );
        }
    }
}

#[test]
fn each_library_has_its_owner() {
    for (name, manifest) in manifests().iter().filter(|(name, _)| *name != "testkit") {
        for (library, owners) in OWNERS {
            assert!(
                !manifest.normal.contains(library) || owners.contains(&name.as_str()),
                "`{name}` must not use `{library}`, which belongs to {owners:?}. Ask the owner for what you need, or make it a dev-dependency if only tests use it"
            );
        }
    }
}

#[test]
fn the_centre_is_pure() {
    let manifests = manifests();
    for library in IMPURE {
        assert!(
            !manifests["domain"].normal.contains(library),
            "`domain` must not depend on `{library}`: time, chance and I/O come in as arguments"
        );
    }
}

#[test]
fn the_testkit_is_for_tests() {
    for (name, manifest) in manifests() {
        assert!(
            !manifest.normal.contains("testkit"),
            "`{name}` ships the testkit: move `testkit.workspace = true` to [dev-dependencies]"
        );
    }
}

#[test]
fn banned_crates_stay_out_of_the_lock_file() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock is readable");
    let locked: BTreeSet<&str> = lock
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .collect();
    assert!(locked.contains("rustls"), "the lock file is not read rightly");
    for banned in BANNED {
        assert!(
            !locked.contains(banned),
            "`{banned}` is in Cargo.lock. Find who brings it with `cargo tree --target all -i {banned}` and turn that feature off"
        );
    }
}

/// Third-party versions stand once, in the workspace manifest, so that no two crates disagree.
#[test]
fn versions_stand_in_one_place() {
    for (name, _) in ARROWS {
        let path = match name {
            "migrations" => root().join("migrations/Cargo.toml"),
            name => root().join("crates").join(name).join("Cargo.toml"),
        };
        let manifest = std::fs::read_to_string(&path).expect("a manifest");
        let mut dependencies = false;
        for line in manifest.lines().map(str::trim) {
            if line.starts_with('[') {
                dependencies = line.contains("dependencies");
            }
            assert!(
                !dependencies || !line.contains('=') || line.contains("workspace = true"),
                "{}: `{line}` must read `<name>.workspace = true`, with its version in the Cargo.toml of the workspace",
                path.display()
            );
        }
    }
}
