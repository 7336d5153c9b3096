//! The server's side of the pages: [`app::console::Console`] for the session of one request.
//!
//! A call goes: policies gathered, call made, verdict found, record written, pages told. Everything that is answered has
//! been committed before.

mod act;
mod apply;
mod desk;
mod drafts;
mod instance;
mod inventory;
mod own_terminal;
mod play;
mod role;
mod scenario;
mod scene;
mod site;
mod solve;
mod undo;

pub use own_terminal::OwnKey;
pub use site::Site;

use crate::{
    session::layer,
    store::LabState,
    terminal::{completion, files},
    tutorial::{bucket_name, commands, listings, steps},
    web::ActsAs,
};
use app::console::scenario::{Costs, Probed, Scenario, ScenarioId, Scenarios};
use app::console::{
    Action, Completion, Console, ConsoleError, Draft, Held, InstanceFile, Lab, Listing, ListingId, Listings,
    Persona, Record, RecordsOf, Removal, Solution, StepId, TerminalEntry, Undoing, Wire,
};
use async_trait::async_trait;
use policy::scene::Scene;
use std::sync::Arc;
use tower_sessions::Session;

/// The form of the first page.
const START_FORM: &str = "start";
/// The terminal's line, and the upload beside it.
const RUN_FORM: &str = "run";

/// The console as one session sees it.
#[derive(Clone, Debug)]
pub struct SessionConsole {
    site: Arc<Site>,
    session: Session,
    acts_as: Option<ActsAs>,
}

impl SessionConsole {
    /// The console of `session`.
    pub fn new(site: Arc<Site>, session: Session) -> Self {
        Self { site, session, acts_as: None }
    }

    /// The same for a request that says whom it acts as.
    #[must_use]
    pub fn acting_as(self, acts_as: Option<ActsAs>) -> Self {
        Self { acts_as, ..self }
    }

    /// The session's lab, if it has one.
    async fn state(&self) -> Result<Option<LabState>, ConsoleError> {
        match layer::lab(&self.session).await? {
            Some(id) => match self.site.store.lab(&id).await? {
                Some(lab) => Ok(Some(self.as_asked(lab).await?)),
                None => Ok(None),
            },
            None => Ok(None),
        }
    }

    /// The lab as this request's tab or form has it: with whom it acts as, if the lab holds that persona. A form stands for nobody
    /// else; a tab whose persona is not held follows the session.
    async fn as_asked(&self, mut lab: LabState) -> Result<LabState, ConsoleError> {
        let Some(ActsAs { persona, strictly }) = self.acts_as else { return Ok(lab) };
        if self.site.vault.held(&lab.id).await?.iter().any(|held| held.persona == persona) {
            lab.elsewhere = Some(lab.elsewhere.unwrap_or(lab.acting));
            lab.acting = persona;
        } else if strictly {
            return Err(ConsoleError::Expired { persona: persona.name().into() });
        }
        Ok(lab)
    }

    async fn expect_state(&self) -> Result<LabState, ConsoleError> {
        self.state().await?.ok_or(ConsoleError::NoLab)
    }

    /// The lab with nobody else changing it, until the guard is dropped.
    async fn locked(&self) -> Result<(LabState, tokio::sync::OwnedMutexGuard<()>), ConsoleError> {
        let id = layer::lab(&self.session).await?.ok_or(ConsoleError::NoLab)?;
        let guard = self.site.lock(&id).await;
        let lab = self.site.store.lab(&id).await?.ok_or(ConsoleError::NoLab)?;
        Ok((self.as_asked(lab).await?, guard))
    }

    async fn view(&self, lab: LabState) -> Result<Lab, ConsoleError> {
        let now = self.site.now();
        let all = self.site.vault.held(&lab.id).await?;
        let acting = all.iter().find(|held| held.persona == lab.acting).cloned();
        let acting = acting.ok_or_else(|| {
            ConsoleError::Unavailable(
                "This lab’s credentials are not in the vault any more. Start a new lab.".into(),
            )
        })?;
        let held = all.into_iter().filter(|held| is_valid(held, now)).collect();
        Ok(Lab {
            done: steps::done(&lab),
            done_forms: steps::done_forms(&lab),
            region: self.site.target.region().into(),
            aws_endpoint: self.site.target.endpoint().into(),
            skipped: steps::skipped(&lab),
            spellings: ListingId::ALL.map(|listing| (listing, lab.spelling(listing))).into(),
            printed: ListingId::ALL
                .into_iter()
                .filter(|listing| lab.marks.contains(&steps::printed_mark(*listing)))
                .collect(),
            report: lab.report.clone(),
            account_id: lab.account_id,
            listings: lab.listings,
            bucket: lab.bucket,
            key_arn: lab.key_arn,
            key_alias: lab.key_alias,
            instance_id: lab.instance_id,
            key_user_present: lab.key_user_present,
            own_tab: self.acts_as.is_some_and(|asked| !asked.strictly) && lab.elsewhere.is_some(),
            last_used: lab.last_used,
            acting,
            held,
            open_scenario: lab.beyond.open,
            own_access_key: lab.own_access_key,
        })
    }

