//! Changes to accounts: a copy of the snapshot is changed, and the rows whose pointers changed are written.

use std::sync::Arc;

use futures::FutureExt as _;
use serde::Serialize;
use tokio::sync::OwnedMutexGuard;

use super::accounts::find_owner;
use super::memory::{Effect, global_name};
use super::sql::{rows_of_parameters, sql};
use super::writer::Tx;
use super::{Store, StoreError};
use crate::model::{Account, Table, for_each_table};

/// Kinds whose names are unique over all accounts, as the index `resources_global_names` has it.
const GLOBAL_NAMES: [&str; 3] = ["bucket", "access-key", "instance"];

/// Rows of resources in one statement at most.
const ROWS: usize = 32;

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

impl<E, S: Into<StoreError>> From<S> for ChangeError<E> {
    fn from(error: S) -> Self {
        Self::Store(error.into())
    }
}

/// One row to write or delete.
#[derive(Debug)]
struct RowChange {
    kind: &'static str,
    name: String,
    /// Whether there was none.
    new: bool,
    /// `None` deletes.
    body: Option<String>,
}

impl RowChange {
    /// Its name among those that are unique over all accounts.
    fn global_name(&self) -> Option<String> {
        GLOBAL_NAMES.contains(&self.kind).then(|| global_name(self.kind, &self.name))
    }
}

/// An account as it is to be.
struct Change {
    /// The version it was changed from; 0 for a new account.
    before: i64,
    account: Arc<Account>,
    rows: Vec<RowChange>,
    /// One change of an account at a time. Here, so that the next one finds this one in force, whoever goes away meanwhile.
    _changing: OwnedMutexGuard<()>,
}

/// What came of a change. Nothing was written unless it is `Done`.
enum Changed {
    Done,
    NameTaken,
    BucketNotEmpty,
    /// Another process changed the account since its snapshot was loaded.
    Outdated,
}

impl Store {
    /// Makes an account that `fill` has filled; it must not exist yet.
    pub async fn create_account<E>(
        &self,
        id: &str,
        fill: impl FnOnce(&mut Account) -> Result<(), E>,
    ) -> Result<(), ChangeError<E>> {
        let changing = self.changing(id).await;
        let mut account = Account { id: id.to_owned(), version: 1, ..Account::default() };
        fill(&mut account).map_err(ChangeError::Refused)?;
        let rows = differences(&Account::default(), &account)?;
        let change = Change { before: 0, account: Arc::new(account), rows, _changing: changing };
        match self.commit(change).await? {
            Changed::Done => Ok(()),
            Changed::NameTaken | Changed::Outdated => Err(ChangeError::NameTaken),
            Changed::BucketNotEmpty => Err(ChangeError::BucketNotEmpty),
        }
    }

    /// Changes an account: `change` gets a copy of the snapshot; what it answers is given back once the rows it changed
    /// are committed. When it refuses, nothing is written. `change` may run again if another process was faster.
    pub async fn change<T, E>(
        &self,
        id: &str,
        change: impl Fn(&mut Account) -> Result<T, E>,
    ) -> Result<T, ChangeError<E>> {
        loop {
            let changing = self.changing(id).await;
            let before = self.account(id).await?.ok_or(ChangeError::NoAccount)?;
            let mut after = Account::clone(&before);
            let answer = change(&mut after).map_err(ChangeError::Refused)?;
            let rows = differences(&before, &after)?;
            if rows.is_empty() {
                return Ok(answer);
            }
            self.memory().earlier.keep(&before);
            after.version = before.version + 1;
            let before = before.version;
            let change = Change { before, account: Arc::new(after), rows, _changing: changing };
            match self.commit(change).await? {
                Changed::Done => return Ok(answer),
                Changed::NameTaken => return Err(ChangeError::NameTaken),
                Changed::BucketNotEmpty => return Err(ChangeError::BucketNotEmpty),
                // Another process was faster: its rows are the ones to change.
                Changed::Outdated => {}
            }
        }
    }

