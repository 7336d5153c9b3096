//! Everything a step's page shows, loaded before any of it is rendered.

use crate::{
    components::form::FormFrame,
    console::{
        Action, Console, ConsoleError, Draft, Lab, Listing, ListingId, Listings, Record, RecordsOf, RoleName,
        Solution, StepId, TerminalEntry, WorkReport, scenario::Probed,
    },
    context::expect_console,
    pages::{lab_or_none_yet, terminal_with_records},
    serverfns::instance::run,
};
use std::collections::HashMap;

/// What one step's page is made of.
#[derive(Clone, Debug)]
pub(crate) struct StepData {
    /// The session's lab.
    pub(crate) lab: Lab,
    /// The step.
    pub(crate) step: StepId,
    /// The calls made in it, oldest first.
    pub(crate) records: Vec<Record>,
    /// The listings its forms are filled with.
    pub(crate) listings: Vec<Listing>,
    /// Whether the page was asked to fill in corrected listings in a printed walk.
    pub(crate) corrected: bool,
    /// The terminal's log.
    pub(crate) entries: Vec<TerminalEntry>,
    /// The records the log refers to.
    pub(crate) entry_records: Vec<Record>,
    /// The commands the step offers.
    pub(crate) suggested: Vec<String>,
    /// What is left to do in it.
    pub(crate) solution: Solution,
    /// The calls of the lab's newest work, if it was asked for in this step.
    pub(crate) work_records: Vec<Record>,
    /// Each of the step's listings in both spellings: as printed, corrected.
    both: Vec<(ListingId, String, String)>,
    /// What the newest check of the step found.
    pub(crate) checked: Option<Vec<Probed>>,
    drafts: HashMap<String, Draft>,
}

impl StepData {
    /// Loads it. `corrected` asks for corrected listings whatever the walk's are.
    ///
    /// # Errors
    /// What the console says; [`ConsoleError::NoLab`] if there is no lab.
    pub(crate) async fn load(step: StepId, corrected: bool) -> Result<Self, ConsoleError> {
        let console = expect_console();
        let console: &dyn Console = &*console;
        let lab = lab_or_none_yet(console).await?;
        let records = console.records(RecordsOf::Step(step)).await?;
        let spelling = corrected.then_some(Listings::Corrected);
        let (mut listings, mut both) = (Vec::new(), Vec::new());
        for id in listings_of(step) {
            listings.push(console.listing(*id, spelling).await?);
            let printed = console.listing(*id, Some(Listings::Printed)).await?;
            let corrected = console.listing(*id, Some(Listings::Corrected)).await?;
            both.push((*id, printed.document, corrected.document));
        }
        let mut work_records = Vec::new();
        for id in lab.report.iter().filter(|report| report.step == step).flat_map(|report| &report.records) {
            work_records.push(console.record(*id).await?);
        }
        let mut drafts = HashMap::new();
        for form_id in form_ids(step) {
            if let Some(draft) = console.draft(&form_id).await? {
                drafts.insert(form_id, draft);
            }
        }
        let mut data = Self {
            lab,
            step,
            records,
            listings,
            corrected,
            entries: Vec::new(),
            entry_records: Vec::new(),
            suggested: Vec::new(),
            solution: console.solution(step).await?,
            work_records,
            both,
            checked: console.checked(step).await?,
            drafts,
        };
        if data.shows_terminal() {
            (data.entries, data.entry_records) = terminal_with_records(console).await?;
            data.suggested = console.suggested_commands(step).await?;
        }
        Ok(data)
    }

    /// Whether the page has the instance's terminal on it. Step 7 shows it once there is an instance.
    pub(crate) fn shows_terminal(&self) -> bool {
        match self.step {
            StepId::Test1 | StepId::Test2 | StepId::Test3 | StepId::Test4 | StepId::Restore => true,
            StepId::Instance => self.lab.instance_id.is_some(),
            StepId::Policies | StepId::Roles | StepId::Bucket | StepId::Key | StepId::BucketPolicy => false,
        }
    }

