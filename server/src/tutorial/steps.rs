//! When a step counts as done: from the forms that succeeded and from what the instance's calls came to.

use super::plan;
use crate::store::LabState;
use app::console::{ListingId, RoleName, StepId};

/// Something the instance did that a test asks for. Kept in [`LabState::marks`] beside the form ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Test 1: an upload under the lab's key succeeded.
    EncryptedUpload,
    /// Test 2: an upload without encryption was denied.
    UnencryptedUploadDenied,
    /// Test 3: a download succeeded.
    Download,
    /// Test 4: after the key user was removed, an upload under the lab's key was denied.
    UploadDeniedWithoutKey,
    /// Test 4: after the key user was removed, a download was denied.
    DownloadDeniedWithoutKey,
    /// Restore: after the key user was put back, an upload under the lab's key succeeded.
    UploadRestored,
    /// Restore: after the key user was put back, a download succeeded.
    DownloadRestored,
}

impl Mark {
    /// As stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EncryptedUpload => "encrypted-upload",
            Self::UnencryptedUploadDenied => "unencrypted-upload-denied",
            Self::Download => "download",
            Self::UploadDeniedWithoutKey => "upload-denied-without-key",
            Self::DownloadDeniedWithoutKey => "download-denied-without-key",
            Self::UploadRestored => "upload-restored",
            Self::DownloadRestored => "download-restored",
        }
    }

    /// Whether an upload shows it.
    pub const fn uploads(self) -> bool {
        matches!(
            self,
            Self::EncryptedUpload
                | Self::UnencryptedUploadDenied
                | Self::UploadDeniedWithoutKey
                | Self::UploadRestored
        )
    }

    /// Whether a denial shows it.
    pub const fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::UnencryptedUploadDenied | Self::UploadDeniedWithoutKey | Self::DownloadDeniedWithoutKey
        )
    }
}

const REMOVE_KEY_USER: &str = "remove-key-user";
const ADD_KEY_USER: &str = "add-key-user";

/// What an upload or download of the instance's shows. `denied` is an access denial; other errors show nothing.
pub fn marks_of_transfer(
    lab: &LabState,
    upload: Option<Encrypted>,
    denied: bool,
    succeeded: bool,
) -> Vec<Mark> {
    let removed = lab.marks.contains(REMOVE_KEY_USER);
    let present = lab.key_user_present == Some(true);
    let restored = removed && present && lab.marks.contains(ADD_KEY_USER);
    match upload {
        Some(Encrypted::UnderTheLabsKey) if succeeded && restored => {
            vec![Mark::EncryptedUpload, Mark::UploadRestored]
        }
        Some(Encrypted::UnderTheLabsKey) if succeeded => vec![Mark::EncryptedUpload],
        Some(Encrypted::UnderTheLabsKey) if denied && removed && !present => {
            vec![Mark::UploadDeniedWithoutKey]
        }
        Some(Encrypted::No) if denied => vec![Mark::UnencryptedUploadDenied],
        Some(_) => Vec::new(),
        None if succeeded && restored => vec![Mark::Download, Mark::DownloadRestored],
        None if succeeded => vec![Mark::Download],
        None if denied && removed && !present => vec![Mark::DownloadDeniedWithoutKey],
        None => Vec::new(),
    }
}

/// How an upload asked for encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encrypted {
    /// SSE-KMS with the key of step 4.
    UnderTheLabsKey,
    /// Some other way.
    Otherwise,
    /// Not at all.
    No,
}

/// Whether the key user was taken away in this lab, rather than never named.
pub fn key_user_was_removed(lab: &LabState) -> bool {
    lab.marks.contains(REMOVE_KEY_USER)
}

/// The steps that are done, in order.
pub fn done(lab: &LabState) -> Vec<StepId> {
    StepId::ALL.into_iter().filter(|step| needed(*step).iter().all(|mark| lab.marks.contains(mark))).collect()
}

/// The forms that succeeded, by form id.
pub fn done_forms(lab: &LabState) -> Vec<String> {
    lab.marks
        .iter()
        .filter(|mark| StepId::ALL.iter().any(|step| forms(*step).contains(mark)))
        .cloned()
        .collect()
}

fn needed(step: StepId) -> Vec<String> {
    let mut needed = forms(step);
    needed.retain(|form| !form.starts_with("correct-policy-"));
    needed.extend(plan::marks(step).iter().map(|mark| mark.name().to_owned()));
    needed
}

