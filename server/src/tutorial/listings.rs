//! The four listings, printed and corrected (`aws-semantics.md` §1).
//!
//! Printed keeps the defects: a Deny on the bucket where it needs the objects, the blank before an ARN, the action that does
//! not exist, and in Listing 4 the example key with its missing region and its 11-digit account. Bucket name and account are
//! filled in, because the tutorial tells its reader to. It tells them to put in the key's ARN too, so Listing 4 is filled in as
//! printed only where that is asked for (see [`LabState::spelling`]).

use crate::store::LabState;
use app::console::{Listing, ListingId, Listings};

/// The key the tutorial uses as its example; stands in Listing 4 until step 4 has made the real one.
const EXAMPLE_KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
/// Its ARN as printed.
const PRINTED_KEY_ARN: &str = "arn:aws:kms::11112222333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// A listing filled in for a lab.
pub fn listing(lab: &LabState, region: &str, id: ListingId, spelling: Listings) -> Listing {
    let key_arn = match spelling {
        Listings::Printed => Some(PRINTED_KEY_ARN.to_owned()),
        Listings::Corrected => lab.key_arn.clone(),
    };
    let key_arn =
        key_arn.unwrap_or_else(|| format!("arn:aws:kms:{region}:{}:key/{EXAMPLE_KEY}", lab.account_id));
    let document = template(id, spelling)
        .trim_end()
        .replace("{{bucket}}", &lab.bucket)
        .replace("{{account}}", &lab.account_id)
        .replace("{{key-arn}}", &key_arn);
    let name = match id {
        ListingId::BucketPolicy => lab.bucket.clone(),
        policy => policy.name().into(),
    };
    Listing { id, name, spelling, document }
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
        let example = listing(&lab, "eu-west-1", ListingId::BucketPolicy, Listings::Corrected).document;
        assert!(example.contains("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-"), "{example}");
        lab.key_arn = Some("arn:aws:kms:eu-west-1:111122223333:key/real".into());
        let real = listing(&lab, "eu-west-1", ListingId::BucketPolicy, Listings::Corrected);
        assert!(real.document.contains("key/real") && !real.document.contains("1234abcd"));
        let printed = listing(&lab, "eu-west-1", ListingId::BucketPolicy, Listings::Printed).document;
        assert!(printed.contains("\"arn:aws:kms::11112222333:key/1234abcd-"), "{printed}");
        assert_eq!(real.name, "demo-bucket");
    }
}
