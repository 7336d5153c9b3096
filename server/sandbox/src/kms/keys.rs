//! Finding the key that a call names, asking the gate about it, and holding the call to the key's state.

use std::sync::Arc;

use policy::{Arn, Context, GrantConstraints, NamedPolicy, ResourceKind};

use super::grant_tokens::GrantTokens;
use super::identifier::{Form, form_of};
use super::{Call, EncryptionContext, KmsError, Via, managed_key, rotation};
use crate::arns;
use crate::gate::{Action, Permit, Question, actions};
use crate::model::{Account, KeyGrant, KeyState, KmsKey, Timestamp};

/// The ARN of the key that `identifier` names for a caller of `account`; `None` for an alias that does not exist.
pub(crate) async fn key_arn_of(call: &Call<'_>, identifier: &str) -> Result<Option<String>, KmsError> {
    Ok(match form_of(&call.aws.region, identifier)? {
        Form::Id(id) => Some(arns::key(&call.aws.region, call.caller.account_id(), id)),
        Form::KeyArn(..) => Some(identifier.to_owned()),
        Form::Alias(name) => by_alias(call, call.caller.account_id(), name).await?.map(|target| target.arn),
        Form::AliasArn(account, name) => by_alias(call, account, name).await?.map(|target| target.arn),
    })
}

/// A key as a call names it. Whether it exists is told only after the gate was asked.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// ARN of the key.
    pub(super) arn: String,
    /// Account in that ARN.
    pub(super) account: String,
    /// What is under this id, if anything is.
    found: Option<Found>,
    /// The alias by which the call named it.
    alias: Option<String>,
    /// Ids of the grants whose tokens the call gives.
    tokens: Vec<String>,
}

/// A key with its account.
#[derive(Clone, Debug)]
struct Found {
    account: Arc<Account>,
    key: Arc<KmsKey>,
    /// The key as the gate knows it: what it has of the policy and the grants.
    known: Arc<KmsKey>,
}

impl Target {
    /// A key that is there.
    pub(super) fn of(call: &Call<'_>, account: Arc<Account>, key: Arc<KmsKey>) -> Self {
        let known = call.aws.known_key(&account.id, &key);
        Self {
            arn: key.arn.clone(),
            account: account.id.clone(),
            found: Some(Found { account, key, known }),
            alias: None,
            tokens: Vec::new(),
        }
    }

    /// Whether it is a key of the caller's account, for what stays within one and asks about no key.
    ///
    /// # Errors
    /// `NotFoundException`.
    pub(super) fn must_be_own(&self, call: &Call<'_>) -> Result<(), KmsError> {
        match &self.found {
            Some(found) if found.account.id == call.caller.account_id() => Ok(()),
            _ => Err(self.absent()),
        }
    }

    fn must_exist(&self) -> Result<(), KmsError> {
        self.found.as_ref().map(|_| ()).ok_or_else(|| self.absent())
    }

    fn absent(&self) -> KmsError {
        KmsError::not_found(format!("Key '{}' does not exist", self.arn))
    }

    /// The same with the grant tokens that the call gives.
    pub(super) fn with_tokens(self, call: &Call<'_>, tokens: &GrantTokens) -> Result<Self, KmsError> {
        Ok(Self { tokens: tokens.grants(call)?, ..self })
    }

    /// The same key with only those of its grants that count for what is asked.
    pub(super) fn with_grants(&self, counts: impl Fn(&KeyGrant) -> bool) -> Self {
        let mut narrowed = self.clone();
        if let Some(Found { key, known, .. }) = &mut narrowed.found {
            Arc::make_mut(key).grants.retain(&counts);
            Arc::make_mut(known).grants.retain(&counts);
        }
        narrowed
    }