    /// The bytes of a file on the instance, to be saved.
    ///
    /// # Errors
    /// Without a lab, or such a file in it.
    pub async fn file(&self, name: &str) -> Result<Vec<u8>, ConsoleError> {
        instance::folder::read(&self.site, &self.expect_state().await?, name).await
    }

    /// Makes an access key for a shell of the person's own; the one made before is deleted.
    ///
    /// # Errors
    /// Without a lab, or when it cannot be written.
    pub async fn create_own_key(&self) -> Result<OwnKey, ConsoleError> {
        self.to_its_end(move |site, lab| async move { own_terminal::create(&site, lab).await }).await
    }

    /// Does what makes calls on a task of its own: a browser that goes away between a call and its record would else leave the
    /// call made and the lab not knowing of it. Nobody else works on the lab meanwhile.
    async fn to_its_end<T: Send + 'static, W: Future<Output = Result<T, ConsoleError>> + Send>(
        &self,
        work: impl FnOnce(Arc<Site>, LabState) -> W + Send + 'static,
    ) -> Result<T, ConsoleError> {
        let (lab, guard) = self.locked().await?;
        let site = Arc::clone(&self.site);
        let task = tokio::spawn(async move {
            let _guard = guard;
            work(site, lab).await
        });
        task.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a call broke off");
            Err(ConsoleError::Unavailable("The call broke off. Look at Activity, then try again.".into()))
        })
    }
}

/// Whether credentials have not ended yet.
fn is_valid(held: &Held, now: i64) -> bool {
    held.expires_at.is_none_or(|ends| ends > now)
}

#[async_trait]
impl Console for SessionConsole {
    async fn lab(&self) -> Result<Option<Lab>, ConsoleError> {
        match self.state().await? {
            Some(lab) => Ok(Some(self.view(lab).await?)),
            None => Ok(None),
        }
    }

    fn suggested_bucket(&self) -> String {
        bucket_name::suggested()
    }

    async fn start(&self, listings: Listings, bucket: String) -> Result<(), ConsoleError> {
        if let Err(problem) = bucket_name::check(&bucket) {
            let draft = Draft {
                values: vec![("listings".into(), listings.name().into()), ("bucket".into(), bucket)],
                problem: Some(("bucket".into(), problem.into())),
            };
            layer::keep_start_draft(&self.session, &draft).await?;
            return Err(ConsoleError::Invalid { field: "bucket".into(), message: problem.into() });
        }
        let before = layer::lab(&self.session).await?;
        let account = self.site.target.create_account().await.map_err(|error| {
            tracing::error!(%error, "account");
            ConsoleError::Unavailable(format!("No account could be made: {error}. Try again."))
        })?;
        let lab = LabState::new(account.account_id, listings, bucket);
        self.site.store.create_lab(&lab, self.site.now()).await?;
        self.site.vault.put(&lab.id, Persona::Admin, &account.user_arn, &account.credentials).await?;
        layer::set_lab(&self.session, &lab.id).await?;
        if let Some(before) = before {
            self.site.forget(before).await;
        }
        Ok(())
    }

    async fn switch(&self, persona: Persona, step: Option<StepId>) -> Result<Option<i64>, ConsoleError> {
        self.to_its_end(move |site, lab| async move { role::switch(&site, lab, persona, step).await }).await
    }

    async fn hold(
        &self,
        persona: Persona,
        step: Option<StepId>,
        renewed: bool,
    ) -> Result<Option<i64>, ConsoleError> {
        self.to_its_end(move |site, lab| async move {
            let mut records = Vec::new();
            // A refusal is in the records too: that is what there is to see.
            let _ = role::take(&site, lab, persona, step, renewed, &mut records).await?;
            Ok(records.pop())
        })
        .await
    }

