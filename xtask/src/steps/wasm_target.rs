//! A compiler for WebAssembly: rustup's where it can be downloaded, else Debian's with a standard library built here.

use std::env;
use std::fs;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::record::files_below;
use crate::error::Error;
use crate::install;
use crate::process;
use crate::workspace::{Workspace, cargo, without_own_crate};

/// The target of the browser's half.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Rust with its sources and a linker that knows WebAssembly, as Debian packages them.
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LINKER: &str = "/usr/bin/wasm-ld-19";

/// Long enough for some 20 MB over a slow line.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(300);
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// What compiles for [`TARGET`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The one that compiles everything else, too.
    Default,
    /// Debian's compiler with the standard library in this folder.
    Debian {
        /// A sysroot in the user's cache that holds nothing but the target's standard library.
        sysroot: PathBuf,
    },
}

/// One way to a [`Toolchain`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Installed,
    Rustup,
    Debian,
}

/// What decides about the route.
#[derive(Debug, Clone, Copy, Default)]
struct Machine {
    /// The default toolchain has the target.
    installed: bool,
    /// The Debian way was gone before, and its result is there.
    debian_made: bool,
    /// There is a rustup, and its server answers.
    rustup: bool,
    /// There is an apt-get.
    apt: bool,
}

impl Toolchain {
    /// A cargo that builds for [`TARGET`] when told so by `--target`.
    pub(crate) fn cargo(&self) -> Command {
        match self {
            Self::Default => cargo(),
            Self::Debian { sysroot } => {
                let mut command = debian_cargo();
                // With `--target`, flags from the environment hold for that target alone, so build scripts and
                // procedural macros still find Debian's own standard library.
                command
                    .env("CARGO_ENCODED_RUSTFLAGS", format!("--sysroot\u{1f}{}", sysroot.display()))
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER);
                command
            }
        }
    }
}

/// Finds the target or makes it, and says in words how.
pub(crate) fn find_or_make(workspace: &Workspace) -> Result<(Toolchain, String), Error> {
    let wish = env::var("TRILOCK_WASM_ROUTE").ok();
    let machine = look_around(workspace, wish.as_deref());
    let mut failures = Vec::new();
    for route in routes(wish.as_deref(), machine)? {
        let made = match route {
            Route::Installed => Ok((Toolchain::Default, "installed".into())),
            Route::Rustup => add_by_rustup(workspace),
            Route::Debian => make_with_debian(workspace),
        };
        match made {
            Ok(made) => return Ok(made),
            Err(error) => failures.push(error.to_string()),
        }
    }
    let tried = if failures.is_empty() { String::new() } else { format!(" ({})", failures.join("; ")) };
    Err(Error::Prerequisite(format!(
        "the Rust target {TARGET} is missing and could not be installed{tried}: run `rustup target add {TARGET}` where \
         rustup can reach its server, then start this command again"
    )))
}

/// The routes to try, in order. What is there already comes first: it needs no network.
fn routes(wish: Option<&str>, machine: Machine) -> Result<Vec<Route>, Error> {
    let when = |condition: bool, route: Route| condition.then_some(route);
    match wish {
        Some("rustup") if machine.installed => Ok(vec![Route::Installed]),
        Some("rustup") => Ok(vec![Route::Rustup]),
        Some("debian") => Ok(vec![Route::Debian]),
        None | Some("") if machine.installed => Ok(vec![Route::Installed]),
        None | Some("") if machine.debian_made => Ok(vec![Route::Debian]),
        None | Some("") => {
            let possible = [when(machine.rustup, Route::Rustup), when(machine.apt, Route::Debian)];
            Ok(possible.into_iter().flatten().collect())
        }
        Some(other) => Err(Error::Prerequisite(format!(
            "TRILOCK_WASM_ROUTE is `{other}`, but there are only `rustup` and `debian`"
        ))),
    }
}

fn look_around(workspace: &Workspace, wish: Option<&str>) -> Machine {
    let machine = Machine {
        installed: wish != Some("debian") && default_has_target(workspace),
        debian_made: debian_sysroot(workspace)
            .is_ok_and(|sysroot| has_standard_library(&libraries(&sysroot))),
        ..Machine::default()
    };
    if wish.is_some() || machine.installed || machine.debian_made {
        // Asking the network can take seconds.
        return machine;
    }
    let rustup = process::succeeds(Command::new("rustup").arg("--version"));
    Machine { rustup: rustup && server_answers(), apt: install::has_apt(), ..machine }
}