    /// What was typed into the form when it last did not succeed.
    pub(crate) fn draft(&self, form_id: &str) -> Option<Draft> {
        self.drafts.get(form_id).cloned()
    }

    /// The frame of a form with this id that posts to `action`.
    pub(crate) fn frame(&self, form_id: impl Into<String>, action: &'static str) -> FormFrame {
        let id = form_id.into();
        FormFrame {
            done: self.lab.is_form_done(&id),
            already: false,
            draft: self.draft(&id),
            acting: self.lab.acting.persona,
            step: self.step,
            action,
            id,
        }
    }

    /// Whether a listing may have been sent as printed: the walk began so, or it is so now.
    pub(crate) fn printed(&self, listing: ListingId) -> bool {
        [self.lab.listings, self.lab.spelling(listing)].contains(&Listings::Printed)
            || self.lab.printed.contains(&listing)
    }

    /// A listing of the step as printed and corrected.
    pub(crate) fn both_spellings(&self, listing: ListingId) -> Option<(String, String)> {
        let found = self.both.iter().find(|(id, ..)| *id == listing);
        found.map(|(_, printed, corrected)| (printed.clone(), corrected.clone()))
    }

    /// What the person made of a listing: the document they typed last, and whether it was sent and taken. None where it is the
    /// listing itself.
    pub(crate) fn own_words(&self, listing: &Listing) -> Option<(String, bool)> {
        let form = document_form(listing.id);
        let document = |id: &str| self.drafts.get(id)?.value("document").map(str::to_owned);
        let typed = document(&form).filter(|_| !self.corrected).map(|typed| (typed, false));
        let own = typed.or_else(|| Some((document(&Action::sent_form_id(&form))?, true)))?;
        (own.0.trim_end() != listing.document.trim_end()).then_some(own)
    }

    /// What became of the lab's newest work, if it was asked for in this step.
    pub(crate) fn report(&self) -> Option<WorkReport> {
        self.lab.report.clone().filter(|report| report.step == self.step)
    }

    /// The newest call of this operation in this step, if it failed.
    pub(crate) fn failed(&self, operation: &str) -> Option<&Record> {
        self.records
            .iter()
            .rfind(|record| record.operation == operation)
            .filter(|record| !record.answer.succeeded())
    }
}

/// The form in which a listing is sent.
fn document_form(listing: ListingId) -> String {
    match listing {
        ListingId::BucketPolicy => "put-bucket-policy".into(),
        listing => Action::listing_form_id("create", listing),
    }
}

/// The listings a step's forms are filled with.
fn listings_of(step: StepId) -> &'static [ListingId] {
    match step {
        StepId::Policies => &[ListingId::BucketAdmin, ListingId::KeyAdmin, ListingId::BucketAccess],
        StepId::BucketPolicy => &[ListingId::BucketPolicy],
        _ => &[],
    }
}

/// The forms that can stand on a step's page.
fn form_ids(step: StepId) -> Vec<String> {
    let mut ids: Vec<String> =
        listings_of(step).iter().map(|id| Action::listing_form_id("create", *id)).collect();
    match step {
        StepId::Policies => {}
        StepId::Roles => {
            for role in RoleName::ALL {
                ids.extend([Action::CreateRole { role }.form_id(), Action::AttachPolicy { role }.form_id()]);
            }
            ids.push(Action::CreateInstanceProfile.form_id());
        }
        StepId::Bucket => ids.push("create-bucket".into()),
        StepId::Key => ids.push("create-key".into()),
        StepId::BucketPolicy => ids.push("put-bucket-policy".into()),
        StepId::Instance => ids.push(Action::LaunchInstance.form_id()),
        StepId::Test1 | StepId::Test2 | StepId::Test3 => {}
        StepId::Test4 | StepId::Restore => {
            ids.extend([Action::RemoveKeyUser.form_id(), Action::AddKeyUser.form_id()]);
        }
    }
    ids.extend(listings_of(step).iter().map(|id| Action::sent_form_id(&document_form(*id))));
    ids.extend(ListingId::ALL.map(|id| Action::listing_form_id("correct", id)));
    ids.push(run::FORM_ID.into());
    ids
}
