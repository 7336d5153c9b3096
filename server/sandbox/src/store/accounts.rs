//! Account snapshots: loaded when they are asked for, shared by pointer, and let go when others are used more.

use std::sync::Arc;

use super::footprint::footprint;
use super::memory::global_name;
use super::sql::{Sql, sql};
use super::{Store, StoreError};
use crate::model::{
    AccessKey, AccessReport, Account, AccountAlias, Alias, Bucket, CredentialReport, Group, Instance,
    InstanceProfile, KmsKey, ManagedPolicy, MfaDevice, PasswordPolicy, Role, User, for_each_table,
};

impl Store {
    /// The account's snapshot; `None` when there is no such account.
    pub async fn account(&self, id: &str) -> Result<Option<Arc<Account>>, StoreError> {
        let accounts = &self.kept()?.accounts;
        let ticket = match accounts.get(id) {
            Ok(account) => return Ok(Some(account)),
            Err(ticket) => ticket,
        };
        // One statement, so that the rows are those of the version.
        let query = sql(
            "SELECT accounts.version, kind, name, body FROM accounts LEFT JOIN resources ON resources.account = accounts.id \
             WHERE accounts.id = $1",
        );
        let rows = query.bind(id).rows(self.readers()?).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let mut account = Account { id: id.to_owned(), version: first.get(0)?, ..Account::default() };
        for row in &rows {
            if let Some(kind) = row.get::<Option<String>>(1)? {
                insert_row(&mut account, &kind, row.get(2)?, &row.get::<String>(3)?)?;
            }
        }
        let size = footprint(&account);
        Ok(Some(accounts.fill(id, ticket, Arc::new(account), size)))
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
        let memory = self.kept()?;
        let full = global_name(kind, name);
        let owner = match memory.owners.get(&full) {
            Ok(owner) => owner,
            Err(ticket) => match find_owner(kind, name).row(self.readers()?).await? {
                Some(row) => memory.fill_owner(&full, ticket, row.get(0)?),
                None => return Ok(None),
            },
        };
        self.account(&owner).await
    }
}

/// Asks for the account that a name belongs to which is unique over all accounts.
pub(super) fn find_owner(kind: &'static str, name: &str) -> Sql {
    // The list of kinds is what lets SQLite see that its partial index covers the question.
    let query = sql(
        "SELECT account FROM resources WHERE kind IN ('bucket', 'access-key', 'instance') AND kind = $1 AND name = $2",
    );
    query.bind(kind).bind(name)
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