    async fn commit(&self, change: Change) -> Result<Changed, StoreError> {
        let size = change.rows.iter().filter_map(|row| row.body.as_ref()).map(String::len).sum();
        let written = self.write(size, change, |change, tx| apply(tx, change).boxed()).await;
        match written {
            // Seen before it is written, except by a statement that another process's came before.
            Err(StoreError::Database(error)) if is_unique_violation(&error) => Ok(Changed::NameTaken),
            written => written,
        }
    }
}

fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

async fn apply(tx: &mut Tx, change: &Change) -> Result<Changed, StoreError> {
    let account = &change.account;
    for row in change.rows.iter().filter(|row| row.new && GLOBAL_NAMES.contains(&row.kind)) {
        let owner = tx.row(find_owner(row.kind, &row.name)).await?;
        if owner.map(|owner| owner.get::<String>(0)).transpose()?.is_some_and(|owner| owner != account.id) {
            return Ok(Changed::NameTaken);
        }
    }
    let gone: Vec<_> = change.rows.iter().filter(|row| row.body.is_none()).collect();
    let buckets: Vec<_> = gone.iter().filter(|row| row.kind == "bucket").map(|row| &row.name).collect();
    for bucket in &buckets {
        // In the same transaction as the delete, so that no upload slips in between.
        let object = sql("SELECT version FROM objects WHERE bucket = $1 LIMIT 1").bind(*bucket);
        if tx.row(object).await?.is_some() {
            return Ok(Changed::BucketNotEmpty);
        }
    }
    let stored = match change.before {
        0 => {
            let insert =
                sql("INSERT INTO accounts (id, version) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING");
            tx.run(insert.bind(&account.id).bind(account.version)).await?
        }
        before => {
            let update = sql("UPDATE accounts SET version = $1 WHERE id = $2 AND version = $3");
            tx.run(update.bind(account.version).bind(&account.id).bind(before)).await?
        }
    };
    if stored == 0 {
        tx.effects.push(Effect::NoAccount(account.id.clone()));
        return Ok(Changed::Outdated);
    }
    for bucket in buckets {
        tx.end_uploads(bucket, &account.id).await?;
    }
    for row in gone {
        let delete = sql("DELETE FROM resources WHERE account = $1 AND kind = $2 AND name = $3");
        tx.run(delete.bind(&account.id).bind(row.kind).bind(&row.name)).await?;
    }
    let kept: Vec<_> = change.rows.iter().filter_map(|row| Some((row, row.body.as_ref()?))).collect();
    for some in kept.chunks(ROWS) {
        let mut upsert = sql(format!(
            "INSERT INTO resources (account, kind, name, body) VALUES {} \
             ON CONFLICT (account, kind, name) DO UPDATE SET body = excluded.body",
            rows_of_parameters(some.len(), 4)
        ));
        for (row, body) in some {
            upsert = upsert.bind(&account.id).bind(row.kind).bind(&row.name).bind(*body);
        }
        tx.run(upsert).await?;
    }
    for row in &change.rows {
        if let Some(name) = row.global_name() {
            let now = row.body.is_some().then(|| account.id.clone());
            tx.effects.push(Effect::Owner { name, now });
        }
    }
    tx.effects.push(Effect::Account(Arc::clone(account)));
    Ok(Changed::Done)
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
    changes.extend(gone.map(|name| RowChange { kind, name: name.clone(), new: false, body: None }));
    for (name, value) in after {
        let old = before.get(name);
        if old.is_some_and(|old| Arc::ptr_eq(old, value)) {
            continue;
        }
        let body = serde_json::to_string(value).map_err(|source| StoreError::Row { kind, source })?;
        changes.push(RowChange { kind, name: name.clone(), new: old.is_none(), body: Some(body) });
    }
    Ok(())
}
