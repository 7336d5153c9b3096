//! Named choices for the points that nobody knows for certain, `aws-semantics.md` §10 above all, so that a recording of AWS can
//! settle each.
//!
//! Points of that list without a switch have no choice here: 3 is the AWS console's; of 9 there is no ARN that an inline policy
//! could be named by; of 12 no bucket-level key is kept, so KMS is asked for every object and nothing lags, and the default
//! of new buckets is the console's; of 13 a policy holds the id of a deleted principal from then on, so there is no ARN left to
//! show.

use std::fmt::Write as _;

/// One switch, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// As `--fidelity NAME=VALUE` takes it.
    pub name: &'static str,
    /// What it means, beginning with its number in `aws-semantics.md` §10.
    pub about: String,
    /// What its value looks like.
    pub form: &'static str,
    /// The recommended value.
    pub default: String,
}

/// Why a switch was not set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwitchError {
    /// It is not of the form `NAME=VALUE`.
    #[error("`{0}` is not of the form NAME=VALUE")]
    Form(String),
    /// There is none of that name.
    #[error("there is no switch `{name}`; there are:\n{list}", list = Fidelity::list())]
    Unknown {
        /// As given.
        name: String,
    },
    /// It cannot have that value.
    #[error("`{name}` is {form}, not `{value}`")]
    Value {
        /// The switch.
        name: &'static str,
        /// What its value looks like.
        form: &'static str,
        /// As given.
        value: String,
    },
}

/// What a switch can be.
trait Value: Copy + ToString {
    const FORM: &'static str;
    fn read(text: &str) -> Option<Self>;
}

impl Value for bool {
    const FORM: &'static str = "true or false";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// Seconds.
impl Value for i64 {
    const FORM: &'static str = "a number of seconds from 0 to 43200";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|seconds| (0..=43_200).contains(seconds))
    }
}

