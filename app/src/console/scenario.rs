//! Scenarios: short plays on the lab that was built, each a list of moves by one persona or another, and the checks of steps.
//!
//! A move says who makes which calls and how they should come out; the server makes them for real and keeps what came of them.

use super::{Lane, Persona, Record, StepId};
use policy::{LaneVerdict, Outcome};
use serde::{Deserialize, Serialize};

/// What a scenario is for: its place in the list beside the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The set-up done another way.
    Variation,
    /// What a defect of a printed listing, or of a sentence, costs.
    Exploit,
    /// One team errs: which locks still hold?
    Drill,
}

/// The scenarios, in the order of their lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScenarioId {
    /// The key belongs to another account.
    KeyOfAnotherAccount,
    /// A Lambda function with the role's policy.
    AnotherService,
    /// One role may encrypt only, another decrypt only.
    EncryptOnlyDecryptOnly,
    /// The bucket's default encryption in place of the bucket policy.
    DefaultEncryption,
    /// What was stored before the bucket policy stays as it is.
    NotRetroactive,
    /// Listing 1 as printed: the bucket's administrator deletes an object.
    BucketAdminDeletes,
    /// Listing 2 with only the space removed: the key's administrator makes data keys.
    KeyAdminMakesDataKeys,
    /// After test 4, the administrator of the account still reads.
    AdminStillReads,
    /// IAM alone undoes test 4.
    IamAloneUndoes,
    /// The mend: the root statement allows management only.
    RootStatementNarrowed,
    /// The bucket policy opened to all.
    BucketOpened,
    /// An IAM policy that is too wide.
    IamTooWide,
    /// A key user added by mistake.
    KeyUserAdded,
    /// Two teams err at once.
    TwoAtOnce,
}

impl ScenarioId {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::KeyOfAnotherAccount,
        Self::AnotherService,
        Self::EncryptOnlyDecryptOnly,
        Self::DefaultEncryption,
        Self::NotRetroactive,
        Self::BucketAdminDeletes,
        Self::KeyAdminMakesDataKeys,
        Self::AdminStillReads,
        Self::IamAloneUndoes,
        Self::RootStatementNarrowed,
        Self::BucketOpened,
        Self::IamTooWide,
        Self::KeyUserAdded,
        Self::TwoAtOnce,
    ];

    /// Its part of the address.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::KeyOfAnotherAccount => "key-of-another-account",
            Self::AnotherService => "another-service",
            Self::EncryptOnlyDecryptOnly => "encrypt-only-decrypt-only",
            Self::DefaultEncryption => "default-encryption",
            Self::NotRetroactive => "not-retroactive",
            Self::BucketAdminDeletes => "bucket-admin-deletes",
            Self::KeyAdminMakesDataKeys => "key-admin-makes-data-keys",
            Self::AdminStillReads => "admin-still-reads",
            Self::IamAloneUndoes => "iam-alone-undoes",
            Self::RootStatementNarrowed => "root-statement-narrowed",
            Self::BucketOpened => "bucket-opened",
            Self::IamTooWide => "iam-too-wide",
            Self::KeyUserAdded => "key-user-added",
            Self::TwoAtOnce => "two-at-once",
        }
    }

    /// The scenario of that slug; `None` if there is none.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.slug() == slug)
    }

    /// What it is for.
    pub const fn group(self) -> Group {
        match self {
            Self::KeyOfAnotherAccount
            | Self::AnotherService
            | Self::EncryptOnlyDecryptOnly
            | Self::DefaultEncryption
            | Self::NotRetroactive => Group::Variation,
            Self::BucketAdminDeletes
            | Self::KeyAdminMakesDataKeys
            | Self::AdminStillReads
            | Self::IamAloneUndoes
            | Self::RootStatementNarrowed => Group::Exploit,
            Self::BucketOpened | Self::IamTooWide | Self::KeyUserAdded | Self::TwoAtOnce => Group::Drill,
        }
    }

    /// Its page.
    pub fn path(self) -> String {
        match self.group() {
            Group::Drill => format!("/drills/{}", self.slug()),
            Group::Variation | Group::Exploit => format!("/more/{}", self.slug()),
        }
    }

    /// What pages call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::KeyOfAnotherAccount => "The key of another account",
            Self::AnotherService => "Another service",
            Self::EncryptOnlyDecryptOnly => "Encrypt only, decrypt only",
            Self::DefaultEncryption => "Default encryption",
            Self::NotRetroactive => "Not retroactive",
            Self::BucketAdminDeletes => "The bucket’s administrator deletes",
            Self::KeyAdminMakesDataKeys => "The key’s administrator makes data keys",
            Self::AdminStillReads => "Admin still reads after test 4",
            Self::IamAloneUndoes => "IAM alone undoes test 4",
            Self::RootStatementNarrowed => "The root statement narrowed",
            Self::BucketOpened => "Bucket policy opened to all",
            Self::IamTooWide => "IAM policy too wide",
            Self::KeyUserAdded => "Key user added by mistake",
            Self::TwoAtOnce => "Two at once",
        }
    }
}

