//! Making calls as one persona: gather, call, judge, write down, tell.

use super::Site;
use crate::{
    cloud::{Clients, Exchange, Failure},
    store::{LabState, Undo},
    tutorial::{self, key_policy},
    verdict::{self, Question, Readers},
};
use app::console::{Answer, ConsoleError, Held, Persona, Record, RoleName, StepId, scenario::Occasion};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What calls belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Neither a step nor an occasion.
    Nowhere,
    /// A step of the walk.
    Step(StepId),
    /// An occasion beyond it.
    Occasion(Occasion),
}

impl From<Option<StepId>> for Place {
    fn from(step: Option<StepId>) -> Self {
        step.map_or(Self::Nowhere, Self::Step)
    }
}

impl From<StepId> for Place {
    fn from(step: StepId) -> Self {
        Self::Step(step)
    }
}

impl From<Occasion> for Place {
    fn from(occasion: Occasion) -> Self {
        Self::Occasion(occasion)
    }
}

/// Where one form or command makes its calls. Holds the lab while it works on it.
pub(super) struct Desk<'a> {
    pub(super) site: &'a Site,
    pub(super) lab: LabState,
    pub(super) clients: Clients,
    /// The calls made so far.
    pub(super) records: Vec<i64>,
    step: Option<StepId>,
    occasion: Option<Occasion>,
    /// What puts back the change that the next call is to make.
    pub(super) before: Option<Undo>,
    actor: Held,
    observer: Clients,
    others: Vec<Clients>,
    elsewhere: Option<(String, Clients)>,
}

impl<'a> Desk<'a> {
    /// A desk at which `actor` works with `clients`.
    pub(super) async fn new(
        site: &'a Site,
        lab: LabState,
        place: impl Into<Place>,
        actor: Held,
        clients: Clients,
    ) -> Result<Self, ConsoleError> {
        let (step, occasion) = match place.into() {
            Place::Nowhere => (None, None),
            Place::Step(step) => (Some(step), None),
            Place::Occasion(occasion) => (None, Some(occasion)),
        };
        let (_, observer) = site.admin(&lab.id).await?;
        let elsewhere = match &lab.beyond.key_account {
            Some(account) => {
                let admin = site.clients(&lab.id, Persona::KeyAccountAdmin).await?;
                admin.map(|(_, clients)| (account.account_id.clone(), clients))
            }
            None => None,
        };
        let others = site.lock_holders(&lab.id).await?;
        let (records, before) = (Vec::new(), None);
        Ok(Self { site, lab, clients, records, step, occasion, before, actor, observer, others, elsewhere })
    }

    /// The desk of the base identity.
    pub(super) async fn of_admin(
        site: &'a Site,
        lab: LabState,
        place: impl Into<Place>,
    ) -> Result<Self, ConsoleError> {
        let (admin, clients) = site.admin(&lab.id).await?;
        Self::new(site, lab, place, admin, clients).await
    }

    /// Clients of the base identity, for what is only looked at.
    pub(super) fn observer(&self) -> &Clients {
        &self.observer
    }

    /// Who works here.
    pub(super) fn actor(&self) -> &Held {
        &self.actor
    }

    /// An object's size in bytes as the base identity sees it; `None` if it does not. What reads a whole object asks first.
    pub(super) async fn object_size(&self, bucket: &str, key: &str) -> Option<i64> {
        let head = self.observer.s3.head_object().bucket(bucket).key(key).send();
        Box::pin(head).await.ok()?.content_length()
    }