    /// The grants that are in force for this call. A key can have very many; of those only the caller's own are looked at.
    fn grants(&self, call: &Call<'_>, found: &Found) -> Vec<policy::Grant> {
        const ALL_LOOKED_AT: usize = 64;
        let known = &found.known.grants;
        // Not known yet, but vouched for by its token.
        let is_given = |grant: &&KeyGrant| {
            self.tokens.contains(&grant.id) && known.iter().all(|known| known.id != grant.id)
        };
        let principal = call.caller.principal();
        let account = call.caller.account_id();
        let root = format!("arn:aws:iam::{account}:root");
        let own = [principal.arn(), principal.principal_arn(), Some(&root), Some(account)];
        let concerns = |arn: &str| own.iter().flatten().any(|own| *own == arn);
        known
            .iter()
            .chain(found.key.grants.iter().filter(is_given))
            .filter(|grant| {
                known.len() <= ALL_LOOKED_AT
                    || concerns(&grant.grantee)
                    || grant.retiring.as_deref().is_some_and(concerns)
            })
            .map(as_granted)
            .collect()
    }
}

/// Whether an operation takes aliases for keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aliases {
    Accepted,
    Refused,
}

/// Whether an operation works on keys of other accounts (KMS Developer Guide, "Allowing users in other accounts").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OtherAccounts {
    Accepted,
    Refused,
}

/// Finds what a call names.
///
/// # Errors
/// `NotFoundException` for an identifier of the wrong form and for an alias that does not exist.
pub(super) async fn find(call: &Call<'_>, identifier: &str, aliases: Aliases) -> Result<Target, KmsError> {
    let own = call.caller.account_id();
    let form =
        form_of(&call.aws.region, identifier).map_err(|error| without_region(call, identifier, error))?;
    let (account, name) = match form {
        Form::Id(id) => return by_id(call, own, id).await,
        Form::KeyArn(account, id) => return by_id(call, account, id).await,
        Form::Alias(name) => (own, name),
        Form::AliasArn(account, name) => (account, name),
    };
    if aliases == Aliases::Refused {
        return Err(KmsError::not_found(format!("Invalid keyId '{identifier}'")));
    }
    by_alias(call, account, name).await?.ok_or_else(|| {
        KmsError::not_found(format!("Alias {} is not found.", arns::alias(&call.aws.region, account, name)))
    })
}

/// What KMS says of an identifier that [`form_of`] refuses, if it is an ARN without a region.
fn without_region(call: &Call<'_>, identifier: &str, error: KmsError) -> KmsError {
    let has_none = Arn::parse(identifier).is_some_and(|arn| arn.region.is_empty());
    match has_none && !call.aws.fidelity.arn_without_region_is_invalid_arn {
        true => KmsError::not_found(format!("Invalid keyId '{identifier}'")),
        false => error,
    }
}

/// Refuses a key that does not exist, before anybody was asked whether its caller may know that. `aws/s3` is made when it is
/// first used.
pub(crate) async fn must_exist(call: &Call<'_>, identifier: &str) -> Result<(), KmsError> {
    if identifier == managed_key::ALIAS || identifier == managed_key::arn(call.aws, call.caller.account_id())
    {
        return Ok(());
    }
    find(call, identifier, Aliases::Accepted).await?.must_exist()
}

/// The key with this id, which is of the right form. One that was to be rotated by now is.
pub(super) async fn by_id(call: &Call<'_>, account_id: &str, id: &str) -> Result<Target, KmsError> {
    let now = call.meta.now.unix_timestamp();
    let mut account = call.aws.store.account(account_id).await?;
    let is_due = |account: &Arc<Account>| account.keys.get(id).is_some_and(|key| rotation::is_due(key, now));
    if account.as_ref().is_some_and(is_due) {
        rotation::bring_up_to_date(call, account_id, id).await?;
        account = call.aws.store.account(account_id).await?;
    }
    let found = account.and_then(|account| {
        let key = account.keys.get(id).filter(|key| !is_gone(key, now))?;
        let key = Arc::clone(key);
        Some((account, key))
    });
    Ok(match found {
        Some((account, key)) => Target::of(call, account, key),
        None => Target {
            arn: arns::key(&call.aws.region, account_id, id),
            account: account_id.to_owned(),
            found: None,
            alias: None,
            tokens: Vec::new(),
        },
    })
}

async fn by_alias(call: &Call<'_>, account_id: &str, name: &str) -> Result<Option<Target>, KmsError> {
    let Some(account) = call.aws.store.account(account_id).await? else { return Ok(None) };
    let Some(alias) = account.aliases.get(name) else { return Ok(None) };
    let target = by_id(call, account_id, &alias.key_id).await?;
    Ok(Some(Target { alias: Some(name.to_owned()), ..target }))
}

