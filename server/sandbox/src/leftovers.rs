//! What is to go after a time goes, whether anybody asks or not: KMS keys at the end of their waiting period, with their material
//! and aliases, and instances that were terminated an hour ago. Nobody sees them from that moment on; here their rows go, too.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{Account, Timestamp};
use crate::store::StoreError;
use crate::{Aws, kms};

/// How often they are looked for.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Removes them at once, and again and again for as long as `aws` lives.
pub(crate) fn remove_in_background(aws: &Arc<Aws>) {
    let aws = Arc::downgrade(aws);
    tokio::spawn(async move {
        while let Some(aws) = aws.upgrade() {
            if let Err(cause) = remove(&aws, aws.now().unix_timestamp()).await {
                tracing::warn!(%cause, "what is past its time could not be removed; it stays out of sight");
            }
            drop(aws);
            tokio::time::sleep(EVERY).await;
        }
    });
}

/// Removes what is past its time.
async fn remove(aws: &Aws, now: Timestamp) -> Result<(), StoreError> {
    for account in aws.store.accounts_with_leftovers().await? {
        let remove = |account: &mut Account| {
            account.instances.retain(|_, instance| !instance.is_gone(now));
            Ok::<_, std::convert::Infallible>(kms::remove_gone(account, now))
        };
        // An account that is gone meanwhile has nothing left to remove.
        let Ok(keys) = aws.store.change(&account, remove).await else { continue };
        for arn in keys {
            aws.store.forget_key_uses(&arn).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::model::{Alias, Instance, KeyState, KmsKey};
    use crate::{Config, LastUse, Sandbox};

    const KEY: &str = r#"{"id": "k", "arn": "arn:k", "created": 0, "description": "", "state": "enabled", "sealed_material": "",
        "policy": "{\"Version\":\"2012-10-17\",\"Statement\":[]}", "grants": [], "aws_managed": false, "tags": {}}"#;
    const INSTANCE: &str = r#"{"id": "i", "image_id": "ami", "instance_type": "t3.micro", "launched": 0, "profile": null,
        "terminated": false, "reservation_id": "r", "client_token": null}"#;

    #[tokio::test]
    async fn keys_and_instances_past_their_time_leave_nothing_behind() {
        let sandbox = Sandbox::open(Config::default()).await.unwrap();
        let id = sandbox.create_account().await.unwrap().account_id;
        let aws = &sandbox.aws;
        let key = |name: &str, state| KmsKey {
            id: name.to_owned(),
            arn: format!("arn:{name}"),
            state,
            ..serde_json::from_str(KEY).unwrap()
        };
        let instance = |name: &str, ended: Option<Timestamp>| Instance {
            id: name.to_owned(),
            terminated: ended.is_some(),
            ended,
            ..serde_json::from_str(INSTANCE).unwrap()
        };
        let alias = |name: &str, key: &str| Alias {
            name: name.into(),
            key_id: key.into(),
            created: 0,
            updated: None,
        };
        aws.store
            .change(&id, |account| {
                for key in [
                    key("live", KeyState::Enabled),
                    key("waits", KeyState::PendingDeletion { due: 10_001 }),
                    key("gone", KeyState::PendingDeletion { due: 10_000 }),
                ] {
                    account.keys.insert(key.id.clone(), Arc::new(key));
                }
                for instance in
                    [instance("runs", None), instance("ended", Some(6_401)), instance("over", Some(6_400))]
                {
                    account.instances.insert(instance.id.clone(), Arc::new(instance));
                }
                for alias in [alias("alias/live", "live"), alias("alias/gone", "gone")] {
                    account.aliases.insert(alias.name.clone(), Arc::new(alias));
                }
                Ok::<_, std::convert::Infallible>(())
            })
            .await
            .unwrap();
        let used = LastUse { operation: "Decrypt".into(), used: 1, request_id: "r".into() };
        aws.store
            .write_last_uses(&["arn:live", "arn:gone"].map(|arn| (arn.to_owned(), used.clone())).into())
            .await
            .unwrap();
        remove(aws, 10_000).await.unwrap();
        let account = aws.store.account(&id).await.unwrap().unwrap();
        assert_eq!(account.keys.keys().collect::<Vec<_>>(), ["live", "waits"]);
        assert_eq!(account.instances.keys().collect::<Vec<_>>(), ["ended", "runs"]);
        assert_eq!(account.aliases.keys().collect::<Vec<_>>(), ["alias/live"]);
        assert_eq!(aws.store.key_use("arn:gone").await.unwrap().0, None);
        assert_eq!(aws.store.key_use("arn:live").await.unwrap().0, Some(used));
    }
}