/// Where a call was made, other than in a step of the walk: such calls never make a step done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// A move of a scenario, or putting things back after it.
    Scenario(ScenarioId),
    /// A check of a step's work.
    Check(StepId),
}

impl Occasion {
    /// The page it was made on.
    pub fn path(self) -> String {
        match self {
            Self::Scenario(id) => id.path(),
            Self::Check(step) => format!("/steps/{}", step.slug()),
        }
    }

    /// What it is called in a list of calls.
    pub fn title(self) -> String {
        match self {
            Self::Scenario(id) => id.title().into(),
            Self::Check(step) => format!("Check of {}", step.label()),
        }
    }
}

/// How a call should come out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expected {
    /// It works; where a lane is named, by that lane's Allow.
    Works(Option<Lane>),
    /// A policy refuses it, and this is the lane that decides.
    Refused(Lane),
    /// AWS refuses it with this code, and no policy is the cause.
    Error(String),
}

/// A scenario as its page shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Which one.
    pub id: ScenarioId,
    /// The steps it builds on that are not done.
    pub missing: Vec<StepId>,
    /// Whether authorized-users is no key user now, which every scenario begins with.
    pub without_key_user: bool,
    /// Another scenario whose changes have not been put back: two at a time would not know whose change is whose.
    pub other: Option<ScenarioId>,
    /// Whether it has changed something that was not put back yet.
    pub open: bool,
    /// Whether all that its moves changed was put back: what came of them is of a round that is over, and the next move begins anew.
    pub put_back: bool,
    /// Its moves, in order.
    pub moves: Vec<Move>,
    /// What putting things back will do, one phrase each.
    pub undo: Vec<String>,
    /// The calls that put things back.
    pub mended: Vec<Record>,
    /// What could not be put back.
    pub unmended: Vec<String>,
}

impl Scenario {
    /// Whether its moves can be made now.
    pub fn is_ready(&self) -> bool {
        self.missing.is_empty() && self.other.is_none() && (self.open || !self.without_key_user)
    }

    /// Whether every move was made and came out as expected.
    pub fn is_complete(&self) -> bool {
        self.moves.iter().all(|one| one.made.as_ref().is_some_and(|made| made.as_expected))
    }
}

/// One move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Move {
    /// 1, 2, 3…
    pub number: usize,
    /// Who makes its calls, whoever the session acts as.
    pub by: Persona,
    /// What it is, in a few words.
    pub title: String,
    /// The API operations it calls, for example `s3:PutBucketPolicy`, and how each should come out.
    pub calls: Vec<(String, Expected)>,
    /// Why to do it.
    pub why: String,
    /// What to notice once it is done.
    pub notice: String,
    /// What it puts, editable: a label and a policy document.
    pub document: Option<(String, String)>,
    /// What is wrong with what was typed.
    pub problem: Option<String>,
    /// What came of it, once made.
    pub made: Option<Made>,
}

/// What came of a move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// Its calls.
    pub records: Vec<Record>,
    /// Whether it came out as it should.
    pub as_expected: bool,
    /// What is missing, and what to do about it; empty when it came out as it should.
    pub missing: String,
}

/// One thing that a check of a step tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probed {
    /// What should be so, as a sentence.
    pub claim: String,
    /// Whether it is so.
    pub holds: bool,
    /// Whether it could not be tried, for want of what it is about or of whoever is to try. It then neither holds nor fails.
    #[serde(default)]
    pub untried: bool,
    /// What is missing and what to do; empty when it holds.
    pub missing: String,
    /// The calls that showed it, by [`Record::id`].
    pub records: Vec<i64>,
}

