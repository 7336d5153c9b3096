//! A PostgreSQL server of the tests' own: Debian's, on a free port of the loopback interface, its data in a folder that goes with
//! it.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::install;
use crate::process;
use crate::report::Report;

/// Where Debian puts every version, each in a folder by its number.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The user that Debian's package makes. PostgreSQL refuses to run as root.
const USER: &str = "postgres";
/// How long the server may take to answer.
const STARTING: Duration = Duration::from_secs(60);
/// How long it may take to end.
const ENDING: Duration = Duration::from_secs(20);

/// The programs of one version, and whom they run as.
struct Programs {
    folder: PathBuf,
    /// Whether this user is root, who has to be somebody else for them.
    as_root: bool,
}

/// A running server. Ends, and removes its data, when dropped.
pub(crate) struct Server {
    programs: Programs,
    folder: PathBuf,
    port: u16,
    child: Child,
}

impl Server {
    /// Installs what is missing and starts a server.
    pub(crate) fn start(report: &mut Report) -> Result<Self, Error> {
        let programs = report.part("PostgreSQL", Programs::find_or_install)?;
        report.part("PostgreSQL server", || Self::run(programs))
    }

    fn run(programs: Programs) -> Result<(Self, String), Error> {
        let folder = std::env::temp_dir().join(format!("trilock-postgres-{}", std::process::id()));
        fs::create_dir(&folder).map_err(Error::file("make", &folder))?;
        match programs.serve(&folder) {
            Ok((child, port)) => {
                let mut server = Self { programs, folder, port, child };
                server.wait()?;
                Ok((server, format!("on port {port}")))
            }
            Err(error) => {
                remove(&folder);
                Err(error)
            }
        }
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("postgres://trilock@127.0.0.1:{}/postgres", self.port)
    }

    /// Waits until it answers.
    fn wait(&mut self) -> Result<(), Error> {
        let end = Instant::now() + STARTING;
        while Instant::now() < end && self.is_running() {
            let mut asking = Command::new(self.programs.folder.join("pg_isready"));
            if process::succeeds(asking.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(100));
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(Error::Prerequisite(format!("the tests' PostgreSQL server did not start; it said:\n{log}")))
    }

    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT: it ends its sessions and itself.
        process::succeeds(Command::new("kill").args(["-INT", &self.child.id().to_string()]));
        let end = Instant::now() + ENDING;
        while Instant::now() < end && self.is_running() {
            thread::sleep(Duration::from_millis(50));
        }
        // Both fail only if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        remove(&self.folder);
    }
}

impl Programs {
    fn find_or_install() -> Result<(Self, String), Error> {
        let found = || newest(Path::new(VERSIONS)).or_else(on_the_path);
        let folder = match found() {
            Some(folder) => folder,
            None => {
                install::packages(&["postgresql"], "by the tests of PostgreSQL")?;
                found().ok_or_else(|| {
                    Error::Prerequisite(format!(
                        "PostgreSQL was installed, but there is no `initdb` below {VERSIONS}: put its folder on the PATH and \
                         start this command again"
                    ))
                })?
            }
        };
        let id = process::output(Command::new("id").arg("-u"))?;
        let outcome = folder.display().to_string();
        Ok((Self { folder, as_root: id.trim() == "0" }, outcome))
    }

    /// Makes a database cluster in the folder and starts its server.
    fn serve(&self, folder: &Path) -> Result<(Child, u16), Error> {
        let data = folder.join("data");
        if self.as_root {
            process::run_quietly(Command::new("chown").arg(USER).arg(folder))?;
        }
        let mut making = self.command("initdb");
        making.args([
            "--auth=trust",
            "--username=trilock",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            "-D",
        ]);
        process::run_quietly(making.arg(&data).current_dir(folder))?;
        let log = folder.join("log");
        let log = fs::File::create(&log).map_err(Error::file("make", &log))?;
        let port = free_port().map_err(Error::file("find a free port on", Path::new("127.0.0.1")))?;
        let mut serving = self.command("postgres");
        serving.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        // What is lost with the machine is only the tests'.
        for setting in
            ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=300"]
        {
            serving.args(["-c", setting]);
        }
        serving.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let program = process::shown(&serving);
        let child = serving.spawn().map_err(|source| Error::Start { program, source })?;
        Ok((child, port))
    }

    /// One of the programs, as a user who may run it. `setpriv` becomes the program, so that a signal to it arrives.
    fn command(&self, program: &str) -> Command {
        let program = self.folder.join(program);
        if !self.as_root {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid", USER, "--regid", USER, "--init-groups", "--reset-env"]).arg(program);
        command
    }
}

/// The programs of the newest version below a folder.
fn newest(versions: &Path) -> Option<PathBuf> {
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let folders = fs::read_dir(versions).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let newest = folders.filter(|path| path.join("bin/initdb").is_file()).max_by_key(version)?;
    Some(newest.join("bin"))
}

fn on_the_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file())
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn remove(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder) {
        eprintln!("{} is left over: {error}", folder.display());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_with_its_programs_is_taken() {
        let versions = std::env::temp_dir().join(format!("trilock-versions-{}", std::process::id()));
        for version in ["9", "15", "17", "notes"] {
            fs::create_dir_all(versions.join(version).join("bin")).unwrap();
        }
        for version in ["9", "15"] {
            fs::write(versions.join(version).join("bin/initdb"), "").unwrap();
        }
        assert_eq!(newest(&versions).unwrap(), versions.join("15/bin"));
        assert_eq!(newest(&versions.join("none")), None);
        fs::remove_dir_all(&versions).unwrap();
    }

    #[test]
    fn root_runs_the_programs_as_somebody_else() {
        let shown = |as_root| process::shown(&Programs { folder: "/bin".into(), as_root }.command("initdb"));
        assert_eq!(shown(false), "/bin/initdb");
        assert_eq!(
            shown(true),
            "setpriv --reuid postgres --regid postgres --init-groups --reset-env /bin/initdb"
        );
    }
}