fn default_has_target(workspace: &Workspace) -> bool {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--print", "target-libdir", "--target", TARGET]).current_dir(&workspace.root);
    process::output(&mut rustc).is_ok_and(|folder| has_standard_library(Path::new(folder.trim())))
}

fn has_standard_library(folder: &Path) -> bool {
    let files = files_below(folder).unwrap_or_default();
    files.iter().any(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

// ---- rustup

fn add_by_rustup(workspace: &Workspace) -> Result<(Toolchain, String), Error> {
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]).current_dir(&workspace.root);
    process::run_within(&mut rustup, DOWNLOAD_LIMIT)?;
    Ok((Toolchain::Default, "added by rustup".into()))
}

/// Whether it is worth starting rustup: alone, it would try for minutes where connections vanish. Behind a proxy only
/// rustup itself can tell.
fn server_answers() -> bool {
    let proxied = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        .iter()
        .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    let server = env::var("RUSTUP_DIST_SERVER").unwrap_or_else(|_| "https://static.rust-lang.org".into());
    match address(&server) {
        Some(address) if !proxied => address.to_socket_addrs().is_ok_and(|mut found| {
            found.any(|socket| TcpStream::connect_timeout(&socket, CONNECT_LIMIT).is_ok())
        }),
        _ => true,
    }
}

/// Host and port of a web address; `None` for what is not one, such as `file:`.
fn address(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let port = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    (!host.is_empty()).then(|| if has_port { host.to_string() } else { format!("{host}:{port}") })
}

// ---- Debian

fn make_with_debian(workspace: &Workspace) -> Result<(Toolchain, String), Error> {
    install::packages(&DEBIAN_PACKAGES, "to compile for the browser")?;
    let sysroot = debian_sysroot(workspace)?;
    if has_standard_library(&libraries(&sysroot)) {
        return Ok((
            Toolchain::Debian { sysroot },
            "Debian's compiler, standard library made earlier".into(),
        ));
    }
    // Built beside and renamed at the end, so that a run that was cut short leaves nothing that looks complete.
    let scratch = workspace.cache.join(format!("wasm-std-{}", std::process::id()));
    let made = build_standard_library(&scratch)
        .and_then(|built| fs::rename(built, &sysroot).map_err(Error::file("create", &sysroot)));
    let removed = fs::remove_dir_all(&scratch).map_err(Error::file("remove", &scratch));
    made.and(removed)?;
    Ok((Toolchain::Debian { sysroot }, "Debian's compiler, standard library built".into()))
}

/// Builds the standard library with an empty crate in `scratch`, and gives a sysroot inside `scratch`.
fn build_standard_library(scratch: &Path) -> Result<PathBuf, Error> {
    let write = |name: &str, content: &str| {
        let path = scratch.join(name);
        fs::write(&path, content).map_err(Error::file("write", &path))
    };
    let sources = scratch.join("src");
    fs::create_dir_all(&sources).map_err(Error::file("create", &sources))?;
    write(
        "Cargo.toml",
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n",
    )?;
    write("src/lib.rs", "#![no_std]\n")?;

    let target = scratch.join("target");
    let mut command = debian_cargo();
    command
        .args(["build", "--release", "-Zbuild-std=std,panic_abort", "--target", TARGET, "--target-dir"])
        .arg(&target)
        .env("RUSTC_BOOTSTRAP", "1")
        // `lto = true` of the profile that uses this library needs its bitcode.
        .env("CARGO_ENCODED_RUSTFLAGS", "-Cembed-bitcode=yes")
        .current_dir(scratch);
    process::run(&mut command)?;

    let sysroot = scratch.join("sysroot");
    let to = libraries(&sysroot);
    fs::create_dir_all(&to).map_err(Error::file("create", &to))?;
    for path in files_below(&target.join(TARGET).join("release").join("deps"))? {
        let name = path.file_name().unwrap_or_default();
        let library =
            name.to_string_lossy().ends_with(".rlib") && !name.to_string_lossy().starts_with("libempty-");
        if library {
            fs::copy(&path, to.join(name)).map_err(Error::file("copy", &path))?;
        }
    }
    Ok(sysroot)
}

