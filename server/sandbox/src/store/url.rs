//! The address of a PostgreSQL database. It may hold a password, which nothing shows.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;

use super::StoreError;

/// `postgres://user:password@host:port/database`, as PostgreSQL's own programs take it. What it leaves out comes from the
/// environment (`PGPASSWORD` and the like) and from `~/.pgpass`; `?options[search_path]=…` chooses a schema.
#[derive(Clone)]
pub struct DatabaseUrl(Arc<PgConnectOptions>);

impl FromStr for DatabaseUrl {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(StoreError::Url("it does not begin with `postgres://`".into()));
        }
        let options = PgConnectOptions::from_str(url).map_err(|error| StoreError::Url(error.to_string()))?;
        Ok(Self(Arc::new(match options.get_application_name() {
            Some(_) => options,
            None => options.application_name("trilock"),
        })))
    }
}

impl DatabaseUrl {
    /// How to connect, password and all.
    pub fn options(&self) -> &PgConnectOptions {
        &self.0
    }

    /// Host, port and database: what may be shown.
    pub(super) fn name_of(options: &PgConnectOptions) -> String {
        let host = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => options.get_host().to_owned(),
        };
        let database = options.get_database().unwrap_or_else(|| options.get_username());
        format!("{host}:{}/{database}", options.get_port())
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres://{}", Self::name_of(&self.0))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let url: DatabaseUrl =
            "postgres://trilock:secret@db.example.com:5433/lab?sslmode=require".parse().unwrap();
        assert_eq!(url.to_string(), "postgres://db.example.com:5433/lab");
        assert_eq!(format!("{url:?}"), url.to_string());
        for wrong in ["mysql://a:secret@b/c", "postgres://a:secret@b:port/c", "sqlite://secret.db"] {
            let message = wrong.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(!message.contains("secret"), "{message}");
        }
    }
}