/// Everything in [`LabState::marks`] that a step leaves there.
pub fn marks_of(step: StepId) -> Vec<String> {
    let marks = plan::marks(step).iter().map(|mark| mark.name().to_owned());
    let printed = match step {
        StepId::Policies => ListingId::ALL.map(printed_mark).into(),
        _ => Vec::new(),
    };
    forms(step).into_iter().chain(marks).chain(printed).collect()
}

/// The mark of an IAM policy that was made from its listing as printed.
pub fn printed_mark(listing: ListingId) -> String {
    format!("printed-{}", listing.name())
}

/// The mark of a step that was skipped.
pub fn skip_mark(step: StepId) -> String {
    format!("skipped-{}", step.slug())
}

/// The steps that were skipped and not done since, in order.
pub fn skipped(lab: &LabState) -> Vec<StepId> {
    let done = done(lab);
    StepId::ALL
        .into_iter()
        .filter(|step| lab.marks.contains(&skip_mark(*step)) && !done.contains(step))
        .collect()
}

fn forms(step: StepId) -> Vec<String> {
    let policies = || ListingId::ALL.into_iter().filter(|listing| *listing != ListingId::BucketPolicy);
    match step {
        StepId::Policies => policies()
            .flat_map(|listing| {
                [format!("create-policy-{}", listing.name()), format!("correct-policy-{}", listing.name())]
            })
            .collect(),
        StepId::Roles => RoleName::ALL
            .into_iter()
            .flat_map(|role| {
                [format!("create-role-{}", role.name()), format!("attach-policy-{}", role.name())]
            })
            .chain(["create-instance-profile".into()])
            .collect(),
        StepId::Bucket => vec!["create-bucket".into()],
        StepId::Key => vec!["create-key".into()],
        StepId::BucketPolicy => vec!["put-bucket-policy".into()],
        StepId::Instance => vec!["launch-instance".into()],
        StepId::Test4 => vec![REMOVE_KEY_USER.into()],
        StepId::Restore => vec![ADD_KEY_USER.into()],
        StepId::Test1 | StepId::Test2 | StepId::Test3 => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Encrypted, Mark, done, done_forms, marks_of_transfer};
    use crate::store::LabState;
    use app::console::{Listings, StepId};

    fn lab(marks: &[&str], key_user_present: bool) -> LabState {
        let mut lab = LabState::new("111122223333".into(), Listings::Corrected, "b".into());
        lab.marks = marks.iter().map(|&mark| mark.to_owned()).collect();
        lab.key_user_present = Some(key_user_present);
        lab
    }

    #[test]
    fn a_step_is_done_when_all_its_forms_are() {
        let two = lab(&["create-policy-secure-bucket-admin", "create-policy-secure-key-admin"], true);
        assert_eq!(done(&two), []);
        let three = lab(
            &[
                "create-policy-secure-bucket-admin",
                "create-policy-secure-key-admin",
                "create-policy-secure-bucket-access",
                "create-bucket",
            ],
            true,
        );
        assert_eq!(done(&three), [StepId::Policies, StepId::Bucket]);
        assert_eq!(done_forms(&three).len(), 4);
    }

    #[test]
    fn what_a_transfer_shows_depends_on_the_key_user() {
        use Encrypted::{No, Otherwise, UnderTheLabsKey};
        let before = lab(&[], true);
        let removed = lab(&["remove-key-user"], false);
        let restored = lab(&["remove-key-user", "add-key-user"], true);
        /// Lab, upload (or download), whether it was denied, whether it succeeded, and the marks it leaves.
        type Case<'a> = (&'a LabState, Option<Encrypted>, bool, bool, &'a [Mark]);
        let cases: [Case<'_>; 9] = [
            (&before, Some(UnderTheLabsKey), false, true, &[Mark::EncryptedUpload]),
            (&before, Some(UnderTheLabsKey), true, false, &[]),
            (&before, Some(No), true, false, &[Mark::UnencryptedUploadDenied]),
            (&before, Some(Otherwise), true, false, &[]),
            (&before, None, false, true, &[Mark::Download]),
            (&removed, Some(UnderTheLabsKey), true, false, &[Mark::UploadDeniedWithoutKey]),
            (&removed, None, true, false, &[Mark::DownloadDeniedWithoutKey]),
            (&restored, Some(UnderTheLabsKey), false, true, &[Mark::EncryptedUpload, Mark::UploadRestored]),
            (&restored, None, false, true, &[Mark::Download, Mark::DownloadRestored]),
        ];
        for (lab, upload, denied, succeeded, expected) in cases {
            assert_eq!(
                marks_of_transfer(lab, upload, denied, succeeded),
                expected,
                "{upload:?} {denied} {:?}",
                lab.marks
            );
        }
    }
}