    async fn act(&self, step: StepId, action: Action) -> Result<Vec<i64>, ConsoleError> {
        self.to_its_end(move |site, mut lab| async move {
            // What was done for the person is history once they go on themselves.
            lab.report = lab.report.filter(|report| report.step != step);
            act::act(&site, lab, step, &action).await
        })
        .await
    }

    async fn listing(&self, id: ListingId, spelling: Option<Listings>) -> Result<Listing, ConsoleError> {
        let lab = self.expect_state().await?;
        let spelling = spelling.unwrap_or_else(|| lab.spelling(id));
        Ok(listings::listing(&lab, self.site.target.region(), id, spelling))
    }

    async fn draft(&self, form_id: &str) -> Result<Option<Draft>, ConsoleError> {
        if form_id == START_FORM {
            return layer::start_draft(&self.session).await;
        }
        match layer::lab(&self.session).await? {
            Some(lab) => Ok(self.site.store.draft(&lab, form_id).await?),
            None => Ok(None),
        }
    }

    async fn scene(&self) -> Result<Scene, ConsoleError> {
        scene::scene(&self.site, &self.expect_state().await?).await
    }

    async fn keep_draft(&self, form_id: &str, draft: Draft) -> Result<(), ConsoleError> {
        let lab = self.expect_state().await?;
        match draft.values.is_empty() && draft.problem.is_none() {
            true => Ok(self.site.store.drop_draft(&lab.id, form_id).await?),
            false => Ok(self.site.store.keep_draft(&lab.id, form_id, &draft).await?),
        }
    }

    async fn apply(&self, document: String, text: String) -> Result<Vec<i64>, ConsoleError> {
        self.to_its_end(move |site, lab| async move { apply::apply(&site, lab, &document, &text).await })
            .await
    }

    async fn record(&self, id: i64) -> Result<Record, ConsoleError> {
        let lab = self.expect_state().await?;
        let record = self.site.store.record(&lab.id, id).await?;
        record.ok_or_else(|| ConsoleError::NotFound { what: format!("call {id}") })
    }

    async fn wire(&self, id: i64) -> Result<Wire, ConsoleError> {
        let lab = self.expect_state().await?;
        let exchange = self.site.store.exchange(&lab.id, id).await?;
        let exchange = exchange.ok_or_else(|| ConsoleError::NotFound { what: format!("call {id}") })?;
        let events = exchange.request_id().map(|id| self.site.target.events(id)).unwrap_or_default();
        Ok(Wire {
            command: exchange.command,
            request_line: format!("{} {} HTTP/1.1", exchange.method, exchange.path),
            request_headers: exchange.request_headers,
            status: exchange.status,
            answer_headers: exchange.response_headers,
            events,
        })
    }

    async fn records(&self, of: RecordsOf) -> Result<Vec<Record>, ConsoleError> {
        let lab = self.expect_state().await?;
        Ok(self.site.store.records(&lab.id, of).await?)
    }

    async fn run(&self, step: Option<StepId>, line: String) -> Result<TerminalEntry, ConsoleError> {
        self.to_its_end(move |site, lab| async move { instance::run(&site, lab, step, line).await }).await
    }

    async fn terminal(&self) -> Result<Vec<TerminalEntry>, ConsoleError> {
        let lab = self.expect_state().await?;
        Ok(self.site.store.terminal(&lab.id, lab.cleared_before).await?)
    }

    async fn suggested_commands(&self, step: StepId) -> Result<Vec<String>, ConsoleError> {
        Ok(commands::suggested(&self.expect_state().await?, step))
    }

    async fn solution(&self, step: StepId) -> Result<Solution, ConsoleError> {
        let lab = self.expect_state().await?;
        solve::solution(&self.site, &lab, step).await
    }

    async fn solve(&self, step: StepId, correct: Option<ListingId>) -> Result<(), ConsoleError> {
        self.to_its_end(move |site, lab| async move { solve::solve(&site, lab, step, correct).await }).await
    }

    async fn undoing(&self, step: StepId) -> Result<Undoing, ConsoleError> {
        // Nothing changes what is being listed meanwhile.
        let (lab, _guard) = self.locked().await?;
        undo::undoing(&self.site, &lab, step).await
    }

    async fn undo(&self, step: StepId) -> Result<(), ConsoleError> {
        self.to_its_end(move |site, lab| async move { undo::undo(&site, lab, step).await }).await
    }

    async fn skip(&self, step: StepId, skipped: bool) -> Result<(), ConsoleError> {
        let (mut lab, _guard) = self.locked().await?;
        match skipped {
            true => lab.marks.insert(steps::skip_mark(step)),
            false => lab.marks.remove(&steps::skip_mark(step)),
        };
        Ok(self.site.store.save_lab(&lab).await?)
    }