/// Whether the waiting period before deletion is over. Such a key is as good as absent: no operation reaches it.
pub(super) fn is_gone(key: &KmsKey, now: Timestamp) -> bool {
    matches!(key.state, KeyState::PendingDeletion { due } if due <= now)
}

/// Removes the keys that are gone, with their aliases, and gives their ARNs.
pub(crate) fn remove_gone(account: &mut Account, now: Timestamp) -> Vec<String> {
    let gone: Vec<Arc<KmsKey>> = account.keys.values().filter(|key| is_gone(key, now)).cloned().collect();
    for key in &gone {
        account.keys.remove(&key.id);
        account.aliases.retain(|_, alias| alias.key_id != key.id);
    }
    gone.iter().map(|key| key.arn.clone()).collect()
}

/// `kms:EncryptionContext:…` and `kms:EncryptionContextKeys`.
///
/// # Errors
/// `UnsupportedOperationException` when two keys differ in case only: condition keys cannot tell them apart, so a policy
/// or a grant would see one of them only.
pub(super) fn context_conditions(context: &EncryptionContext) -> Result<Context, KmsError> {
    let mut conditions = Context::new();
    if context.is_empty() {
        return Ok(conditions);
    }
    for (key, value) in context {
        let name = format!("kms:EncryptionContext:{key}");
        if conditions.get(&name).is_some() {
            return Err(KmsError::unsupported("An encryption context whose keys differ in case only"));
        }
        conditions.set(name, [value.clone()]);
    }
    conditions.set("kms:EncryptionContextKeys", context.keys().cloned());
    Ok(conditions)
}

impl Call<'_> {
    /// Asks the gate about a key, then whether that key exists.
    ///
    /// # Errors
    /// `AccessDeniedException`, then `NotFoundException`.
    pub(super) fn authorize_key<A: Action>(
        &self,
        target: &Target,
        others: OtherAccounts,
        conditions: Context,
    ) -> Result<(Permit<A>, Arc<KmsKey>), KmsError> {
        if !self.aws.fidelity.authorization_before_key_lookup {
            target.must_exist()?;
        }
        let own_account = target.account == self.caller.account_id();
        let mut question = self.question(&target.arn, conditions).owned_by(&target.account);
        question.kind = ResourceKind::KmsKey;
        match &target.found {
            // A key of another account, for an operation that stays within one: KMS answers as if there were no key.
            Some(_) if !own_account && others == OtherAccounts::Refused => {}
            Some(found) => {
                question.resource_policy = Some(policy_of(&found.known));
                question.grants = target.grants(self, found);
                let conditions = key_conditions(&found.account, &found.key, target.alias.as_deref());
                question.context.extend(conditions);
            }
            // No key, so no key policy that would have to consent: identity policies alone decide.
            None if own_account => question.kind = ResourceKind::Other,
            None => {}
        }
        let permit = self.authorize(question)?;
        match &target.found {
            Some(found) => Ok((permit, Arc::clone(&found.key))),
            None => Err(target.absent()),
        }
    }

    /// Asks the gate about retiring one grant: of the key's grants it alone counts.
    ///
    /// # Errors
    /// `AccessDeniedException`, then `NotFoundException`.
    pub(super) fn authorize_grant(
        &self,
        target: &Target,
        grant: &str,
    ) -> Result<(Permit<actions::kms::RetireGrant>, Arc<KmsKey>), KmsError> {
        let narrowed = target.with_grants(|known| known.id == grant);
        self.authorize_key(&narrowed, OtherAccounts::Accepted, Context::new())
    }

    /// Asks the gate about something that has no policy of its own: an alias, or `*`.
    pub(super) fn authorize_other<A: Action>(
        &self,
        resource: &str,
        conditions: Context,
    ) -> Result<Permit<A>, KmsError> {
        self.authorize(self.question(resource, conditions).owned_by(self.caller.account_id()))
    }

    fn authorize<A: Action>(&self, question: Question) -> Result<Permit<A>, KmsError> {
        Ok(match self.via {
            Via::Direct => self.aws.gate.authorize(self.meta, self.caller, question)?,
            Via::S3 => {
                // The caller's network does not survive the hop (`aws-semantics.md` §3).
                let forwarded = crate::request::RequestMeta { source_ip: None, ..self.meta.clone() };
                self.aws.gate.authorize(&forwarded, self.caller, question)?
            }
        })
    }

    fn question(&self, resource: &str, conditions: Context) -> Question {
        let mut question = Question::about(resource).with("kms:CallerAccount", self.caller.account_id());
        if self.via == Via::S3 {
            question = question
                .with("kms:ViaService", format!("s3.{}.amazonaws.com", self.aws.region))
                .with("aws:ViaAWSService", "true");
        }
        question.context.extend(conditions);
        question
    }

    /// Changes one key, under the rules that `change` checks on the key as it then is.
    pub(super) async fn change_key<A: Action, T>(
        &self,
        _permit: &Permit<A>,
        target: &Target,
        change: impl Fn(&mut KmsKey) -> Result<T, KmsError>,
    ) -> Result<T, KmsError> {
        let (id, now) = (key_id(&target.arn), self.meta.now.unix_timestamp());
        let changed = self.aws.store.change(&target.account, |account| {
            let key = account.keys.get(id).filter(|key| !is_gone(key, now));
            let mut key = KmsKey::clone(key.ok_or_else(|| target.absent())?);
            let answer = change(&mut key)?;
            account.keys.insert(id.to_owned(), Arc::new(key));
            Ok(answer)
        });
        Ok(changed.await?)
    }
}