macro_rules! switches {
    ($($(#[doc = $about:literal])+ $name:ident: $type:ty = $default:expr;)*) => {
        /// One switch a point; the defaults are the recommended behaviour.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Fidelity {
            $($(#[doc = $about])+ pub $name: $type,)*
        }

        impl Default for Fidelity {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Fidelity {
            /// Every switch, in the order of its number.
            pub fn switches() -> Vec<Switch> {
                vec![$(Switch {
                    name: stringify!($name),
                    about: [$($about.trim()),+].join(" "),
                    form: <$type as Value>::FORM,
                    default: <$type as ToString>::to_string(&$default),
                },)*]
            }

            /// Sets one switch by `NAME=VALUE`.
            ///
            /// # Errors
            /// What is wrong with it; for a name that there is not, with the list of all.
            pub fn set(&mut self, text: &str) -> Result<(), SwitchError> {
                let (name, value) = text.split_once('=').ok_or_else(|| SwitchError::Form(text.to_owned()))?;
                match name {
                    $(stringify!($name) => self.$name = Value::read(value).ok_or_else(|| SwitchError::Value {
                        name: stringify!($name),
                        form: <$type as Value>::FORM,
                        value: value.to_owned(),
                    })?,)*
                    _ => return Err(SwitchError::Unknown { name: name.to_owned() }),
                }
                Ok(())
            }
        }
    };
}

switches! {
    /// §10.1: a KMS denial under a key policy that delegates to IAM blames the identity policies. Off: the key policy.
    delegated_denial_blames_identity: bool = true;
    /// §10.2: IAM takes a policy whose `Resource` begins with white space, and it matches nothing. Off: it refuses it, since it
    /// is not in ARN format.
    resource_may_begin_with_blank: bool = true;
    /// §10.4: a bare key id fills the condition key with the caller's key ARN, so that it satisfies Listing 4. Off: it is
    /// compared as given.
    bare_key_id_expands: bool = true;
    /// §10.4: an alias fills the condition key with the ARN of its key. Off (recommended): compared as given, so denied.
    alias_expands: bool = false;
    /// §10.5: a bucket's default KMS key fills the key-id condition key of an upload without headers.
    default_key_fills_condition: bool = true;
    /// §10.6: `aws:kms` without a key id means the bucket's default KMS key first. Off: always `aws/s3`.
    default_key_before_aws_managed: bool = true;
    /// §10.7: KMS calls a key ARN without a region an `Invalid arn` and names its region, which is nothing. Off: an
    /// `Invalid keyId`, and names it whole.
    arn_without_region_is_invalid_arn: bool = true;
    /// §10.8: policies are asked before it is told whether a key exists, and S3 asks the bucket policy before it looks at an
    /// upload's key. Off: a key that does not exist is told first.
    authorization_before_key_lookup: bool = true;
    /// §10.10: where an identity policy and a resource policy both deny explicitly, the identity policy is named. Off: the
    /// resource policy.
    identity_named_before_resource: bool = true;
    /// §10.11: parts of an upload are judged by the encryption settings of their upload. Off: by their own headers, which name
    /// none, so that Listing 4 denies them.
    parts_have_settings_of_upload: bool = true;
    /// §10.14: KMS's denial of an action without a resource says `on resource: *`. Off: nothing of a resource.
    kms_denials_name_star: bool = true;
    /// §10.15: lifetime of instance credentials in seconds.
    instance_credential_seconds: i64 = 6 * 60 * 60;
    /// §10.16: quotes in the messages of S3's XML are written `&quot;`. Off: as they are.
    s3_escapes_quotes: bool = true;
    /// New buckets refuse writes that bring a customer's key (SSE-C), as in all but two regions of AWS since April 2026 (S3 User
    /// Guide, `default-s3-c-encryption-setting-faq`). Off: as before, and as still in Bahrain and the UAE.
    customer_keys_blocked_in_new_buckets: bool = true;
    /// An upload that was completed completes again with the same parts, as long as the object they became is there. Off: its id
    /// is not known any more, `NoSuchUpload`.
    uploads_complete_again: bool = true;
    /// `LookupEvents` with several attributes goes by the first and says nothing, as has been seen on AWS. Off: it is refused,
    /// as the CloudTrail API Reference has it, which allows one.
    lookup_by_first_attribute_only: bool = false;
    /// Uses of an access key within so many seconds of the one on record leave it as it is: IAM documents that the credential
    /// report has the first use of a 15-minute span, and nothing of the kind for `GetAccessKeyLastUsed`, which shows the same
    /// record here. 0: every use counts.
    access_key_use_span_seconds: i64 = 15 * 60;
    /// For how many seconds a credential report is not made anew, whatever happens in the account: IAM makes one every four
    /// hours at most (IAM API reference, `GenerateCredentialReport`). 0: each time that one is asked for.
    credential_report_seconds: i64 = 4 * 60 * 60;
    /// Whether the metadata service of an instance requires a session token (`HttpTokens`) when its launch does not say. On EC2
    /// the image and the account's defaults decide; images such as Amazon Linux 2023 require it.
    metadata_tokens_required: bool = true;
}

impl Fidelity {
    /// All switches with their meaning, one a paragraph, for a terminal.
    pub fn list() -> String {
        let mut list = String::new();
        for Switch { name, about, form, default } in Self::switches() {
            // INVARIANT: writing to a string does not fail.
            let _ = writeln!(list, "  {name}={default}  ({form})\n      {about}");
        }
        list
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/fidelity.md");

    /// The page that `docs/fidelity.md` must be; with `UPDATE_GOLDEN=1` in the environment the test writes it.
    #[test]
    fn the_page_of_switches_is_what_there_is() {
        let mut page = String::from(
            "# Where AWS's behaviour is not known for certain\n\n\
             AWS's documentation leaves some points open. For each the embedded AWS does what is most likely, and has a switch\n\
             for the other answer: `trilock sandbox --fidelity NAME=VALUE`, as often as needed, and the same for `trilock serve`.\n\
             A recording of AWS that settles one is welcome: see [CONTRIBUTING.md](../CONTRIBUTING.md). The numbers are those of\n\
             the specification's list of open points. A test writes this page: `UPDATE_GOLDEN=1 cargo test -p sandbox --lib`.\n\n\
             | switch | default | what it means |\n|---|---|---|\n",
        );
        for Switch { name, about, default, .. } in Fidelity::switches() {
            writeln!(page, "| `{name}` | `{default}` | {} |", about.replace('|', "\\|")).unwrap();
        }
        page.push_str(
            "\n## Open points without a switch\n\n\
             - §10.3, whether a finding of Access Analyzer blocks the AWS console: there is no console of AWS here.\n\
             - §10.9, the ARN that a denial by an inline policy would name: an inline policy has none.\n\
             - §10.12, how long a Bucket Key outlives a revoked permission: KMS is asked for every object, so nothing lags. What the\n\
             \x20 AWS console sets on new buckets is the console's.\n\
             - §10.13, how a key policy shows a deleted principal: by its unique id, as IAM documents it for resource policies; the\n\
             \x20 policy holds that id from then on, so there is no ARN left to show.\n",
        );
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(PAGE, &page).unwrap();
        }
        assert!(
            std::fs::read_to_string(PAGE).is_ok_and(|written| written == page),
            "docs/fidelity.md is out of date: it says how to write it"
        );
    }

    #[test]
    fn every_switch_can_be_set_to_something_else_by_its_name() {
        let mut fidelity = Fidelity::default();
        for Switch { name, default, .. } in Fidelity::switches() {
            let other = match default.as_str() {
                "true" => "false",
                "false" => "true",
                _ => "901",
            };
            let before = fidelity;
            fidelity.set(&format!("{name}={other}")).unwrap();
            assert_ne!(fidelity, before, "{name}");
            fidelity.set(&format!("{name}={default}")).unwrap();
            assert_eq!(fidelity, before, "{name}");
        }
        assert_eq!(fidelity, Fidelity::default());
    }

    #[test]
    fn what_is_wrong_with_a_switch_is_told() {
        let refused = |text: &str| Fidelity::default().set(text).unwrap_err().to_string();
        assert_eq!(refused("alias_expands"), "`alias_expands` is not of the form NAME=VALUE");
        assert_eq!(refused("alias_expands=maybe"), "`alias_expands` is true or false, not `maybe`");
        let seconds = "`instance_credential_seconds` is a number of seconds from 0 to 43200, not `-1`";
        assert_eq!(refused("instance_credential_seconds=-1"), seconds);
        let unknown = refused("aliases=true");
        assert!(unknown.starts_with("there is no switch `aliases`; there are:\n"), "{unknown}");
        for Switch { name, about, .. } in Fidelity::switches() {
            assert!(unknown.contains(name) && unknown.contains(&about), "{name}");
        }
    }
}
