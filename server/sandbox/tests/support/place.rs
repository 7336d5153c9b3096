//! Where an AWS under test keeps its state. With `TRILOCK_TEST_DATABASE` set to the URL of a PostgreSQL server every one gets a
//! schema of its own there; without it is memory, or a folder for those that are opened again. Gone when dropped.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, dead_code, missing_docs, unreachable_pub)]

use std::path::PathBuf;

use sandbox::crypto::Key;
use sandbox::{Config, RootKey, Storage};
use sqlx::{Connection as _, PgConnection, Row as _};

#[derive(Debug)]
pub enum Place {
    Memory,
    Folder(PathBuf),
    Schema { server: String, name: String },
}

impl Place {
    /// Where it is enough that it lives as long as the AWS.
    pub async fn passing() -> Self {
        match server() {
            Some(server) => Self::schema(server).await,
            None => Self::Memory,
        }
    }

    /// What is there when it is opened again.
    pub async fn lasting() -> Self {
        match server() {
            Some(server) => Self::schema(server).await,
            None => Self::folder(),
        }
    }

    /// A folder, whatever the environment says.
    pub fn folder() -> Self {
        Self::Folder(std::env::temp_dir().join(format!("trilock-place-{}", uuid::Uuid::new_v4())))
    }

    async fn schema(server: String) -> Self {
        let name = format!("trilock_{}", uuid::Uuid::new_v4().simple());
        execute(&server, &[format!("CREATE SCHEMA {name}")]).await.unwrap();
        Self::Schema { server, name }
    }

    /// A configuration whose state is here.
    pub fn config(&self) -> Config {
        self.put(Config::default())
    }

    /// The same configuration with its state here.
    pub fn put(&self, config: Config) -> Config {
        match self {
            Self::Memory => config,
            Self::Folder(folder) => Config { storage: Storage::Directory(folder.clone()), ..config },
            Self::Schema { .. } => {
                let root_key = Some(RootKey::Given(Key::from_bytes(&[7; 32]).unwrap()));
                Config { storage: Storage::Database(self.url().parse().unwrap()), root_key, ..config }
            }
        }
    }

    /// The URL of a schema. Its connections bear its name.
    pub fn url(&self) -> String {
        let Self::Schema { server, name } = self else { panic!("{self:?} has no URL") };
        let more = if server.contains('?') { '&' } else { '?' };
        format!("{server}{more}options[search_path]={name}&application_name={name}")
    }

    /// All bytes that are stored, in whatever order.
    pub async fn stored(&self) -> Vec<Vec<u8>> {
        match self {
            Self::Memory => Vec::new(),
            Self::Folder(folder) => ["aws.db", "aws.db-wal"]
                .iter()
                .filter_map(|file| std::fs::read(folder.join(file)).ok())
                .collect(),
            Self::Schema { .. } => {
                let mut connection = PgConnection::connect(&self.url()).await.unwrap();
                let texts = "SELECT convert_to(body, 'UTF8') FROM resources UNION ALL \
                             SELECT convert_to(body, 'UTF8') FROM objects UNION ALL SELECT bytes FROM objects \
                             WHERE bytes IS NOT NULL UNION ALL SELECT bytes FROM chunks";
                let rows = sqlx::query(texts).fetch_all(&mut connection).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Ends every connection that an AWS has to its schema, as a restart of the server would.
    pub async fn disconnect(&self) {
        let Self::Schema { server, name } = self else { return };
        execute(server, &[terminate(name)]).await.unwrap();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        match self {
            Self::Memory => {}
            Self::Folder(folder) => drop(std::fs::remove_dir_all(folder)),
            Self::Schema { server, name } => {
                // Its AWS may be in the middle of something that nobody waits for.
                // A console keeps its own state in a schema beside it.
                let statements = [
                    terminate(name),
                    format!("DROP SCHEMA {name} CASCADE"),
                    format!("DROP SCHEMA IF EXISTS {name}_console CASCADE"),
                ];
                let server = server.clone();
                let dropping = std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(execute(&server, &statements))
                });
                if let Err(error) = dropping.join().unwrap() {
                    eprintln!("{name} is left over: {error}");
                }
            }
        }
    }
}

fn server() -> Option<String> {
    std::env::var("TRILOCK_TEST_DATABASE").ok().filter(|url| !url.is_empty())
}

fn terminate(name: &str) -> String {
    format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'")
}

async fn execute(server: &str, statements: &[String]) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(server).await?;
    for statement in statements {
        sqlx::query(statement).execute(&mut connection).await?;
    }
    connection.close().await
}