/// The key id at the end of a key ARN.
pub(super) fn key_id(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn policy_of(key: &KmsKey) -> NamedPolicy {
    NamedPolicy { name: "key policy".into(), arn: None, document: key.policy.document() }
}

/// A grant as the engine takes it.
fn as_granted(grant: &KeyGrant) -> policy::Grant {
    policy::Grant {
        grant_id: grant.id.clone(),
        grantee: grant.grantee.clone(),
        retiring_principal: grant.retiring.clone(),
        operations: grant.operations.clone(),
        constraints: (grant.context_equals.is_some() || grant.context_subset.is_some()).then(|| {
            GrantConstraints {
                encryption_context_equals: grant.context_equals.clone(),
                encryption_context_subset: grant.context_subset.clone(),
            }
        }),
    }
}

/// `kms:ResourceAliases`, `kms:RequestAlias`, the key's tags, and what never differs between symmetric keys.
fn key_conditions(account: &Account, key: &KmsKey, alias: Option<&str>) -> Context {
    let mut conditions = symmetric();
    for (name, value) in &key.tags {
        conditions.set(format!("aws:ResourceTag/{name}"), [value.clone()]);
    }
    let aliases = account.aliases.values().filter(|alias| alias.key_id == key.id);
    let aliases: Vec<String> = aliases.map(|alias| alias.name.clone()).collect();
    if !aliases.is_empty() {
        conditions.set("kms:ResourceAliases", aliases);
    }
    if let Some(alias) = alias {
        conditions.set("kms:RequestAlias", [alias]);
    }
    conditions
}

/// Condition keys about the key's kind, the same for every key here.
pub(super) fn symmetric() -> Context {
    Context::new()
        .with("kms:KeySpec", "SYMMETRIC_DEFAULT")
        .with("kms:KeyUsage", "ENCRYPT_DECRYPT")
        .with("kms:KeyOrigin", "AWS_KMS")
        .with("kms:MultiRegion", "false")
}

/// Refuses a key that waits for its deletion.
pub(super) fn must_not_be_pending_deletion(key: &KmsKey) -> Result<(), KmsError> {
    match key.state {
        KeyState::PendingDeletion { .. } => {
            Err(KmsError::refused("KMSInvalidStateException", format!("{} is pending deletion.", key.arn)))
        }
        KeyState::Enabled | KeyState::Disabled => Ok(()),
    }
}

/// Refuses a key that may not be used now (KMS Developer Guide, "Key states").
pub(super) fn must_be_usable(key: &KmsKey) -> Result<(), KmsError> {
    must_not_be_pending_deletion(key)?;
    match key.state {
        KeyState::Disabled => {
            Err(KmsError::refused("DisabledException", format!("{} is disabled.", key.arn)))
        }
        _ => Ok(()),
    }
}
