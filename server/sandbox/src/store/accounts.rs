//! Account snapshots: loaded once, shared by pointer, changed by replacing the rows whose pointers changed.

use std::convert::Infallible;
use std::sync::Arc;

use serde::Serialize;
use sqlx::{Row as _, SqliteConnection};
use tokio::sync::OwnedMutexGuard;

use super::usage::Tally;
use super::{Store, StoreError, read, uploads, write};
use crate::model::{
    AccessKey, Account, Alias, Bucket, Group, Instance, InstanceProfile, KmsKey, ManagedPolicy, Role, Table,
    User, for_each_table,
};

/// Kinds whose names are unique over all accounts, as the index `resources_global_names` has it.
const GLOBAL_NAMES: [&str; 3] = ["bucket", "access-key", "instance"];

/// Why a change did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError<E> {
    /// The change itself refused; nothing was written.
    #[error("{0}")]
    Refused(E),
    /// A name that must be unique over all accounts is taken by another account; nothing was written.
    #[error("the name is taken by another account")]
    NameTaken,
    /// A bucket was to go that still holds objects; nothing was written.
    #[error("the bucket is not empty")]
    BucketNotEmpty,
    /// There is no such account.
    #[error("there is no such account")]
    NoAccount,
    /// Storage failed; nothing was written.
    #[error(transparent)]
    Store(StoreError),
}

impl ChangeError<Infallible> {
    /// The same as an error of a change that can refuse.
    fn refusing<E>(self) -> ChangeError<E> {
        match self {
            Self::Refused(never) => match never {},
            Self::NameTaken => ChangeError::NameTaken,
            Self::BucketNotEmpty => ChangeError::BucketNotEmpty,
            Self::NoAccount => ChangeError::NoAccount,
            Self::Store(error) => ChangeError::Store(error),
        }
    }
}

impl<E, S: Into<StoreError>> From<S> for ChangeError<E> {
    fn from(error: S) -> Self {
        Self::Store(error.into())
    }
}

/// One row to write or delete.
struct RowChange {
    kind: &'static str,
    name: String,
    /// `None` deletes.
    body: Option<String>,
}

impl Store {
    /// The account's snapshot; `None` when there is no such account.
    pub async fn account(&self, id: &str) -> Result<Option<Arc<Account>>, StoreError> {
        if let Some(account) = read(&self.0.accounts).get(id) {
            return Ok(Some(Arc::clone(account)));
        }
        // Loading excludes changes, so a snapshot older than a commit can never replace a newer one.
        let _changing = self.0.changing.lock().await;
        self.load(id).await
    }

