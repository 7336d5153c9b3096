//! A console over an embedded AWS in memory or in PostgreSQL (see `place`), and the tutorial's steps as one line each.

#![allow(dead_code, clippy::unwrap_used)]

pub(crate) mod gate;
#[path = "../../sandbox/tests/support/place.rs"]
pub(crate) mod place;

use app::console::{
    Action, Console, ConsoleError, Lab, Lane, ListingId, Listings, Persona, Record, RoleName, StepId,
    TerminalEntry,
};
use place::Place;
use policy::LaneVerdict;
use sandbox::Sandbox;
use std::sync::Arc;
use tower_sessions::Session;
use trilock::{
    cloud::{Clients, embedded::Embedded},
    console::{SessionConsole, Site},
    session::{RootKey, Vault},
    store::{LabId, Store},
};

pub(crate) const PDF: &str = "KMS-Cryptographic-Details.pdf";

/// One browser with its lab.
pub(crate) struct Walk {
    pub(crate) console: SessionConsole,
    pub(crate) sandbox: Sandbox,
    pub(crate) site: Arc<Site>,
    sessions: Arc<Store>,
    /// Gone when dropped.
    pub(crate) place: Place,
}

impl Walk {
    /// A browser on a console that nobody used yet.
    pub(crate) async fn new() -> Self {
        Self::on(Place::passing().await).await
    }

    /// The same, whose embedded AWS is here.
    pub(crate) async fn on(place: Place) -> Self {
        let sandbox = Sandbox::open(place.config()).await.unwrap();
        let store = match &place {
            Place::Schema { .. } => Store::open_postgres(&place.url().parse().unwrap()).await.unwrap(),
            _ => Store::in_memory().await.unwrap(),
        };
        let target = Embedded::new(sandbox.clone(), "http://127.0.0.1:4566".into(), "us-east-1".into());
        let vault = Vault::new(store.clone(), RootKey::random().unwrap());
        let sessions = Arc::new(store.clone());
        let site = Arc::new(Site::new(store, vault, Arc::new(target)));
        let session = Session::new(None, sessions.clone(), None);
        Self { console: SessionConsole::new(site.clone(), session), sandbox, site, sessions, place }
    }

    /// Another browser on the same console.
    pub(crate) fn other_browser(&self) -> SessionConsole {
        SessionConsole::new(self.site.clone(), Session::new(None, self.sessions.clone(), None))
    }

    /// A lab that was just started.
    pub(crate) async fn started(listings: Listings) -> Self {
        let walk = Self::new().await;
        walk.console.start(listings, walk.console.suggested_bucket()).await.unwrap();
        walk
    }

    /// A lab after step 7: everything built, with the test file on the instance.
    pub(crate) async fn built() -> Self {
        Self::built_on(Place::passing().await).await
    }

    /// The same, whose embedded AWS is here.
    pub(crate) async fn built_on(place: Place) -> Self {
        Self::built_from(Listings::Corrected, place).await
    }

    /// The same, from listings of either spelling; printed, Listing 2 is corrected, as step 4 wants it.
    pub(crate) async fn built_from(listings: Listings, place: Place) -> Self {
        let walk = Self::on(place).await;
        walk.console.start(listings, walk.console.suggested_bucket()).await.unwrap();
        walk.policies().await;
        if listings == Listings::Printed {
            walk.done(StepId::Policies, Action::CorrectPolicy { listing: ListingId::KeyAdmin }).await;
        }
        walk.roles().await;
        walk.switch(Persona::SecureBucketAdmin).await;
        let bucket = walk.lab().await.bucket;
        walk.done(StepId::Bucket, Action::CreateBucket { name: bucket }).await;
        walk.switch(Persona::SecureKeyAdmin).await;
        walk.done(StepId::Key, walk.key_form()).await;
        walk.switch(Persona::SecureBucketAdmin).await;
        let document = walk.console.listing(ListingId::BucketPolicy, None).await.unwrap().document;
        walk.done(StepId::BucketPolicy, Action::PutBucketPolicy { document }).await;
        walk.switch(Persona::Admin).await;
        walk.done(StepId::Instance, Action::LaunchInstance).await;
        walk.run(StepId::Test1, &format!("curl -O 'https://d1.awsstatic.com/whitepapers/{PDF}'")).await;
        walk
    }

    /// The id of the one lab.
    pub(crate) async fn lab_id(&self) -> LabId {
        let labs = self.site.store.labs().await.unwrap();
        assert_eq!(labs.len(), 1);
        labs[0].id.clone()
    }

    pub(crate) async fn lab(&self) -> Lab {
        self.console.lab().await.unwrap().unwrap()
    }