    /// Makes one call. `settle` writes what it changed into the lab, in the transaction that writes the record. Gives the
    /// call's result, or AWS's answer if it failed.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub(super) async fn call<T>(
        &mut self,
        mut question: Question,
        subject: impl Into<String>,
        request: impl Future<Output = Result<T, Failure>> + Send,
        settle: impl FnOnce(&mut LabState, Result<&T, &Answer>) + Send,
    ) -> Result<Result<T, Answer>, ConsoleError>
    where
        T: Send + Sync,
    {
        let removed = self.occasion.is_some() || tutorial::steps::key_user_was_removed(&self.lab);
        let used = question.service == "s3" || key_policy::is_use(question.operation);
        if self.lab.key_user_present == Some(false) && removed && used {
            question.removed_key_user = Some(RoleName::AuthorizedUsers.name().into());
        }
        let elsewhere = self.elsewhere.as_ref().map(|(account, clients)| (account.as_str(), clients));
        let readers = Readers { base: &self.observer, others: &self.others, elsewhere };
        let mut gathered = Box::pin(verdict::gather(readers, &self.actor.arn, &question)).await;
        let asked_at = OffsetDateTime::now_utc();
        gathered.caller.set("aws:CurrentTime", asked_at.format(&Rfc3339).ok());
        gathered.caller.set("aws:EpochTime", [asked_at.unix_timestamp().to_string()]);
        if let Some(address) = self.site.target.source_ip() {
            gathered.network.set("aws:SourceIp", [address.to_string()]);
        }
        if let Some(issued) = token_issue_time(&self.actor) {
            gathered.caller.set("aws:TokenIssueTime", issued.format(&Rfc3339).ok());
        }
        let result = request.await;
        let exchange = self.clients.recorder().take().unwrap_or_default();
        let answer = answer(&result, &exchange);
        let now =
            i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
        let region = self.site.target.region();
        let verdict = verdict::judge(&question, &gathered, &self.actor.arn, region, &answer);
        if !verdict.agrees {
            tracing::warn!(operation = question.operation, unseen = ?gathered.unseen, "evaluation and answer differ");
        }
        if answer.code.as_deref().is_some_and(|code| DEAD.contains(&code)) {
            self.end_credentials().await?;
        }
        self.lab.last_used.insert(self.actor.persona, now);
        settle(&mut self.lab, result.as_ref().map_err(|_| &answer));
        if let (Ok(_), Some(occasion), Some(before)) = (&result, self.occasion, self.before.take()) {
            // With the record, in one transaction: a change that stands can be put back.
            self.lab.beyond.changed(occasion, before);
        }
        let record = Record {
            id: 0,
            at: now,
            step: self.step,
            occasion: self.occasion,
            persona: self.actor.persona,
            caller: self.actor.arn.clone(),
            service: question.service.into(),
            operation: question.operation.into(),
            subject: subject.into(),
            answer: answer.clone(),
            verdict,
        };
        let record = self.site.store.append_record(&self.lab, record, &exchange).await?;
        self.site.live.tell(&self.lab.id, record.id);
        self.records.push(record.id);
        Ok(result.map_err(|_| answer))
    }

    /// Holds the actor's credentials no longer for valid, so that the next switch or command gets new ones. The base identity has
    /// no others.
    async fn end_credentials(&self) -> Result<(), ConsoleError> {
        match self.actor.persona {
            Persona::Admin => Ok(()),
            Persona::Instance => {
                self.site.cache_instance(&self.lab.id, None);
                Ok(())
            }
            persona => Ok(self.site.vault.end(&self.lab.id, persona, self.site.now()).await?),
        }
    }
}

/// What AWS says of credentials that nothing makes valid again: their role is gone, though their time is not over.
const DEAD: [&str; 4] =
    ["InvalidToken", "InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException"];

fn answer<T>(result: &Result<T, Failure>, exchange: &Exchange) -> Answer {
    let failure = result.as_ref().err();
    let request_id = exchange.request_id().map(str::to_owned);
    Answer {
        status: exchange.status,
        code: failure.and_then(|failure| failure.code.clone()),
        message: failure.and_then(|failure| failure.message.clone()),
        request_id: request_id.or_else(|| failure.and_then(|failure| failure.request_id.clone())),
    }
}

/// When the credentials of a persona were issued: those of a role last an hour, as AssumeRole gives them unasked, those of an instance
/// six. `None` for long-term keys.
fn token_issue_time(actor: &Held) -> Option<OffsetDateTime> {
    let hours = if actor.persona == Persona::Instance { 6 } else { 1 };
    OffsetDateTime::from_unix_timestamp(actor.expires_at? - hours * 3600).ok()
}