/// What one lock said to an attempt on the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// It would stop the attempt.
    Holds,
    /// It lets the attempt pass.
    Open,
    /// It does not allow the attempt, but need not: the bucket policy's own Allow is enough within an account.
    PassedOver,
    /// It says neither yes nor no, and so stops nothing.
    Silent,
    /// The attempt never got to it, and there it would have been stopped.
    WouldHold,
    /// The attempt never got to it, and there it would have passed.
    WouldBeOpen,
    /// It has nothing to say to the attempt: nothing of it was asked.
    NotAsked,
}

impl Lock {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Open => "open",
            Self::PassedOver => "passed over",
            Self::Silent => "silent",
            Self::WouldHold | Self::WouldBeOpen | Self::NotAsked => "not asked",
        }
    }

    /// What it would have said, where the attempt never got to it.
    pub const fn would(self) -> Option<&'static str> {
        match self {
            Self::WouldHold => Some("would hold"),
            Self::WouldBeOpen => Some("would be open"),
            _ => None,
        }
    }

    /// The same lock as an attempt meets it that got to it, or did not.
    const fn met(self, reached: bool) -> Self {
        match self {
            _ if reached => self,
            Self::Holds => Self::WouldHold,
            Self::Open => Self::WouldBeOpen,
            _ => Self::NotAsked,
        }
    }
}

/// An attempt on the data, and what each of the three locks said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Who tried.
    pub by: Persona,
    /// `read` or `write`.
    pub what: &'static str,
    /// The three locks, in the order of the lanes.
    pub locks: [(Lane, Lock); 3],
    /// Whether it went through.
    pub through: bool,
    /// The call.
    pub record: i64,
}

impl Attempt {
    /// What a call says about the locks; `None` for a call that neither reads nor writes an object.
    ///
    /// Each lock is told on its own. Of one that AWS did not get as far as asking it is said what it would have come to: its check
    /// was evaluated all the same.
    pub fn of(record: &Record) -> Option<Self> {
        let (what, action) = match record.operation.as_str() {
            "GetObject" => ("read", "s3:GetObject"),
            "PutObject" => ("write", "s3:PutObject"),
            _ => return None,
        };
        let check = record.verdict.checks.iter().find(|check| check.action == action)?;
        let said = |lane| check.lanes.iter().find(|said| said.lane == lane).map(|said| said.verdict);
        let allowed = check.outcome == Outcome::Allowed;
        let iam = match said(Lane::Iam) {
            // Whoever has no account has no IAM policies.
            Some(LaneVerdict::NotConsulted) | None => Lock::NotAsked,
            Some(LaneVerdict::Allows) => Lock::Open,
            Some(LaneVerdict::Silent) if allowed => Lock::PassedOver,
            _ => Lock::Holds,
        };
        let bucket = match said(Lane::Bucket) {
            Some(LaneVerdict::NotConsulted) | None => Lock::NotAsked,
            Some(LaneVerdict::Allows) => Lock::Open,
            Some(LaneVerdict::Denies) => Lock::Holds,
            _ => Lock::Silent,
        };
        let of_key = record.verdict.checks.iter().find(|check| check.action.starts_with("kms:"));
        let key = of_key.map_or(Lock::NotAsked, |check| {
            let lock = if check.outcome == Outcome::Allowed { Lock::Open } else { Lock::Holds };
            lock.met(check.reached)
        });
        Some(Self {
            by: record.persona,
            what,
            locks: [
                (Lane::Iam, iam.met(check.reached)),
                (Lane::Bucket, bucket.met(check.reached)),
                (Lane::Key, key),
            ],
            through: record.answer.succeeded(),
            record: record.id,
        })
    }
}

/// What the keys of this lab have been asked so far, for the page about cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    /// Customer managed keys that calls of this lab made and that are still there.
    pub keys: u32,
    /// Requests that S3 made at KMS for an upload or a download, by KMS operation.
    pub through_s3: Vec<(String, u32)>,
    /// Requests made at KMS directly, by operation.
    pub direct: Vec<(String, u32)>,
    /// Uploads and downloads under SSE-KMS that reached KMS.
    pub transfers: u32,
}