    pub(crate) async fn policies(&self) {
        for listing in [ListingId::BucketAdmin, ListingId::KeyAdmin, ListingId::BucketAccess] {
            let form = self.console.listing(listing, None).await.unwrap();
            let action = Action::CreatePolicy { listing, name: form.name, document: form.document };
            self.done(StepId::Policies, action).await;
        }
    }

    pub(crate) async fn roles(&self) {
        for role in RoleName::ALL {
            self.done(StepId::Roles, Action::CreateRole { role }).await;
            self.done(StepId::Roles, Action::AttachPolicy { role }).await;
        }
        self.done(StepId::Roles, Action::CreateInstanceProfile).await;
    }

    pub(crate) fn key_form(&self) -> Action {
        Action::CreateKey {
            alias: "secure-demo-key".into(),
            description: "For the tutorial".into(),
            administrators: vec!["secure-key-admin".into()],
            users: vec!["authorized-users".into()],
        }
    }

    /// Acts as someone, which must work.
    pub(crate) async fn switch(&self, persona: Persona) {
        self.console.switch(persona, None).await.unwrap();
        assert_eq!(self.lab().await.acting.persona, persona);
    }

    /// Sends a form; gives the record of its last call.
    pub(crate) async fn act(&self, step: StepId, action: Action) -> Record {
        let records = self.console.act(step, action).await.unwrap();
        self.console.record(*records.last().unwrap()).await.unwrap()
    }

    /// Sends a form that must succeed, and whose verdict must agree.
    pub(crate) async fn done(&self, step: StepId, action: Action) -> Record {
        let form = action.form_id();
        let records = self.console.act(step, action).await.unwrap();
        let mut last = None;
        for id in records {
            let record = self.console.record(id).await.unwrap();
            assert!((200..300).contains(&record.answer.status), "{form}: {:#?}", record.answer);
            assert!(record.verdict.agrees, "{form}: {}", record.verdict.explanation);
            last = Some(record);
        }
        assert!(self.lab().await.done_forms.contains(&form), "{form}");
        last.unwrap()
    }

    /// Types a line on the instance.
    pub(crate) async fn run(&self, step: StepId, line: &str) -> TerminalEntry {
        self.console.run(Some(step), line.into()).await.unwrap()
    }

    /// The record of an entry's last call.
    pub(crate) async fn last_call(&self, entry: &TerminalEntry) -> Record {
        self.console.record(*entry.records.last().unwrap()).await.unwrap()
    }

    /// Clients that act as Admin, beside the console.
    pub(crate) async fn admin(&self) -> Clients {
        let id = self.lab_id().await;
        let (_, credentials) = self.site.vault.get(&id, Persona::Admin).await.unwrap().unwrap();
        Clients::new(&self.site.target, &credentials)
    }

    pub(crate) async fn upload_command(&self, key: &str) -> String {
        let lab = self.lab().await;
        let arn = lab.key_arn.unwrap();
        format!("aws s3 cp {PDF} s3://{}/{key} --sse aws:kms --sse-kms-key-id {arn}", lab.bucket)
    }

    pub(crate) async fn download_command(&self, file: &str) -> String {
        format!("aws s3 cp s3://{}/{PDF} {file}", self.lab().await.bucket)
    }
}

/// A lane's verdict over the whole call.
pub(crate) fn lane(record: &Record, lane: Lane) -> LaneVerdict {
    record.verdict.lanes.iter().find(|summary| summary.lane == lane).unwrap().verdict
}

/// Asserts outcome, lanes (IAM, bucket, key) and the deciding lane of a call.
pub(crate) fn assert_verdict(
    record: &Record,
    status: u16,
    code: Option<&str>,
    lanes: [LaneVerdict; 3],
    decided_by: Option<Lane>,
) {
    let found = [lane(record, Lane::Iam), lane(record, Lane::Bucket), lane(record, Lane::Key)];
    let verdict = &record.verdict;
    assert_eq!(record.answer.status, status, "{:?}", record.answer);
    assert_eq!(record.answer.code.as_deref(), code, "{:?}", record.answer);
    assert_eq!(found, lanes, "{}: {}", record.operation, verdict.explanation);
    assert_eq!(verdict.decided_by, decided_by, "{}: {}", record.operation, verdict.explanation);
    assert!(verdict.agrees, "{}", verdict.explanation);
}

/// The field that a form's error names.
pub(crate) fn invalid_field<T: std::fmt::Debug>(result: Result<T, ConsoleError>) -> String {
    match result.unwrap_err() {
        ConsoleError::Invalid { field, .. } => field,
        other => panic!("{other:?}"),
    }
}