    async fn load(&self, id: &str) -> Result<Option<Arc<Account>>, StoreError> {
        if let Some(account) = read(&self.0.accounts).get(id) {
            return Ok(Some(Arc::clone(account)));
        }
        let version: Option<i64> = sqlx::query_scalar("SELECT version FROM accounts WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.0.pool)
            .await?;
        let Some(version) = version else { return Ok(None) };
        let rows = sqlx::query("SELECT kind, name, body FROM resources WHERE account = $1")
            .bind(id)
            .fetch_all(&self.0.pool)
            .await?;
        let mut account = Account { id: id.to_owned(), version, ..Account::default() };
        for row in rows {
            let (kind, name, body): (String, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            insert_row(&mut account, &kind, name, &body)?;
        }
        let account = Arc::new(account);
        write(&self.0.accounts).insert(id.to_owned(), Arc::clone(&account));
        Ok(Some(account))
    }

    /// The account that owns this bucket.
    pub async fn bucket_owner(&self, bucket: &str) -> Result<Option<Arc<Account>>, StoreError> {
        self.owner("bucket", bucket).await
    }

    /// The account that owns this long-term access key.
    pub async fn access_key_owner(&self, id: &str) -> Result<Option<Arc<Account>>, StoreError> {
        self.owner("access-key", id).await
    }

    /// The account that owns this EC2 instance.
    pub async fn instance_owner(&self, id: &str) -> Result<Option<Arc<Account>>, StoreError> {
        self.owner("instance", id).await
    }

    async fn owner(&self, kind: &'static str, name: &str) -> Result<Option<Arc<Account>>, StoreError> {
        let known = read(&self.0.owners).get(&(kind, name.to_owned())).cloned();
        let owner = match known {
            Some(owner) => owner,
            None => {
                let _changing = self.0.changing.lock().await;
                // The list of kinds is what lets SQLite see that its partial index covers the question.
                let found: Option<String> = sqlx::query_scalar(
                    "SELECT account FROM resources \
                     WHERE kind IN ('bucket', 'access-key', 'instance') AND kind = $1 AND name = $2",
                )
                .bind(kind)
                .bind(name)
                .fetch_optional(&self.0.pool)
                .await?;
                let Some(found) = found else { return Ok(None) };
                write(&self.0.owners).insert((kind, name.to_owned()), found.clone());
                found
            }
        };
        self.account(&owner).await
    }

    /// Makes an account that `fill` has filled; it must not exist yet.
    pub async fn create_account<E>(
        &self,
        id: &str,
        fill: impl FnOnce(&mut Account) -> Result<(), E>,
    ) -> Result<(), ChangeError<E>> {
        let changing = Arc::clone(&self.0.changing).lock_owned().await;
        let mut account = Account { id: id.to_owned(), version: 1, ..Account::default() };
        fill(&mut account).map_err(ChangeError::Refused)?;
        let changes = differences(&Account::default(), &account)?;
        self.commit(changing, 0, account, changes).await.map(drop).map_err(ChangeError::refusing)
    }

    /// Changes an account: `change` gets a copy of the snapshot; what it answers is given back once the rows it changed
    /// are committed. When it refuses, nothing is written. `change` may run again if another process was faster.
    pub async fn change<T, E>(
        &self,
        id: &str,
        change: impl Fn(&mut Account) -> Result<T, E>,
    ) -> Result<T, ChangeError<E>> {
        let mut changing = Arc::clone(&self.0.changing).lock_owned().await;
        loop {
            let before = self.load(id).await?.ok_or(ChangeError::NoAccount)?;
            let mut after = Account::clone(&before);
            let answer = change(&mut after).map_err(ChangeError::Refused)?;
            let changes = differences(&before, &after)?;
            if changes.is_empty() {
                return Ok(answer);
            }
            after.version = before.version + 1;
            let committed = self.commit(changing, before.version, after, changes).await;
            match committed.map_err(ChangeError::refusing)? {
                None => return Ok(answer),
                // Another process was faster: its rows are the ones to change.
                Some(still_changing) => changing = still_changing,
            }
        }
    }

    /// Writes an account's changed rows over version `before`, 0 for a new account, and puts the snapshot in force. Gives the
    /// guard back when the stored version is another.
    ///
    /// On a task of its own: a caller who goes away while the commit is on its way to the disk must not leave it there without
    /// being in force.
    async fn commit(
        &self,
        changing: OwnedMutexGuard<()>,
        before: i64,
        account: Account,
        changes: Vec<RowChange>,
    ) -> Result<Option<OwnedMutexGuard<()>>, ChangeError<Infallible>> {
        let store = self.clone();
        let task = tokio::spawn(async move {
            let mut transaction = store.0.pool.begin().await?;
            let stored = match before {
                0 => sqlx::query("INSERT INTO accounts (version, id) SELECT $1, $2 WHERE $3 = 0"),
                _ => sqlx::query("UPDATE accounts SET version = $1 WHERE id = $2 AND version = $3"),
            };
            let stored = stored
                .bind(account.version)
                .bind(&account.id)
                .bind(before)
                .execute(&mut *transaction)
                .await
                .map_err(name_taken)?;
            if stored.rows_affected() == 0 {
                write(&store.0.accounts).remove(&account.id);
                return Ok(Some(changing));
            }
            let tally = apply(&mut transaction, &account.id, &changes).await?;
            let held = tally.record(&mut transaction, &account.id).await?;
            transaction.commit().await?;
            held.into_iter().for_each(|held| store.0.ledger.settle(held));
            store.publish(account, &changes);
            Ok(None)
        });
        task.await.map_err(|_| ChangeError::Store(StoreError::Stopped))?
    }

    fn publish(&self, account: Account, changes: &[RowChange]) {
        let mut owners = write(&self.0.owners);
        for change in changes.iter().filter(|change| GLOBAL_NAMES.contains(&change.kind)) {
            let name = (change.kind, change.name.clone());
            match change.body {
                Some(_) => owners.insert(name, account.id.clone()),
                None => owners.remove(&name),
            };
        }
        write(&self.0.accounts).insert(account.id.clone(), Arc::new(account));
    }
}

/// Writes the rows; gives what went along with them.
async fn apply<E>(
    connection: &mut SqliteConnection,
    account: &str,
    changes: &[RowChange],
) -> Result<Tally, ChangeError<E>> {
    let mut tally = Tally::default();
    for change in changes {
        if change.kind == "bucket" && change.body.is_none() {
            // In the same transaction as the delete, so that no upload slips in between.
            let object: Option<i64> = sqlx::query_scalar("SELECT 1 FROM objects WHERE bucket = $1 LIMIT 1")
                .bind(&change.name)
                .fetch_optional(&mut *connection)
                .await?;
            if object.is_some() {
                return Err(ChangeError::BucketNotEmpty);
            }
            // Uploads under way do not keep a bucket.
            uploads::remove_all(connection, &change.name, &mut tally).await?;
        }
        let query = match &change.body {
            Some(body) => sqlx::query(
                "INSERT INTO resources (account, kind, name, body) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (account, kind, name) DO UPDATE SET body = excluded.body",
            )
            .bind(account)
            .bind(change.kind)
            .bind(&change.name)
            .bind(body),
            None => sqlx::query("DELETE FROM resources WHERE account = $1 AND kind = $2 AND name = $3")
                .bind(account)
                .bind(change.kind)
                .bind(&change.name),
        };
        query.execute(&mut *connection).await.map_err(name_taken)?;
    }
    Ok(tally)
}

fn name_taken<E>(error: sqlx::Error) -> ChangeError<E> {
    match error.as_database_error() {
        Some(database) if database.is_unique_violation() => ChangeError::NameTaken,
        _ => error.into(),
    }
}

fn insert_row(account: &mut Account, kind: &str, name: String, body: &str) -> Result<(), StoreError> {
    macro_rules! into_table {
        ($($field:ident: $type:ty = $kind:literal,)*) => {
            match kind {
                $($kind => {
                    let value: $type = serde_json::from_str(body)
                        .map_err(|source| StoreError::Row { kind: $kind, source })?;
                    account.$field.insert(name, Arc::new(value));
                })*
                // A kind of a later version: left alone, so that going back a version loses nothing.
                _ => {}
            }
        };
    }
    for_each_table!(into_table);
    Ok(())
}

fn differences(before: &Account, after: &Account) -> Result<Vec<RowChange>, StoreError> {
    let mut changes = Vec::new();
    macro_rules! compare {
        ($($field:ident: $type:ty = $kind:literal,)*) => {
            $(compare_tables($kind, &before.$field, &after.$field, &mut changes)?;)*
        };
    }
    for_each_table!(compare);
    Ok(changes)
}

fn compare_tables<T: Serialize>(
    kind: &'static str,
    before: &Table<T>,
    after: &Table<T>,
    changes: &mut Vec<RowChange>,
) -> Result<(), StoreError> {
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    changes.extend(gone.map(|name| RowChange { kind, name: name.clone(), body: None }));
    for (name, value) in after {
        if before.get(name).is_some_and(|old| Arc::ptr_eq(old, value)) {
            continue;
        }
        let body = serde_json::to_string(value).map_err(|source| StoreError::Row { kind, source })?;
        changes.push(RowChange { kind, name: name.clone(), body: Some(body) });
    }
    Ok(())
}