    async fn spell(&self, listing: ListingId, spelling: Listings) -> Result<(), ConsoleError> {
        let (mut lab, _guard) = self.locked().await?;
        lab.spellings.insert(listing.name().into(), spelling);
        self.site.store.save_lab(&lab).await?;
        let form = match listing {
            ListingId::BucketPolicy => "put-bucket-policy".into(),
            listing => Action::listing_form_id("create", listing),
        };
        Ok(self.site.store.drop_draft(&lab.id, &form).await?)
    }

    async fn inventory(&self) -> Result<Vec<Removal>, ConsoleError> {
        let lab = self.expect_state().await?;
        inventory::inventory(&self.site, &lab).await
    }

    async fn remove_lab(&self) -> Result<(), ConsoleError> {
        let id = layer::lab(&self.session).await?.ok_or(ConsoleError::NoLab)?;
        layer::leave_lab(&self.session).await?;
        self.site.forget(id).await;
        Ok(())
    }

    async fn completion(&self) -> Result<Completion, ConsoleError> {
        let lab = self.expect_state().await?;
        let files = self.site.store.files(&lab.id).await?;
        Ok(Completion { words: completion::words(), names: completion::names(&lab, &files) })
    }

    async fn files(&self) -> Result<Vec<InstanceFile>, ConsoleError> {
        instance::folder::list(&self.site, &self.expect_state().await?).await
    }

    async fn remove_file(&self, name: String) -> Result<(), ConsoleError> {
        let (lab, _guard) = self.locked().await?;
        instance::folder::remove(&self.site, &lab, &name).await
    }

    async fn delete_own_key(&self) -> Result<Vec<i64>, ConsoleError> {
        self.to_its_end(move |site, lab| async move { own_terminal::delete(&site, lab).await }).await
    }

    async fn upload(&self, name: String, bytes: Vec<u8>) -> Result<(), ConsoleError> {
        let (lab, _guard) = self.locked().await?;
        let problem = if lab.instance_id.is_none() {
            Some("Launch the instance first: there is nothing to put a file on yet.".to_owned())
        } else if !files::is_name(&name) {
            Some("Choose a file whose name can be shown and has no slash.".to_owned())
        } else if bytes.len() > files::MAX_FILE {
            Some(format!("{name} is too large: a file on the instance has at most 8 MiB."))
        } else {
            instance::room_for(&self.site, &lab, &name).await?
        };
        let Some(message) = problem else {
            self.site.store.put_file(&lab.id, &name, &bytes, self.site.now()).await?;
            return Ok(self.site.store.drop_draft(&lab.id, RUN_FORM).await?);
        };
        let draft = Draft { values: Vec::new(), problem: Some(("file".into(), message.clone())) };
        self.site.store.keep_draft(&lab.id, RUN_FORM, &draft).await?;
        Err(ConsoleError::Invalid { field: "file".into(), message })
    }
}

#[async_trait]
impl Scenarios for SessionConsole {
    async fn scenario(&self, id: ScenarioId) -> Result<Scenario, ConsoleError> {
        scenario::view(&self.site, &self.expect_state().await?, id).await
    }

    async fn play(
        &self,
        id: ScenarioId,
        number: usize,
        document: Option<String>,
    ) -> Result<Vec<i64>, ConsoleError> {
        self.to_its_end(move |site, lab| async move {
            scenario::play(&site, lab, id, number, document).await.map(|(_, records, _)| records)
        })
        .await
    }

    async fn play_rest(&self, id: ScenarioId) -> Result<Option<usize>, ConsoleError> {
        self.to_its_end(move |site, lab| async move { scenario::play_rest(&site, lab, id).await }).await
    }

    async fn mend(&self, id: ScenarioId) -> Result<(), ConsoleError> {
        self.to_its_end(move |site, lab| async move { scenario::mend(&site, lab, id).await }).await
    }

    async fn check(&self, step: StepId) -> Result<(), ConsoleError> {
        self.to_its_end(move |site, lab| async move { scenario::check(&site, lab, step).await }).await
    }

    async fn checked(&self, step: StepId) -> Result<Option<Vec<Probed>>, ConsoleError> {
        Ok(self.expect_state().await?.beyond.checks.get(&step).cloned())
    }

    async fn costs(&self) -> Result<Costs, ConsoleError> {
        scenario::costs(&self.site, &self.expect_state().await?).await
    }
}