/// Where the standard library for exactly this compiler goes: no other can read it. It is in the user's cache, not in
/// `/usr/lib/rustlib`, which belongs to the package manager.
fn debian_sysroot(workspace: &Workspace) -> Result<PathBuf, Error> {
    let version = process::output(without_rustup(Command::new(DEBIAN_RUSTC).arg("-vV")))?;
    let release = version.lines().find_map(|line| line.strip_prefix("release: ")).unwrap_or("unknown");
    let described = super::record::Inputs::new().add("rustc", version.as_bytes()).fingerprint();
    Ok(workspace.cache.join(format!("wasm-sysroot-{release}-{described}")))
}

fn libraries(sysroot: &Path) -> PathBuf {
    sysroot.join("lib").join("rustlib").join(TARGET).join("lib")
}

fn debian_cargo() -> Command {
    let mut command = Command::new(DEBIAN_CARGO);
    without_rustup(&mut command).env("RUSTC", DEBIAN_RUSTC);
    without_own_crate(&mut command);
    command
}

/// Frees a command of what the default toolchain's cargo set for itself: another compiler must not load its libraries.
fn without_rustup(command: &mut Command) -> &mut Command {
    for name in
        ["RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH", "CARGO", "RUSTC", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"]
    {
        command.env_remove(name);
    }
    command
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::steps::record::tests::Scratch;

    #[test]
    fn the_route_is_what_is_there_then_rustup_then_debian() {
        let nothing = Machine::default();
        let fresh = Machine { rustup: true, apt: true, ..nothing };
        let cases: [(&str, Option<&str>, Machine, &[Route]); 10] = [
            ("installed", None, Machine { installed: true, ..fresh }, &[Route::Installed]),
            ("made with Debian before", None, Machine { debian_made: true, ..fresh }, &[Route::Debian]),
            ("both ways open", None, fresh, &[Route::Rustup, Route::Debian]),
            ("an empty wish is none", Some(""), fresh, &[Route::Rustup, Route::Debian]),
            ("rustup's server out of reach", None, Machine { rustup: false, ..fresh }, &[Route::Debian]),
            ("not Debian", None, Machine { apt: false, ..fresh }, &[Route::Rustup]),
            ("neither", None, nothing, &[]),
            ("rustup wished", Some("rustup"), Machine { debian_made: true, ..nothing }, &[Route::Rustup]),
            (
                "rustup wished and done",
                Some("rustup"),
                Machine { installed: true, ..nothing },
                &[Route::Installed],
            ),
            ("Debian wished", Some("debian"), Machine { installed: true, ..fresh }, &[Route::Debian]),
        ];
        for (name, wish, machine, expected) in cases {
            assert_eq!(routes(wish, machine).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn an_unknown_wish_is_named() {
        let message = routes(Some("nix"), Machine::default()).unwrap_err().to_string();
        assert_eq!(message, "TRILOCK_WASM_ROUTE is `nix`, but there are only `rustup` and `debian`");
    }

    #[test]
    fn the_server_to_ask_is_read_from_its_address() {
        let cases = [
            ("https://static.rust-lang.org", Some("static.rust-lang.org:443")),
            ("http://mirror.example/rust?x", Some("mirror.example:80")),
            ("https://user:word@mirror.example:8443/rust", Some("mirror.example:8443")),
            ("https://[::1]:8443/", Some("[::1]:8443")),
            ("file:///mirror", None),
            ("https:///", None),
            ("mirror.example", None),
        ];
        for (url, expected) in cases {
            assert_eq!(address(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn a_standard_library_is_known_by_its_file() {
        let scratch = Scratch::new("libraries");
        assert!(!has_standard_library(&scratch.0));
        scratch.write("libcore-1.rlib", "");
        scratch.write("libstd-1.rmeta", "");
        assert!(!has_standard_library(&scratch.0));
        scratch.write("libstd-1.rlib", "");
        assert!(has_standard_library(&scratch.0));
    }

    #[test]
    fn debian_builds_for_the_browser_with_its_own_compiler_and_the_cached_library() {
        let command = Toolchain::Debian { sysroot: "/cache/of someone/sysroot".into() }.cargo();
        let set = |name: &str| {
            let found = command.get_envs().find(|(key, _)| *key == name);
            found.and_then(|(_, value)| value).map(|value| value.to_string_lossy().into_owned())
        };
        assert_eq!(command.get_program(), DEBIAN_CARGO);
        assert_eq!(set("RUSTC").as_deref(), Some(DEBIAN_RUSTC));
        assert_eq!(
            set("CARGO_ENCODED_RUSTFLAGS").as_deref(),
            Some("--sysroot\u{1f}/cache/of someone/sysroot")
        );
        assert_eq!(set("RUSTUP_TOOLCHAIN"), None);
    }
}
