//! The four listings, printed and corrected (`aws-semantics.md` §1).
//!
//! Printed keeps the defects of structure: a Deny on the bucket where it needs the objects, the blank before an ARN, the
//! action that does not exist. It fills in bucket name, account and key ARN, because the tutorial tells its reader to;
//! for Listing 4 that means the real key ARN, not the example with its missing region and its 11-digit account, which
//! would be a typing mistake of the reader's and not a defect of the policy. The example is named among the defects.

use crate::store::LabState;
use app::console::{Listing, ListingId, Listings};

/// The key the tutorial uses as its example; stands in Listing 4 until step 4 has made the real one.
const EXAMPLE_KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

/// A listing filled in for a lab.
pub fn listing(lab: &LabState, region: &str, id: ListingId, spelling: Listings) -> Listing {
    let key_arn = lab
        .key_arn
        .clone()
        .unwrap_or_else(|| format!("arn:aws:kms:{region}:{}:key/{EXAMPLE_KEY}", lab.account_id));
    let document = template(id, spelling)
        .trim_end()
        .replace("{{bucket}}", &lab.bucket)
        .replace("{{account}}", &lab.account_id)
        .replace("{{key-arn}}", &key_arn);
    let name = match id {
        ListingId::BucketPolicy => lab.bucket.clone(),
        policy => policy.name().into(),
    };
    let defects = match spelling {
        Listings::Printed => defects(id).iter().map(|&defect| defect.to_owned()).collect(),
        Listings::Corrected => Vec::new(),
    };
    Listing { id, name, document, defects }
}

const fn template(id: ListingId, spelling: Listings) -> &'static str {
    match (id, spelling) {
        (ListingId::BucketAdmin, Listings::Printed) => include_str!("listings/bucket-admin.printed.json"),
        (ListingId::BucketAdmin, Listings::Corrected) => include_str!("listings/bucket-admin.corrected.json"),
        (ListingId::KeyAdmin, Listings::Printed) => include_str!("listings/key-admin.printed.json"),
        (ListingId::KeyAdmin, Listings::Corrected) => include_str!("listings/key-admin.corrected.json"),
        (ListingId::BucketAccess, Listings::Printed) => include_str!("listings/bucket-access.printed.json"),
        (ListingId::BucketAccess, Listings::Corrected) => {
            include_str!("listings/bucket-access.corrected.json")
        }
        (ListingId::BucketPolicy, _) => include_str!("listings/bucket-policy.json"),
    }
}

const fn defects(id: ListingId) -> &'static [&'static str] {
    match id {
        ListingId::BucketAdmin => &[
            "The Deny names the bucket itself, but its actions work on objects: it never applies, and the role keeps full \
             access to the objects. The resource must end in /*.",
            "The list of denied actions leaves out object tagging, retention, restoring and changing an object's encryption.",
        ],
        ListingId::KeyAdmin => &[
            "Both resources begin with a space. Here IAM accepts that, and such a text, being no ARN, matches no key: IAM \
             gives the role nothing in KMS. (AWS documents neither; the lab takes the likelier answer.)",
            "kms:CreateKey, kms:ListKeys and kms:ListAliases name no key, so a resource of key/* can never allow them: \
             step 4 fails even without the space.",
            "Creating an alias needs a permission on the alias as well as on the key; alias/* is missing.",
            "The Deny names kms:GenerateDataKey exactly and so leaves its three variants, such as \
             kms:GenerateDataKeyWithoutPlaintext, allowed.",
        ],
        ListingId::BucketAccess => &[
            "s3:HeadBucket is not an action. The call HeadBucket is authorized as s3:ListBucket.",
            "s3:ListBucket is missing: the bucket cannot be listed, and asking for an object that is not there gives 403 \
             instead of 404.",
        ],
        ListingId::BucketPolicy => &[
            "The example key ARN lacks its region and has an 11-digit account number. S3 accepts it unseen, and then denies \
             every upload that names the real key. Here the ARN of your own key stands in its place, as the tutorial asks.",
        ],
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::listing;
    use crate::store::LabState;
    use app::console::{ListingId, Listings};
    use serde_json::Value;

    fn lab() -> LabState {
        LabState::new("111122223333".into(), Listings::Printed, "demo-bucket".into())
    }

    #[test]
    fn every_listing_is_filled_in_and_parses() {
        let lab = lab();
        for id in ListingId::ALL {
            for spelling in [Listings::Printed, Listings::Corrected] {
                let listing = listing(&lab, "us-east-1", id, spelling);
                assert!(!listing.document.contains("{{"), "{id:?} {spelling:?}");
                assert!(serde_json::from_str::<Value>(&listing.document).is_ok(), "{id:?} {spelling:?}");
                assert_eq!(
                    listing.defects.is_empty(),
                    spelling == Listings::Corrected,
                    "{id:?} {spelling:?}"
                );
            }
        }
    }

    #[test]
    fn printed_keeps_the_defects_and_corrected_repairs_them() {
        let lab = lab();
        let text = |id, spelling| listing(&lab, "us-east-1", id, spelling).document;
        let cases = [
            (ListingId::BucketAdmin, "\"arn:aws:s3:::demo-bucket\"", "\"arn:aws:s3:::demo-bucket/*\""),
            (ListingId::KeyAdmin, "\" arn:aws:kms:*:111122223333:key/*\"", "\"kms:GenerateDataKey*\""),
            (ListingId::BucketAccess, "s3:HeadBucket", "s3:ListBucket\""),
        ];
        for (id, defect, repair) in cases {
            let (printed, corrected) = (text(id, Listings::Printed), text(id, Listings::Corrected));
            assert!(printed.contains(defect) && !corrected.contains(defect), "{id:?}");
            assert!(corrected.contains(repair) && !printed.contains(repair), "{id:?}");
        }
    }

    #[test]
    fn listing_4_names_the_labs_own_key_once_there_is_one() {
        let mut lab = lab();
        let example = listing(&lab, "eu-west-1", ListingId::BucketPolicy, Listings::Printed).document;
        assert!(example.contains("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-"), "{example}");
        lab.key_arn = Some("arn:aws:kms:eu-west-1:111122223333:key/real".into());
        let real = listing(&lab, "eu-west-1", ListingId::BucketPolicy, Listings::Printed);
        assert!(real.document.contains("key/real") && !real.document.contains("1234abcd"));
        assert_eq!(real.name, "demo-bucket");
    }
}
