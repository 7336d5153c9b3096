//! Making and removing accounts: an operator's act, not an AWS call.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::model::{Account, IdentityPolicies, Tags, User};
use crate::store::{ChangeError, StoreError};
use crate::{Sandbox, arns, credentials, crypto, managed};

/// A new account and the keys of its Admin.
#[derive(Clone)]
pub struct AccountKeys {
    /// 12 digits.
    pub account_id: String,
    /// ARN of the IAM user Admin, who has AdministratorAccess.
    pub user_arn: String,
    /// Access key id of that user.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Zeroizing<String>,
}

/// Why an account could not be made or held.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// An account id is 12 digits.
    #[error("`{0}` is not an account id: give 12 digits")]
    AccountId(String),
    /// The access key id belongs to another account.
    #[error("the access key id `{0}` already belongs to another account")]
    KeyTaken(String),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const ADMIN: &str = "Admin";

impl Sandbox {
    /// Makes an account with a random id and an IAM user Admin who has AdministratorAccess.
    pub async fn create_account(&self) -> Result<AccountKeys, AccountError> {
        let store = &self.aws.store;
        let now = self.aws.now().unix_timestamp();
        loop {
            let account_id = random_account_id()?;
            let (key, secret) =
                credentials::new_access_key(store, Some(ADMIN), now).map_err(StoreError::from)?;
            let access_key_id = key.id.clone();
            let user = User {
                name: ADMIN.into(),
                path: "/".into(),
                id: credentials::unique_id("AIDA").map_err(StoreError::from)?,
                created: now,
                policies: IdentityPolicies {
                    attached: vec![format!("{}AdministratorAccess", managed::AWS_PREFIX)],
                    ..IdentityPolicies::default()
                },
                boundary: None,
                tags: Tags::new(),
                login: None,
            };
            let made = store
                .create_account(&account_id, |account| {
                    account.users.insert(ADMIN.into(), Arc::new(user));
                    account.access_keys.insert(key.id.clone(), Arc::new(key));
                    Ok::<_, std::convert::Infallible>(())
                })
                .await;
            match made {
                Ok(()) => {
                    return Ok(AccountKeys {
                        user_arn: arns::user(&account_id, "/", ADMIN),
                        account_id,
                        access_key_id,
                        secret_access_key: secret,
                    });
                }
                // The id is another account's already: take another.
                Err(ChangeError::NameTaken) => {}
                Err(error) => return Err(store_error(error)),
            }
        }
    }

    /// Makes sure that the account exists and that its root user holds these keys.
    pub async fn hold_account(
        &self,
        account_id: &str,
        access_key_id: &str,
        secret: &str,
    ) -> Result<(), AccountError> {
        if account_id.len() != 12 || !account_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(AccountError::AccountId(account_id.to_owned()));
        }
        let store = &self.aws.store;
        let key = credentials::access_key(
            store,
            access_key_id.to_owned(),
            secret,
            None,
            self.aws.now().unix_timestamp(),
        )
        .map_err(StoreError::from)?;
        let key = Arc::new(key);
        let hold = |account: &mut Account| {
            account.access_keys.insert(key.id.clone(), Arc::clone(&key));
            Ok::<_, std::convert::Infallible>(())
        };
        let held = match store.account(account_id).await? {
            Some(_) => store.change(account_id, hold).await,
            None => store.create_account(account_id, hold).await,
        };
        held.map_err(|error| match error {
            ChangeError::NameTaken => AccountError::KeyTaken(access_key_id.to_owned()),
            error => store_error(error),
        })
    }

    /// Removes an account with all that is its own: users, roles and keys, buckets and what is in them. Its names are free
    /// then, and its credentials are dead. Policies of other accounts that name it stay as they are. False when there is no
    /// such account.
    pub async fn remove_account(&self, account_id: &str) -> Result<bool, AccountError> {
        // What waits to be written goes with the rest, instead of coming after it.
        self.write_what_waits().await;
        Ok(self.aws.store.remove_account(account_id).await?)
    }
}

fn store_error(error: ChangeError<std::convert::Infallible>) -> AccountError {
    match error {
        ChangeError::Store(error) => AccountError::Store(error),
        ChangeError::Refused(never) => match never {},
        // The other cases need a bucket or a missing account, and there is neither here.
        _ => AccountError::Store(StoreError::Database(sqlx::Error::RowNotFound)),
    }
}

/// 12 digits, not starting with 0, so that it survives being read as a number.
fn random_account_id() -> Result<String, StoreError> {
    let random = u64::from_le_bytes(crypto::random::<8>()?);
    Ok((100_000_000_000 + random % 900_000_000_000).to_string())
}