/// The server's side of scenarios and checks, for the session of one request.
#[cfg(feature = "ssr")]
#[async_trait::async_trait]
pub trait Scenarios: Send + Sync {
    /// A scenario with what was done in it.
    async fn scenario(&self, id: ScenarioId) -> Result<Scenario, super::ConsoleError>;
    /// Makes a move's calls as its persona, with `document` in place of the policy it offers. A move of a scenario that was put
    /// back begins it anew. Gives the calls.
    async fn play(
        &self,
        id: ScenarioId,
        number: usize,
        document: Option<String>,
    ) -> Result<Vec<i64>, super::ConsoleError>;
    /// Makes every move that was not made yet, in order, until one comes out otherwise. Gives the number of the last one made.
    async fn play_rest(&self, id: ScenarioId) -> Result<Option<usize>, super::ConsoleError>;
    /// Restores what the scenario changed.
    async fn mend(&self, id: ScenarioId) -> Result<(), super::ConsoleError>;
    /// Tries both sides of a step: what should work, and what should not.
    async fn check(&self, step: StepId) -> Result<(), super::ConsoleError>;
    /// What the newest check of a step found; `None` before the first.
    async fn checked(&self, step: StepId) -> Result<Option<Vec<Probed>>, super::ConsoleError>;
    /// What the keys have been asked so far.
    async fn costs(&self) -> Result<Costs, super::ConsoleError>;
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Answer, Check, CheckLane, Verdict},
        *,
    };

    /// A read that AWS answered with this status: whether it got to the bucket, what IAM and the bucket policy said, and whether it
    /// got to the key, which does not name the caller.
    fn read(status: u16, at_bucket: bool, iam: LaneVerdict, bucket: LaneVerdict, at_key: bool) -> Record {
        let lane = |lane, verdict| CheckLane { lane, verdict, statements: Vec::new(), policies: Vec::new() };
        let check = |action: &str, reached, outcome, lanes| Check {
            action: action.into(),
            resource: String::new(),
            outcome,
            decided_by: None,
            reached,
            lanes,
        };
        let denied = Outcome::ImplicitlyDenied;
        let passes = [iam, bucket].contains(&LaneVerdict::Allows);
        let outcome = if passes { Outcome::Allowed } else { denied };
        let checks = vec![
            check("s3:GetObject", at_bucket, outcome, vec![lane(Lane::Iam, iam), lane(Lane::Bucket, bucket)]),
            check("kms:Decrypt", at_key, denied, vec![lane(Lane::Key, LaneVerdict::Silent)]),
        ];
        Record {
            id: 1,
            at: 0,
            step: None,
            occasion: None,
            persona: Persona::OtherTeam,
            caller: String::new(),
            service: "s3".into(),
            operation: "GetObject".into(),
            subject: String::new(),
            answer: Answer { status, code: None, message: None, request_id: None },
            verdict: Verdict {
                checks,
                lanes: Vec::new(),
                decided_by: None,
                agrees: true,
                explanation: String::new(),
            },
        }
    }

    #[test]
    fn a_lock_holds_only_where_the_attempt_got_to_it() {
        use LaneVerdict::{Allows, NotConsulted, Silent};
        let said = |record: &Record| {
            let locks = Attempt::of(record).unwrap().locks;
            locks.map(|(_, lock)| match lock.would() {
                Some(would) => format!("{}, {would}", lock.word()),
                None => lock.word().to_owned(),
            })
        };
        let cases = [
            (read(403, true, Silent, Silent, false), ["holds", "silent", "not asked, would hold"]),
            (read(403, true, Silent, Allows, true), ["passed over", "open", "holds"]),
            // AWS found fault with the request itself: no policy was asked.
            (
                read(400, false, NotConsulted, Allows, false),
                ["not asked", "not asked, would be open", "not asked, would hold"],
            ),
        ];
        for (record, locks) in cases {
            assert_eq!(said(&record), locks);
        }
    }

    #[test]
    fn every_scenario_is_read_back_by_its_slug() {
        for id in ScenarioId::ALL {
            assert_eq!(ScenarioId::from_slug(id.slug()), Some(id));
            assert_eq!(serde_json::json!(id), id.slug());
            assert!(id.path().ends_with(id.slug()));
        }
        assert_eq!(ScenarioId::from_slug("nothing"), None);
    }
}
